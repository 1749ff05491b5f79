/* SPDX-License-Identifier: MIT */
/*
 * Terminals: a device that shows bytes, the line discipline, who reads and
 * writes, and the session and process group that it belongs to.
 *
 * One lock guards a terminal: that of its wait queue.  Readers, and writers of
 * a stopped terminal, sleep there.  Bytes are typed in interrupt handlers;
 * signals are sent, and pollers woken, when the lock is free again.
 */
#ifndef EXO_DRIVERS_TTY_H
#define EXO_DRIVERS_TTY_H

#include "drivers/ldisc.h"
#include "kernel/waitq.h"
#include "lib/types.h"
#include "sched/poll.h"

struct tty;

struct tty_ops {
	/* Shows bytes as they stand. Context: any, the terminal's lock held. */
	void (*show)(struct tty *tty, const u8 *bytes, size_t len_bytes);
	/* Something was written. Context: thread, no lock. */
	void (*written)(struct tty *tty);
	/* Bytes shown that are still on their way; NULL: none. */
	size_t (*unsent)(void);
	/* There is room again for typed bytes. Context: thread, no lock. */
	void (*resume)(struct tty *tty);
	/* How many bytes can be written; NULL: any. [q] */
	size_t (*room)(const struct tty *tty);
	/*
	 * It was opened, or (false) closed; NULL: that does not matter.
	 * Context: thread, no lock.
	 */
	void (*opened)(struct tty *tty, bool open);
	/* The last reference is gone; NULL: there always is one. */
	void (*end)(struct tty *tty);
	bool outlives; /* the end of its session does not hang it up */
};

/* Marks: [I] immutable, [q] q.lock, [t] LOCK_TTYS. */
struct tty {
	struct list link; /* [t] all terminals */
	u32 refs;         /* [t] */
	struct waitq q;
	struct pollq pollq;
	const struct tty_ops *ops;  /* [I] */
	struct ldisc ldisc;         /* [q] */
	struct tty_winsize winsize; /* [q] */
	u32 session;                /* [q] whose terminal it is, or 0 */
	u32 group;                  /* [q] the one in the foreground, or 0 */
	u32 hangups;                /* [q] so far */
	bool full;                  /* [q] the device waits for `resume` */
	bool gone; /* [q] for ever: what is opened is hung up from the start */
};

/* One opening of a terminal; a hang-up after it makes it useless. */
struct tty_opening {
	struct tty *tty;
	u32 hangups;   /* of the terminal when it was opened */
	bool nonblock; /* never sleep: -EAGAIN */
};

/* One reference, the caller's. */
void tty_init(struct tty *tty, const struct tty_ops *ops, u16 rows, u16 cols);

/* The first terminal for which fn says so, with a reference, or NULL. */
must_check struct tty *tty_find(bool (*fn)(const struct tty *tty, u32 what),
				u32 what);

void tty_put(struct tty *tty);

/*
 * How many typed bytes find room for sure; after 0, `resume` tells when there
 * is some again.  Context: as tty_input().
 */
size_t tty_room(struct tty *tty);

/*
 * Bytes typed; what finds no room is lost.  Context: interrupt handlers, no
 * lock held.
 */
void tty_input(struct tty *tty, const u8 *bytes, size_t len_bytes);

/* Takes over a reference, which tty_close() drops. Context: thread. */
struct tty_opening tty_open(struct tty *tty);
void tty_close(struct tty *tty);

/* The terminal of that session with a reference, or NULL; whether it has one.
 * Context: thread. */
must_check struct tty *tty_of_session(u32 session);
bool tty_session_has_one(u32 session);

/*
 * Bytes read or written, 0 at an end of file or after a hang-up.  Context:
 * thread.  Errors: -EAGAIN, -ERESTART, -EIO.
 */
long tty_read(const struct tty_opening *o, u8 *buf, size_t len_bytes);
long tty_write(const struct tty_opening *o, const u8 *buf, size_t len_bytes);

/* POLLIN, POLLOUT and POLLHUP as they are now, watched by `poller`. */
u32 tty_poll(const struct tty_opening *o, struct poller *poller);

/* ioctl(2). Context: thread. */
long tty_ioctl(const struct tty_opening *o, u64 request, uaddr_t arg);

/* The running process's session makes it its terminal if it has none yet. */
void tty_acquire(struct tty *tty);

/*
 * The terminal lets go of its session: signals to the foreground, and whoever
 * has it open reads ends of file.  Context: thread, no lock held.
 */
void tty_hangup(struct tty *tty);

/*
 * The session has ended: its terminal hangs up, or a pseudo-terminal lets go of
 * it.  Context: thread, no lock.
 */
void tty_session_end(u32 session);

/* ---- The console's terminal (drivers/tty_console.c) --------------------- */

/*
 * The terminal of serial port, keyboard and screen: what is typed at any of
 * the two goes in, all chosen sinks show what comes out.
 */
extern struct tty console_tty;

/*
 * Whoever uses it does so at the screen and not at the serial port: typed there
 * last.  Then the screen answers programs that ask for the cursor; else the
 * terminal at the other end of the serial line does. [a]
 */
extern bool console_at_screen;

/* After the sinks were added. Context: boot, once. */
void tty_console_init(void);

/* ---- Upward calls, defined by posix/tty_jobs.c -------------------------- */

/* The running process, as terminals see it. */
struct tty_caller {
	u32 session;
	u32 group;
	bool leads;      /* its session */
	bool privileged; /* the superuser */
};

struct tty_caller tty_caller(void);

/* Context: any, no lock of rank LOCK_PROCESSES or above held. */
void tty_signal_group(u32 group, int signal);

/*
 * The running process wants what only the foreground may: its group gets the
 * signal.  Returns -ERESTART then; 0 if it ignores or blocks the signal and
 * may go on; -EIO if it cannot be helped.  Context: thread.
 */
must_check int tty_stop_background(int signal);

/* The session of a process group, 0: there is no such group. */
u32 tty_group_session(u32 group);

#endif
