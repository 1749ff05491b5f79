/* SPDX-License-Identifier: MIT */
/*
 * Starting and joining the threads of a test.
 */
#include "tests/sched/crew.h"

#include "lib/assert.h"
#include "lib/errno.h"
#include "sched/runq.h"

int crew_add(struct crew *crew, void (*fn)(void *), void *arg)
{
	struct thread *thread;

	ASSERT(crew->count < CREW_MAX);
	thread = thread_create("crew", fn, arg);
	if (thread == NULL) {
		return -ENOMEM;
	}
	if (crew->affinity != 0) {
		thread->affinity = crew->affinity;
	}
	crew->threads[crew->count++] = thread;
	thread_start(thread);
	return 0;
}

void crew_pin_here(struct crew *crew)
{
	WITH_PREEMPT_OFF () {
		crew->affinity = 1ull << cpu_id();
		current_thread()->affinity = crew->affinity;
	}
}

u64 cpu_count(void)
{
	u64 count = 0;

	for (u64 left = READ_ONCE(online_cpus); left; left &= left - 1) {
		count++;
	}
	return count;
}

u64 nth_cpu(u64 n)
{
	u64 left = READ_ONCE(online_cpus);

	for (n %= cpu_count(); n > 0; n--) {
		left &= left - 1;
	}
	return left & -left;
}

void crew_join(struct crew *crew)
{
	while (crew->count > 0) {
		thread_join(crew->threads[--crew->count]);
	}
	if (crew->affinity != 0) {
		current_thread()->affinity = UINT64_MAX;
		crew->affinity = 0;
	}
}
