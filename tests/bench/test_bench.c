/* SPDX-License-Identifier: MIT */
/*
 * The benchmarks as guests of the kernel: what they took, they give back.
 */
#include "kernel/checks.h"
#include "mm/frame.h"
#include "sched/kstack.h"
#include "sched/thread.h"
#include "sched/worker.h"
#include "tests/holdings.h"
#include "tests/ktest.h"

static u64 free_frames(void)
{
	worker_drain_memory();
	return frame_stats().free;
}

/* The first run leaves a kernel stack ready for the next thread. */
KTEST(bench_gives_back, "benchmarks leave no thread, stack or frame behind")
{
	u64 threads, stacks, frames;

	bench_rehearse();
	threads = threads_settled();
	stacks = kstack_in_use();
	frames = free_frames();
	bench_rehearse();
	EXPECT_EQ(thread_count(), threads);
	EXPECT_EQ(kstack_in_use(), stacks);
	EXPECT_EQ(free_frames(), frames);
}
