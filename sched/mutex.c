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
 * I3  Who waits lends weight and place to the owner (sched/lend.h).
 */
#include "kernel/mutex.h"

#include "arch/thread.h"
#include "arch/trap.h"
#include "kernel/clock.h"
#include "kernel/log.h"
#include "kernel/panic.h"
#include "kernel/watchdog.h"
#include "lib/assert.h"
#include "sched/lend.h"
#include "sched/thread.h"
#include "trace/trace.h"

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

static void order_taken(struct mutex *mutex)
{
	mutex->since = arch_cycles();
}

static void order_release(const struct mutex *mutex)
{
	struct thread *self = current_thread();
	unsigned i = 0;

	while (i < self->mutex_count && self->mutexes[i] != mutex->class) {
		i++;
	}
	ASSERT(i < self->mutex_count);
	trace(TRACE_LOCK_HELD, mutex->class, arch_cycles() - mutex->since);
	for (; i + 1 < self->mutex_count; i++) {
		self->mutexes[i] = self->mutexes[i + 1];
	}
	self->mutex_count--;
}

void user_return_check(void)
{
	if (lockcheck_held() > 0 || preempt_depth() > 0 ||
	    current_thread()->mutex_count > 0) {
		panic("to user mode with %u spinlocks, %u mutexes, preemption "
		      "%u deep",
		      lockcheck_held(), current_thread()->mutex_count,
		      preempt_depth());
	}
}
#else
static inline void order_take(const struct mutex *mutex)
{
	(void)mutex;
}

static inline void order_taken(const struct mutex *mutex)
{
	(void)mutex;
}

static inline void order_release(const struct mutex *mutex)
{
	(void)mutex;
}
#endif

#ifdef WATCHDOG
/* The calls of a thread, if they can be seen. */
static void show_calls(const struct thread *thread)
{
	if (thread->state != THREAD_RUNNABLE &&
	    thread->kstack.place == KSTACK_HERE) {
		panic_backtrace(arch_thread_fp(&thread->arch));
	}
}

/* The lock keeps the owner from giving the mutex away, and ending. */
static void watch_tells(struct timer *timer)
{
	struct thread *self = container_of(timer, struct thread, watch);
	struct mutex *mutex = self->waits_for;
	u64 flags = waitq_lock(&mutex->waitq);
	const struct thread *owner =
		(void *)(READ_ONCE(mutex->owner) & ~MUTEX_WAITERS);

	if (owner != self && owner != NULL) {
		log_raw("watchdog: thread %u \"%s\" waits for mutex %s, which "
			"thread %u \"%s\" holds, %lu ms more\n",
			self->tid, self->name, lockcheck_name(mutex->class),
			owner->tid, owner->name, watchdog_ns / 1000000);
		show_calls(self);
		log_raw("the calls of thread %u:\n", owner->tid);
		show_calls(owner);
		timer_arm(timer, clock_ns() + watchdog_ns);
	}
	waitq_unlock(&mutex->waitq, flags);
}

static void watch_begin(struct thread *self, struct mutex *mutex)
{
	self->waits_for = mutex;
	timer_init(&self->watch, watch_tells);
	if (watchdog_ns != 0) {
		timer_arm(&self->watch, clock_ns() + watchdog_ns);
	}
}

static void watch_end(struct thread *self)
{
	timer_cancel(&self->watch);
}
#else
static inline void watch_begin(struct thread *self, struct mutex *mutex)
{
	(void)self;
	(void)mutex;
}

static inline void watch_end(struct thread *self)
{
	(void)self;
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

/* One more mutex of the owner's has waiters. */
static void borrow(struct thread *owner, u32 factor)
{
	__atomic_fetch_add(&owner->borrows, 1, __ATOMIC_RELAXED);
	lend_to(owner, factor);
}

/* Wait queue locked, the flag set: the owner cannot release it meanwhile. */
static void lend(const struct mutex *mutex)
{
	u64 owner = READ_ONCE(mutex->owner) & ~MUTEX_WAITERS;
	u32 factor = READ_ONCE(current_thread()->fair.factor);

	if (waitq_first_locked((struct waitq *)&mutex->waitq) == NULL) {
		borrow((struct thread *)owner, factor);
	} else {
		lend_to((struct thread *)owner, factor);
	}
}

/* The owner gave a mutex away that others waited for. */
static void pay_back(void)
{
	u8 *borrows = &current_thread()->borrows;

	if (__atomic_sub_fetch(borrows, 1, __ATOMIC_RELAXED) == 0) {
		lend_end();
	}
}

/* Apart, so that taking a free mutex saves no registers. */
static noinline void lock_slow(struct mutex *mutex)
{
	struct thread *self = current_thread();
	u64 since = arch_cycles(), flags;

	watch_begin(self, mutex);
	flags = waitq_lock(&mutex->waitq);
	while (!take_or_flag(mutex, (u64)self)) {
		lend(mutex);
		waitq_sleep(&mutex->waitq, WAITQ_FOREVER);
	}
	waitq_unlock(&mutex->waitq, flags);
	watch_end(self);
	trace(TRACE_LOCK_WAIT, mutex->class, arch_cycles() - since);
}

void mutex_lock(struct mutex *mutex)
{
	DEBUG_ASSERT(preempt_depth() == 0 && !mutex_held(mutex));
	order_take(mutex);
	/* Pairs with the release in mutex_unlock(). */
	if (!owner_swap(mutex, 0, (u64)current_thread(), __ATOMIC_ACQUIRE)) {
		lock_slow(mutex);
	}
	order_taken(mutex);
}

static void hand_over(struct mutex *mutex)
{
	u64 next = (u64)waitq_first_locked(&mutex->waitq);
	u64 more;

	waitq_wake_one_locked(&mutex->waitq);
	more = waitq_first_locked(&mutex->waitq) ? MUTEX_WAITERS : 0;
	if (more != 0) {
		borrow((struct thread *)next,
		       waitq_lowest_factor_locked(&mutex->waitq, UINT32_MAX));
	}
	/* Pairs with the acquire in the waker's waitq_lock(). */
	__atomic_store_n(&mutex->owner, next | more, __ATOMIC_RELEASE);
}

static noinline void unlock_slow(struct mutex *mutex)
{
	u64 flags = waitq_lock(&mutex->waitq);

	hand_over(mutex);
	waitq_unlock(&mutex->waitq, flags);
	pay_back();
}

void mutex_unlock(struct mutex *mutex)
{
	DEBUG_ASSERT(mutex_held(mutex));
	order_release(mutex);
	if (!owner_swap(mutex, (u64)current_thread(), 0, __ATOMIC_RELEASE)) {
		unlock_slow(mutex);
	}
}
