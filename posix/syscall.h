/* SPDX-License-Identifier: MIT */
/*
 * System calls: prototypes of all handlers, from posix/syscalls.def.  Each
 * takes the six registers of the ABI as they come and returns a result or a
 * negative errno.  Context: the calling thread, interrupts on, may sleep.
 */
#ifndef EXO_POSIX_SYSCALL_H
#define EXO_POSIX_SYSCALL_H

#include "arch/trap.h"
#include "lib/types.h"

#define SYSCALL_HANDLER(name)                                   \
	long sys_##name(u64 a maybe_unused, u64 b maybe_unused, \
			u64 c maybe_unused, u64 d maybe_unused, \
			u64 e maybe_unused, u64 f maybe_unused)

/* The same for those that use the frame (WHOLE_FRAME in entry.asm). */
#define SYSCALL_WHOLE_HANDLER(name)                               \
	long whole_##name(u64 a maybe_unused, u64 b maybe_unused, \
			  u64 c maybe_unused, u64 d maybe_unused, \
			  u64 e maybe_unused, u64 f maybe_unused)

SYSCALL_WHOLE_HANDLER(fork);
SYSCALL_WHOLE_HANDLER(vfork);
SYSCALL_WHOLE_HANDLER(clone);
SYSCALL_WHOLE_HANDLER(clone3);
SYSCALL_WHOLE_HANDLER(kill);
SYSCALL_WHOLE_HANDLER(rt_sigreturn);

#define SYSCALL(number, name, support, ...) SYSCALL_HANDLER(name);
#include "posix/syscalls.def"
#undef SYSCALL

#define EXO_CALL(number, name, ...) SYSCALL_HANDLER(exo_##name);
#include "posix/exo_calls.def"
#undef EXO_CALL

/* A number that programs asked for and that has no handler. */
struct absent_call {
	u32 number_1; /* the number and 1; 0: free */
	u32 count;
	char caller[16]; /* the first one's name */
};

/* So many are remembered, the first ones. */
#define SYSCALL_ABSENT_MAX 64

/* The next of them behind `*at`, which begins at 0 and moves on; or NULL. */
const struct absent_call *syscall_absent_next(unsigned *at);

/* From now on each call is shown in the log (trace=syscall) and recorded. */
void syscall_show_all(void);

/* Whether each call and its result are recorded in the trace from now on. */
void syscall_record_all(bool on);

/* Record a call; show a call and its result; posix/syscall_show.c. */
void syscall_record(u64 number, const u64 args[]);
void syscall_show(u64 number, const u64 args[]);
void syscall_show_result(u64 number, long result);

#endif
