/* SPDX-License-Identifier: MIT */
/*
 * Wait queues.  See invariant I4 in sched/sched.c for why no wake-up is lost.
 *
 * I1  A waiter is in the list iff `queued`; who takes it out (a waker or the
 *     time-out, under the queue's lock) clears it and wakes the thread, so
 *     exactly one of them does.
 *     An interrupted thread, which nobody took out, does so itself.
 * I2  A waiter is its thread's own; a timed one's timer is on the thread's
 *     stack until waitq_sleep() returns, and that is after it was cancelled:
 *     no time-out finds a dead one.  The stack is not private so long.
 *
 * Why no interruption is lost.  The interrupter sets `interrupted`, then looks
 * at the state under the run queue's lock; the sleeper sets its state, then
 * looks at `interrupted`.  Both are full barriers: one sees the other.
 */
#include "kernel/waitq.h"

#include "kernel/timer.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "sched/pass.h"
#include "sched/sched.h"
#include "sched/thread.h"
#include "trace/trace.h"

/* What a sleep with a deadline needs besides. */
struct time_limit {
	struct timer timer;
	struct waitq *q;       /* [I] */
	struct thread *thread; /* [I] */
	bool was_private;      /* [I] its thread's stack */
};

static inline void waiter_take(struct thread *thread)
{
	list_remove(&thread->waiter.link);
	thread->waiter.queued = false;
}

static void waiter_wake(struct thread *thread)
{
	waiter_take(thread);
	sched_wake(thread);
}

static void time_is_up(struct timer *timer)
{
	struct time_limit *limit =
		container_of(timer, struct time_limit, timer);
	struct waiter *waiter = &limit->thread->waiter;

	WITH_SPINLOCK_IRQ (&limit->q->lock) {
		if (waiter->queued) {
			waiter->timed_out = true;
			waiter_wake(limit->thread);
		}
	}
}

static void time_limit_set(struct time_limit *limit, struct waitq *q,
			   u64 deadline_ns)
{
	limit->q = q;
	limit->thread = current_thread();
	limit->was_private = thread_private_stack(false);
	timer_init(&limit->timer, time_is_up);
	timer_arm(&limit->timer, deadline_ns);
}

static void time_limit_end(struct time_limit *limit)
{
	timer_cancel(&limit->timer);
	thread_private_stack(limit->was_private);
}

/* The running thread is in the list, and asleep once it calls sched_block(). */
static inline void sleep_begin_locked(struct waitq *q, enum thread_state state)
{
	struct thread *self = current_thread();
	struct waiter *waiter = &self->waiter;

	waiter->queued = true;
	waiter->timed_out = false;
	DEBUG_ASSERT(spin_held(&q->lock) && preempt_depth() == 1);
	list_push_back(&q->waiters, &waiter->link);
	if (state == THREAD_INTERRUPTIBLE) {
		/* Pairs with thread_interrupt(). */
		__atomic_store_n(&self->state, state, __ATOMIC_SEQ_CST);
		if (__atomic_load_n(&self->interrupted, __ATOMIC_SEQ_CST)) {
			sched_interrupt(self);
		}
	} else {
		self->state = state;
	}
	trace(TRACE_SLEEP, q, 0);
}

/* It was woken: why.  Errors: -ETIMEDOUT, -EINTR. */
static inline int sleep_end_locked(enum thread_state state)
{
	struct thread *self = current_thread();
	struct waiter *waiter = &self->waiter;

	DEBUG_ASSERT(!waiter->queued || state == THREAD_INTERRUPTIBLE);
	if (state == THREAD_INTERRUPTIBLE && waiter->queued) {
		list_remove(&waiter->link);
		return READ_ONCE(self->interrupted) ? -EINTR : 0;
	}
	return waiter->timed_out ? -ETIMEDOUT : 0;
}

/* The way to sleep; `state` says which sleep.  Returns with the lock held. */
static always_inline int sleep_forever(struct waitq *q, enum thread_state state)
{
	sleep_begin_locked(q, state);
	spin_unlock(&q->lock);
	sched_block();
	spin_lock(&q->lock);
	return sleep_end_locked(state);
}

