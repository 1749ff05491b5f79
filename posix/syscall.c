/* SPDX-License-Identifier: MIT */
/*
 * The table of system calls, and what happens to the others: ENOSYS, counted,
 * with the first caller in the log.
 */
#include "posix/syscall.h"

#include "arch/trap.h"
#include "kernel/log.h"
#include "lib/errno.h"
#include "posix/process.h"
#include "trace/trace.h"

static SYSCALL_HANDLER(absent)
{
	return syscall_absent();
}

/* Every number is absent first; those on the list override that. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
long (*const syscall_table[SYSCALL_MAX])(u64, u64, u64, u64, u64, u64) = {
	[0 ... SYSCALL_MAX - 1] = sys_absent,
#define SYSCALL(number, name, support) [number] = sys_##name,
#include "posix/syscalls.def"
#undef SYSCALL
};
#pragma GCC diagnostic pop

const u64 syscall_count = SYSCALL_MAX;

static u32 absent_calls[SYSCALL_MAX]; /* [a] */

long syscall_absent(void)
{
	u64 number = arch_syscall_number();

	trace(TRACE_SYSCALL_ABSENT, number, 0);
	if (number < SYSCALL_MAX && __atomic_fetch_add(&absent_calls[number], 1,
						       __ATOMIC_RELAXED) == 0) {
		log_debug("system call %lu is absent, first asked for by %s",
			  number, process_current()->name);
	}
	return -ENOSYS;
}
