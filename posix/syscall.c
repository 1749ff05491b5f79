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

/* As large as the greatest number on the list, and one. */
union syscall_numbers {
#define SYSCALL(number, name, support, ...) \
	char name##_and_before[(number) + 1];
#include "posix/syscalls.def"
#undef SYSCALL
};

#define SYSCALL_COUNT sizeof(union syscall_numbers)

/* Every number is absent first; those on the list override that. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
long (*const syscall_table[SYSCALL_COUNT])(u64, u64, u64, u64, u64, u64) = {
	[0 ... SYSCALL_COUNT - 1] = sys_absent,
#define SYSCALL(number, name, support, ...) [number] = sys_##name,
#include "posix/syscalls.def"
#undef SYSCALL
};
#pragma GCC diagnostic pop

const u64 syscall_count = SYSCALL_COUNT;

/* Linux has fewer numbers than that; greater ones are not counted. */
#define COUNTED_NUMBERS 512

static u32 absent_calls[COUNTED_NUMBERS]; /* [a] */

long syscall_absent(void)
{
	u64 number = arch_syscall_number();

	trace(TRACE_SYSCALL_ABSENT, number, 0);
	if (number < COUNTED_NUMBERS &&
	    __atomic_fetch_add(&absent_calls[number], 1, __ATOMIC_RELAXED) ==
		    0) {
		log_debug("system call %lu is absent, first asked for by %s",
			  number, process_current()->name);
	}
	return -ENOSYS;
}
