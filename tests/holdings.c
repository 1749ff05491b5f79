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

/* A thread that has ended needs one more switch to go. */
#define PATIENCE 100000

struct holdings holdings_now(u64 threads)
{
	for (unsigned i = 0; i < PATIENCE && thread_count() > threads; i++) {
		sched_yield();
	}
	kmem_drain();
	frame_drain();
	return (struct holdings){
		.threads = thread_count(),
		.kernel_stacks = kstack_in_use(),
		.kmem_bytes = kmem_held_bytes(),
		.free_frames = frame_stats().free,
	};
}
