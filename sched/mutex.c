/* SPDX-License-Identifier: MIT */
/*
 * Mutexes.  One word holds the owner and whether anybody waits; without
 * waiters, taking and releasing are one compare-and-swap each.
 *
 * I1  The flag MUTEX_WAITERS changes only under the wait queue's lock and is
 *     set while the queue is not empty.
 * I2  A release with waiters hands the mutex to the first of them: it owns
 *     the mutex from that moment, before it runs.  So nobody overtakes and
 *     nobody starves.
 */
#include "kernel/mutex.h"

#include "kernel/log.h"
#include "kernel/panic.h"
#include "lib/assert.h"
#include "sched/thread.h"

void mutex_init(struct mutex *mutex, enum lock_class class)
{
	mutex->owner = 0;
	mutex->class = class;
	waitq_init(&mutex->waitq);
}

#ifdef EXO_DEBUG
/* The order of mutexes is a thread's, which may move between processors. */
static void order_take(const struct mutex *mutex)
{
	struct thread *self = current_thread();

	ASSERT(self->mutex_count < THREAD_MUTEXES_MAX);
	for (unsigned i = 0; i < self->mutex_count; i++) {
		lockcheck_order(self->mutexes[i], mutex->class);
	}
	self->mutexes[self->mutex_count++] = (u8)mutex->class;
}

static void order_release(const struct mutex *mutex)
{
	struct thread *self = current_thread();
	unsigned i = 0;

	while (i < self->mutex_count && self->mutexes[i] != mutex->class) {
		i++;
	}
	ASSERT(i < self->mutex_count);
	for (; i + 1 < self->mutex_count; i++) {
		self->mutexes[i] = self->mutexes[i + 1];
	}
	self->mutex_count--;
}
#else
static inline void order_take(const struct mutex *mutex)
{
	(void)mutex;
}

static inline void order_release(const struct mutex *mutex)
{
	(void)mutex;
}
#endif

static bool owner_swap(struct mutex *mutex, u64 from, u64 to, int order)
{
	return __atomic_compare_exchange_n(&mutex->owner, &from, to, false,
					   order, __ATOMIC_RELAXED);
}

/* Wait queue locked: takes the mutex, or leaves the flag that we wait. */
static bool take_or_flag(struct mutex *mutex, u64 self)
{
	for (;;) {
		u64 owner = READ_ONCE(mutex->owner);

		if ((owner & ~MUTEX_WAITERS) == self) {
			return true; /* handed over by mutex_unlock() */
		}
		if (owner == 0) {
			if (owner_swap(mutex, 0, self, __ATOMIC_ACQUIRE)) {
				return true;
			}
		} else if (owner_swap(mutex, owner, owner | MUTEX_WAITERS,
				      __ATOMIC_RELAXED)) {
			return false;
		}
	}
}

void mutex_lock(struct mutex *mutex)
{
	u64 self = (u64)current_thread();
	u64 flags;

	DEBUG_ASSERT(preempt_depth() == 0 && !mutex_held(mutex));
	order_take(mutex);
	/* Pairs with the release in mutex_unlock(). */
	if (owner_swap(mutex, 0, self, __ATOMIC_ACQUIRE)) {
		return;
	}
	flags = waitq_lock(&mutex->waitq);
	while (!take_or_flag(mutex, self)) {
		waitq_sleep(&mutex->waitq, WAITQ_FOREVER);
	}
	waitq_unlock(&mutex->waitq, flags);
}

static void hand_over(struct mutex *mutex)
{
	u64 next = (u64)waitq_first_locked(&mutex->waitq);
	u64 more;

	waitq_wake_one_locked(&mutex->waitq);
	more = waitq_first_locked(&mutex->waitq) ? MUTEX_WAITERS : 0;
	/* Pairs with the acquire in the waker's waitq_lock(). */
	__atomic_store_n(&mutex->owner, next | more, __ATOMIC_RELEASE);
}

void mutex_unlock(struct mutex *mutex)
{
	u64 flags;

	DEBUG_ASSERT(mutex_held(mutex));
	order_release(mutex);
	if (owner_swap(mutex, (u64)current_thread(), 0, __ATOMIC_RELEASE)) {
		return;
	}
	flags = waitq_lock(&mutex->waitq);
	hand_over(mutex);
	waitq_unlock(&mutex->waitq, flags);
}
