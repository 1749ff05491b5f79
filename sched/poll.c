/* SPDX-License-Identifier: MIT */
/*
 * Pollers and what they watch.
 *
 * No change is missed: an object is watched before it is asked, its readiness
 * is changed before pollq_wake(), and `woken` stays set until the poller has
 * asked every object again.  So a change either is seen by the question, or
 * finds the watch and sets `woken`.
 *
 * Nested queues make a tree of few levels with no circle (fs/epoll.c): a
 * change goes up it, level by level, under the one lock that they have.
 */
#include "sched/poll.h"

#include "lib/errno.h"
#include "mm/kmem.h"

static struct spinlock nested_lock = SPINLOCK_INIT(LOCK_POLLQ_NESTED);

static struct spinlock *lock_of(struct pollq *q)
{
	return q->nested ? &nested_lock : &q->lock;
}

void pollq_init(struct pollq *q)
{
	spin_init(&q->lock, LOCK_POLLQ);
	q->nested = false;
	q->count = 0;
	list_init(&q->watches);
}

void pollq_init_nested(struct pollq *q)
{
	pollq_init(q);
	q->nested = true;
}

static void wake_locked(struct pollq *q, u32 events)
{
	list_for_each (at, &q->watches) {
		struct poller *poller =
			list_entry(at, struct watch, link)->poller;

		if (poller->notify != NULL) {
			poller->notify(poller, events, q);
			continue;
		}
		WITH_SPINLOCK (&poller->q.lock) {
			poller->woken = true;
			waitq_wake_one_locked(&poller->q);
		}
	}
}

void pollq_wake_events(struct pollq *q, u32 events)
{
	WITH_SPINLOCK_IRQ (lock_of(q)) {
		wake_locked(q, events);
	}
}

void pollq_pass(struct pollq *q, u32 events, const struct pollq *from)
{
	if (from->nested) {
		wake_locked(q, events);
	} else {
		pollq_wake_for(q, events);
	}
}

void poller_init(struct poller *poller)
{
	waitq_init(&poller->q);
	spin_init(&poller->q.lock, LOCK_POLLER);
	poller->woken = false;
	poller->err = 0;
	poller->notify = NULL;
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

void poller_watch_more(struct poller *poller, struct pollq *q)
{
	struct watch *watch = watch_alloc(poller);

	if (watch == NULL) {
		poller->err = -ENOMEM;
		return;
	}
	poller->count++;
	watch->poller = poller;
	watch->pollq = q;
	watch->next = poller->watches;
	poller->watches = watch;
	WITH_SPINLOCK_IRQ (lock_of(q)) {
		list_push_back(&q->watches, &watch->link);
	}
	/* The object is asked after this; pairs with pollq_wake_for(). */
	__atomic_fetch_add(&q->count, 1, __ATOMIC_SEQ_CST);
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
		WITH_SPINLOCK_IRQ (lock_of(watch->pollq)) {
			list_remove(&watch->link);
		}
		__atomic_fetch_sub(&watch->pollq->count, 1, __ATOMIC_RELAXED);
		if (poller->count-- > POLLER_NEAR) {
			kfree(watch);
		}
	}
}
