/* SPDX-License-Identifier: MIT */
/*
 * Pseudo-terminals: a terminal (the slave) whose device is a program (the
 * master), which reads what is shown and types what is read.
 */
#ifndef EXO_DRIVERS_PTY_H
#define EXO_DRIVERS_PTY_H

#include "drivers/tty.h"

/* So many at once. */
#define PTY_COUNT_MAX 256u

/*
 * A new one, locked, with the master's reference.  Errors: -ENOSPC, -ENOMEM.
 * Context: thread.
 */
must_check int pty_create(struct tty **out);

u32 pty_number(const struct tty *tty);

/*
 * The slave of that number with a reference.  Errors: -ENXIO; -EIO: it is
 * locked, or has no master any more.
 */
must_check int pty_find_slave(u32 number, struct tty **out);

/* The master's side. Context: thread. Errors: -EAGAIN, -ERESTART, -EIO. */
long pty_read(struct tty *tty, u8 *buf, size_t len_bytes, bool nonblock);
long pty_write(struct tty *tty, const u8 *buf, size_t len_bytes, bool nonblock);
u32 pty_poll(struct tty *tty, struct poller *poller);
long pty_ioctl(struct tty *tty, u64 request, uaddr_t arg);

/* The slave hangs up; drops the reference. */
void pty_close(struct tty *tty);

#endif
