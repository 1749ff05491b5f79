/* SPDX-License-Identifier: MIT */
/*
 * Wait queues: the one way to sleep.  Declared here, below who uses them, and
 * defined in sched/waitq.c.
 *
 * The condition that is waited for is read and changed under the queue's
 * lock, and going to sleep is one step with the last look at it, so that a
 * wake-up cannot fall between the two:
 *
 *	u64 flags = waitq_lock(&q);
 *	while (!condition) {
 *		err = waitq_sleep(&q, deadline_ns);
 *	}
 *	waitq_unlock(&q, flags);
 */
#ifndef EXO_KERNEL_WAITQ_H
#define EXO_KERNEL_WAITQ_H

#include "kernel/spinlock.h"
#include "lib/list.h"

struct waitq {
	struct spinlock lock;
	struct list waiters; /* [lock] struct waiter, first come first */
};

#define WAITQ_INIT(q)                                             \
	{                                                         \
		SPINLOCK_INIT(LOCK_WAITQ), LIST_INIT((q).waiters) \
	}

#define WAITQ_FOREVER UINT64_MAX

static inline void waitq_init(struct waitq *q)
{
	spin_init(&q->lock, LOCK_WAITQ);
	list_init(&q->waiters);
}

must_check static inline u64 waitq_lock(struct waitq *q)
{
	return spin_lock_irq(&q->lock);
}

static inline void waitq_unlock(struct waitq *q, u64 flags)
{
	spin_unlock_irq(&q->lock, flags);
}

/*
 * Sleeps until a wake-up or until clock_ns() reaches `deadline_ns`
 * (WAITQ_FOREVER: never).  The lock is released meanwhile and held again at
 * return; interrupts stay off.  Context: thread; the queue's lock is the only
 * spinlock held.  Errors: -ETIMEDOUT.
 */
int waitq_sleep(struct waitq *q, u64 deadline_ns);

/*
 * As waitq_sleep, but ends also when somebody interrupts the thread, and does
 * not begin when it is interrupted already.  May end for no reason.
 * Errors: -ETIMEDOUT, -EINTR.
 */
must_check int waitq_sleep_interruptible(struct waitq *q, u64 deadline_ns);

/*
 * As waitq_sleep_interruptible() without a deadline, and wakes all who wait in
 * `other`, another queue, on the way.  A single one that sleeps on this
 * processor gets it at once, past the run queue, in the rest of the running
 * thread's slice (sched/pass.h).  Context: as waitq_sleep(), a system call.
 * Errors: -EINTR.
 */
must_check int waitq_sleep_waking(struct waitq *q, struct waitq *other);

/*
 * Ends the thread's interruptible sleep, or its next one before it begins,
 * until the mark is cleared.  Context: any; no lock of rank LOCK_RUNQ or
 * above held.
 */
void thread_interrupt(struct thread *thread);

/* The running thread may sleep interruptibly again. */
void thread_interrupt_clear(void);

/* Wakes the first waiter; true if there was one. The lock is held. */
bool waitq_wake_one_locked(struct waitq *q);

/* The lowest weight factor of the first waiters, or `most`. Lock held. */
u32 waitq_lowest_factor_locked(const struct waitq *q, u32 most);

/* The thread that waits longest, NULL if none does. The lock is held. */
struct thread *waitq_first_locked(struct waitq *q);

/* Take the lock and wake. Context: any, no lock of LOCK_WAITQ or above. */
void waitq_wake_one(struct waitq *q);
void waitq_wake_all(struct waitq *q);

#endif
