/* SPDX-License-Identifier: MIT */
/*
 * What the kernel holds: taken before and after a test, it shows what the test
 * did not give back.
 */
#ifndef EXO_TESTS_HOLDINGS_H
#define EXO_TESTS_HOLDINGS_H

#include "lib/types.h"

struct holdings {
	u64 threads;
	u64 kernel_stacks;
	u64 kmem_bytes;
	u64 free_frames;
};

/* thread_count() without threads that have ended. Context: thread. */
u64 threads_settled(void);

/*
 * Waits until no more than `threads` threads are there; false if that takes
 * longer than a test may.  Context: thread.
 */
bool threads_settle(u64 threads);

/*
 * What is held now, with every cache of free things emptied.  Waits until
 * ended threads are gone, if there are more than `threads` of them.
 * Context: thread.
 */
struct holdings holdings_now(u64 threads);

#endif
