/* SPDX-License-Identifier: MIT */
/*
 * A crew: threads of one function that a test starts and joins together.
 */
#ifndef EXO_TESTS_SCHED_CREW_H
#define EXO_TESTS_SCHED_CREW_H

#include "sched/thread.h"

#define CREW_MAX 256

struct crew {
	struct thread *threads[CREW_MAX];
	unsigned count;
};

/*
 * Starts one more thread that runs fn(arg).  Errors: -ENOMEM.
 */
must_check int crew_add(struct crew *crew, void (*fn)(void *), void *arg);

/* Waits for the end of all of them. */
void crew_join(struct crew *crew);

#endif
