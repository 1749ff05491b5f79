/* SPDX-License-Identifier: MIT */
/*
 * Counting what the kernel holds.
 */
#include "tests/holdings.h"

#include "mm/frame.h"
#include "mm/kmem.h"
#include "sched/kstack.h"
#include "sched/sched.h"
#include "sched/thread.h"
#include "sched/worker.h"

/* Looks at threads that nobody joins and that have not ended yet. */
#define PATIENCE 20000
#define NAP_NS   500000

static void nothing(void)
{
}

/*
 * A thread that has ended is there until its processor has switched away from
 * it, and that has happened when something else ran there.
 */
u64 threads_settled(void)
{
	worker_run_everywhere(nothing);
	return thread_count();
}

bool threads_settle(u64 threads)
{
	for (unsigned i = 0; i < PATIENCE && threads_settled() > threads; i++) {
		sched_sleep_ns(NAP_NS);
	}
	return thread_count() <= threads;
}

struct holdings holdings_now(u64 threads)
{
	threads_settle(threads);
	worker_drain_memory();
	return (struct holdings){
		.threads = thread_count(),
		.kernel_stacks = kstack_in_use(),
		.kmem_bytes = kmem_held_bytes(),
		.free_frames = frame_stats().free,
	};
}
