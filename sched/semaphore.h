/* SPDX-License-Identifier: MIT */
/*
 * Counting semaphores, served first come, first served.
 */
#ifndef EXO_SCHED_SEMAPHORE_H
#define EXO_SCHED_SEMAPHORE_H

#include "kernel/waitq.h"

struct semaphore {
	struct waitq waitq;
	u64 count; /* [waitq] units that nobody waits for */
};

void semaphore_init(struct semaphore *s, u64 count);

/*
 * Waits for a unit until `deadline_ns` (WAITQ_FOREVER: for ever) and takes
 * it.  Context: thread.  Errors: -ETIMEDOUT.
 */
int semaphore_down(struct semaphore *s, u64 deadline_ns);

/* Adds a unit. Context: any, no lock of LOCK_WAITQ or above held. */
void semaphore_up(struct semaphore *s);

#endif
