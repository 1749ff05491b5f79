/* SPDX-License-Identifier: MIT */
/*
 * Pollers and what they watch.
 *
 * No change is missed: an object is watched before it is asked, its readiness
 * is changed before pollq_wake(), and `woken` stays set until the poller has
 * asked every object again.  So a change either is seen by the question, or
 * finds the watch and sets `woken`.
 */
#include "sched/poll.h"

#include "lib/errno.h"
#include "mm/kmem.h"

void pollq_init(struct pollq *q)
{
	spin_init(&q->lock, LOCK_POLLQ);
	list_init(&q->watches);
}

void pollq_wake(struct pollq *q)
{
	WITH_SPINLOCK_IRQ (&q->lock) {
		list_for_each (at, &q->watches) {
			struct poller *poller =
				list_entry(at, struct watch, link)->poller;

			WITH_SPINLOCK (&poller->q.lock) {
				poller->woken = true;
				waitq_wake_one_locked(&poller->q);
			}
		}
	}
}

void poller_init(struct poller *poller)
{
	waitq_init(&poller->q);
	spin_init(&poller->q.lock, LOCK_POLLER);
	poller->woken = false;
	poller->err = 0;
	poller->count = 0;
	poller->watches = NULL;
}

static struct watch *watch_alloc(struct poller *poller)
{
	if (poller->count < POLLER_NEAR) {
		return &poller->near[poller->count];
	}
	return kmalloc(sizeof(struct watch));
}

void poller_watch(struct poller *poller, struct pollq *q)
{
	struct watch *watch;

	if (poller == NULL) {
		return;
	}
	watch = watch_alloc(poller);
	if (watch == NULL) {
		poller->err = -ENOMEM;
		return;
	}
	poller->count++;
	watch->poller = poller;
	watch->pollq = q;
	watch->next = poller->watches;
	poller->watches = watch;
	WITH_SPINLOCK_IRQ (&q->lock) {
		list_push_back(&q->watches, &watch->link);
	}
}

int poller_sleep(struct poller *poller, u64 deadline_ns)
{
	int err = poller->err;
	u64 flags = waitq_lock(&poller->q);

	while (!poller->woken && err == 0) {
		err = waitq_sleep_interruptible(&poller->q, deadline_ns);
	}
	poller->woken = false;
	waitq_unlock(&poller->q, flags);
	return err;
}

void poller_end(struct poller *poller)
{
	while (poller->watches != NULL) {
		struct watch *watch = poller->watches;

		poller->watches = watch->next;
		WITH_SPINLOCK_IRQ (&watch->pollq->lock) {
			list_remove(&watch->link);
		}
		if (poller->count-- > POLLER_NEAR) {
			kfree(watch);
		}
	}
}
