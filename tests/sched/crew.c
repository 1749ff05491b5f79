/* SPDX-License-Identifier: MIT */
/*
 * Starting and joining the threads of a test.
 */
#include "tests/sched/crew.h"

#include "lib/assert.h"
#include "lib/errno.h"

int crew_add(struct crew *crew, void (*fn)(void *), void *arg)
{
	struct thread *thread;

	ASSERT(crew->count < CREW_MAX);
	thread = thread_create("crew", fn, arg);
	if (thread == NULL) {
		return -ENOMEM;
	}
	crew->threads[crew->count++] = thread;
	thread_start(thread);
	return 0;
}

void crew_join(struct crew *crew)
{
	while (crew->count > 0) {
		thread_join(crew->threads[--crew->count]);
	}
}
