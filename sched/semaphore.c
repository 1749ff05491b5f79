/* SPDX-License-Identifier: MIT */
/*
 * Semaphores on wait queues.
 */
#include "sched/semaphore.h"

void semaphore_init(struct semaphore *s, u64 count)
{
	waitq_init(&s->waitq);
	s->count = count;
}

int semaphore_down(struct semaphore *s, u64 deadline_ns)
{
	u64 flags = waitq_lock(&s->waitq);
	int err = 0;

	while (s->count == 0 && err == 0) {
		err = waitq_sleep(&s->waitq, deadline_ns);
	}
	if (s->count > 0) {
		s->count--;
		err = 0;
	}
	waitq_unlock(&s->waitq, flags);
	return err;
}

void semaphore_up(struct semaphore *s)
{
	WITH_SPINLOCK_IRQ (&s->waitq.lock) {
		s->count++;
		waitq_wake_one_locked(&s->waitq);
	}
}
