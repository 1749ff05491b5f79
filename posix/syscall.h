/* SPDX-License-Identifier: MIT */
/*
 * System calls: prototypes of all handlers, from posix/syscalls.def.  Each
 * takes the six registers of the ABI as they come and returns a result or a
 * negative errno.  Context: the calling thread, interrupts on, may sleep.
 */
#ifndef EXO_POSIX_SYSCALL_H
#define EXO_POSIX_SYSCALL_H

#include "lib/types.h"

#define SYSCALL_HANDLER(name)                                   \
	long sys_##name(u64 a maybe_unused, u64 b maybe_unused, \
			u64 c maybe_unused, u64 d maybe_unused, \
			u64 e maybe_unused, u64 f maybe_unused)

/* The same for those that copy the frame (WHOLE_FRAME in entry.asm). */
#define SYSCALL_WHOLE_HANDLER(name)                               \
	long whole_##name(u64 a maybe_unused, u64 b maybe_unused, \
			  u64 c maybe_unused, u64 d maybe_unused, \
			  u64 e maybe_unused, u64 f maybe_unused)

SYSCALL_WHOLE_HANDLER(fork);
SYSCALL_WHOLE_HANDLER(vfork);
SYSCALL_WHOLE_HANDLER(clone);

#define SYSCALL(number, name, support, ...) SYSCALL_HANDLER(name);
#include "posix/syscalls.def"
#undef SYSCALL

/*
 * Reads a struct timespec; a time that no clock reaches becomes one.
 * Errors: -EFAULT, -EINVAL.
 */
must_check int time_read(uaddr_t from, u64 *ns);

#endif
