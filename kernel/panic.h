/* SPDX-License-Identifier: MIT */
/*
 * The end.  A panic takes no lock and allocates nothing: it tells the reason,
 * registers, thread, backtrace, held locks and the last events on every
 * console, then does what panic= says.
 */
#ifndef EXO_KERNEL_PANIC_H
#define EXO_KERNEL_PANIC_H

#include "lib/assert.h"
#include "lib/types.h"

enum panic_action {
	PANIC_HALT,
	PANIC_REBOOT,
	PANIC_EXIT, /* out of QEMU, with status PANIC_EXIT_CODE << 1 | 1 */
};

#define PANIC_EXIT_CODE 0x7f

/* Context: any. */
noreturn cold void panic(const char *fmt, ...) printf_like(1, 2);

/*
 * Whoever panics first waits a little until `count` processors are at it,
 * before it reports and stops the others: for crash=twice.  Context: any.
 */
void panic_expect(unsigned count);

/* Shows the calls from a frame pointer on. Context: any. */
void panic_backtrace(u64 fp);

/* panic=: "halt", "reboot" or "exit".  Errors: -EINVAL. */
must_check int panic_set_action(const char *name);

/*
 * The stack protector's value from now on.  Context: boot, from a function
 * that never returns, before there are other threads.
 */
void panic_guard_set(u64 random);

/* Does what panic= says: for endings that are not a panic, too. */
noreturn void panic_act(u8 exit_code);

/*
 * Upward call, defined by sched/: tells the running thread's number and name
 * and the bounds of its kernel stack; false before there are threads.
 */
struct panic_thread {
	u32 tid;
	const char *name;
	u64 stack_low;
	u64 stack_high;
};

bool panic_thread(struct panic_thread *out);

#endif
