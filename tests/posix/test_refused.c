/* SPDX-License-Identifier: MIT */
/*
 * What is refused on purpose (docs/processes.md), by the error that makes a
 * C library or a program do without.
 */
#include "lib/errno.h"
#include "posix/syscall.h"
#include "tests/ktest.h"

#define CLONE_PIDFD 0x1000u
#define NO_ADDRESS  0

/* A number that posix/syscalls.def lists. */
static bool listed(u32 wanted)
{
#define SYSCALL(number, name, support, ...) (number),
	static const u32 numbers[] = {
#include "posix/syscalls.def"
	};
#undef SYSCALL

	for (u32 i = 0; i < ARRAY_SIZE(numbers); i++) {
		if (numbers[i] == wanted) {
			return true;
		}
	}
	return false;
}

KTEST(refused_calls, "tracing, process descriptors, many futexes: no such call")
{
	/* ptrace, pidfd_send_signal, pidfd_open, pidfd_getfd, futex_waitv */
	static const u32 absent[] = { 101, 424, 434, 438, 449 };

	EXPECT(listed(202));
	for (u32 i = 0; i < ARRAY_SIZE(absent); i++) {
		EXPECT(!listed(absent[i]));
	}
}

KTEST(refused_futexes, "no priority is inherited through a futex")
{
	/* FD; LOCK, UNLOCK, TRYLOCK, WAIT_REQUEUE, CMP_REQUEUE, LOCK 2 */
	static const u32 commands[] = { 2, 6, 7, 8, 11, 12, 13 };
	static const u32 marks[] = { 0, 128, 256, 128 | 256 };

	for (u32 i = 0; i < ARRAY_SIZE(commands) * ARRAY_SIZE(marks); i++) {
		u32 op = commands[i / ARRAY_SIZE(marks)] |
			 marks[i % ARRAY_SIZE(marks)];

		EXPECT_EQ(sys_futex(NO_ADDRESS, op, 0, 0, 0, 0), -ENOSYS);
	}
}

KTEST(refused_flags,
      "neither descriptors of processes nor other kinds of memfd")
{
	/* HUGETLB, NOEXEC_SEAL, EXEC */
	static const u32 kinds[] = { 4, 8, 16 };

	EXPECT_EQ(whole_clone(CLONE_PIDFD, 0, 0, 0, 0, 0), -EINVAL);
	for (u32 i = 0; i < ARRAY_SIZE(kinds); i++) {
		EXPECT_EQ(sys_memfd_create(NO_ADDRESS, kinds[i], 0, 0, 0, 0),
			  -EINVAL);
	}
}