/* The same with a deadline. */
static noinline int sleep_until(struct waitq *q, u64 deadline_ns,
				enum thread_state state)
{
	struct time_limit limit;

	sleep_begin_locked(q, state);
	time_limit_set(&limit, q, deadline_ns);
	spin_unlock(&q->lock);
	sched_block();
	time_limit_end(&limit);
	spin_lock(&q->lock);
	return sleep_end_locked(state);
}

int waitq_sleep(struct waitq *q, u64 deadline_ns)
{
	return deadline_ns == WAITQ_FOREVER
		       ? sleep_forever(q, THREAD_SLEEPING)
		       : sleep_until(q, deadline_ns, THREAD_SLEEPING);
}

int waitq_sleep_interruptible(struct waitq *q, u64 deadline_ns)
{
	return deadline_ns == WAITQ_FOREVER
		       ? sleep_forever(q, THREAD_INTERRUPTIBLE)
		       : sleep_until(q, deadline_ns, THREAD_INTERRUPTIBLE);
}

/*
 * Who wakes us from the moment on that our queue's lock is free makes us ready,
 * and then neither sched_pass_asleep() nor sched_block() lets us sleep: the
 * order of the two queues is no matter.
 */
int waitq_sleep_waking(struct waitq *q, struct waitq *other)
{
	struct thread *self = current_thread(), *next;

	DEBUG_ASSERT(q != other);
	sleep_begin_locked(q, THREAD_INTERRUPTIBLE);
	spin_unlock(&q->lock);
	spin_lock_off(&other->lock);
	next = waitq_first_locked(other);
	if (likely(next != NULL)) {
		waiter_take(next);
	}
	if (unlikely(next == NULL || !list_empty(&other->waiters) ||
		     !sched_pass_asleep(self, next, &other->lock))) {
		if (next != NULL) {
			sched_wake(next);
		}
		while (waitq_wake_one_locked(other)) {
		}
		spin_unlock_off(&other->lock);
		sched_block();
	}
	spin_lock(&q->lock);
	return sleep_end_locked(THREAD_INTERRUPTIBLE);
}

void thread_interrupt(struct thread *thread)
{
	WITH_PREEMPT_OFF () {
		u64 flags = arch_irq_save();

		/* Pairs with sleep_begin_locked(). */
		__atomic_store_n(&thread->interrupted, true, __ATOMIC_SEQ_CST);
		sched_interrupt(thread);
		arch_irq_restore(flags);
	}
}

void thread_interrupt_clear(void)
{
	WRITE_ONCE(current_thread()->interrupted, false);
}

struct thread *waitq_first_locked(struct waitq *q)
{
	return list_empty(&q->waiters)
		       ? NULL
		       : list_first(&q->waiters, struct thread, waiter.link);
}

/* How many waiters are asked: the lock is held meanwhile. */
#define ASKED_MAX 16

u32 waitq_lowest_factor_locked(const struct waitq *q, u32 most)
{
	unsigned asked = 0;

	list_for_each (link, &q->waiters) {
		const struct thread *thread =
			list_entry(link, struct thread, waiter.link);

		most = MIN(most, READ_ONCE(thread->fair.factor));
		if (++asked == ASKED_MAX) {
			break;
		}
	}
	return most;
}

bool waitq_wake_one_locked(struct waitq *q)
{
	struct thread *first = waitq_first_locked(q);

	if (first != NULL) {
		waiter_wake(first);
	}
	return first != NULL;
}

void waitq_wake_one(struct waitq *q)
{
	WITH_SPINLOCK_IRQ (&q->lock) {
		waitq_wake_one_locked(q);
	}
}

void waitq_wake_all(struct waitq *q)
{
	WITH_SPINLOCK_IRQ (&q->lock) {
		while (waitq_wake_one_locked(q)) {
		}
	}
}
