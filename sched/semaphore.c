/* SPDX-License-Identifier: MIT */
/*
 * Semaphores on wait queues.
 *
 * I1  While somebody waits, count is 0: a new unit is handed to the first
 *     waiter by its wake-up and never passes through count, so that nobody
 *     who comes by meanwhile takes it.
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

	if (s->count > 0) {
		s->count--;
	} else {
		err = waitq_sleep(&s->waitq, deadline_ns);
	}
	waitq_unlock(&s->waitq, flags);
	return err;
}

void semaphore_up(struct semaphore *s)
{
	WITH_SPINLOCK_IRQ (&s->waitq.lock) {
		if (!waitq_wake_one_locked(&s->waitq)) {
			s->count++;
		}
	}
}
