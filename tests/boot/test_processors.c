/* SPDX-License-Identifier: MIT */
/*
 * Processors that the firmware tells of and that are not there.
 */
#include "arch/percpu.h"
#include "boot/processors.h"
#include "lib/errno.h"
#include "sched/thread.h"
#include "tests/holdings.h"
#include "tests/ktest.h"

/* No machine of the tests has that many. */
#define NOBODYS_NUMBER 250

static unsigned absent_cpu(void)
{
	unsigned cpu = 0;

	while (cpu_present(cpu)) {
		cpu++;
	}
	return cpu;
}

KTEST(processor_silent, "one that never answers is left out and costs nothing")
{
	u64 threads = threads_settled();
	struct holdings before = holdings_now(threads);
	unsigned cpu = absent_cpu();
	struct holdings after;

	EXPECT(cpu < MAX_CPUS);
	EXPECT_EQ(processor_start(cpu, NOBODYS_NUMBER), -ETIMEDOUT);
	EXPECT(!cpu_present(cpu));
	after = holdings_now(threads);
	EXPECT_EQ(after.threads, before.threads);
	EXPECT_EQ(after.kernel_stacks, before.kernel_stacks);
	EXPECT_EQ(after.kmem_bytes, before.kmem_bytes);
	EXPECT_EQ(after.free_frames, before.free_frames);
}

KTEST(processor_unreachable, "the number that means all starts none")
{
	EXPECT_EQ(processor_start(absent_cpu(), UINT32_MAX), -ENXIO);
}
