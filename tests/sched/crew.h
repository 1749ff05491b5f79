/* SPDX-License-Identifier: MIT */
/*
 * A crew: threads of one function that a test starts and joins together.
 */
#ifndef EXO_TESTS_SCHED_CREW_H
#define EXO_TESTS_SCHED_CREW_H

#include "sched/thread.h"

#define CREW_MAX 256

struct crew {
	u64 affinity; /* of new members, 0: any processor */
	struct thread *threads[CREW_MAX];
	unsigned count;
};

/*
 * Starts one more thread that runs fn(arg).  Errors: -ENOMEM.
 */
must_check int crew_add(struct crew *crew, void (*fn)(void *), void *arg);

/*
 * Pins the running thread and new members to this processor, for tests of one
 * run queue; crew_join() ends that.
 */
void crew_pin_here(struct crew *crew);

/* How many processors run. */
u64 cpu_count(void);

/* The n-th of them, going round, as an affinity. */
u64 nth_cpu(u64 n);

/* Waits for the end of all of them. */
void crew_join(struct crew *crew);

#endif
