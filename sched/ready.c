/* SPDX-License-Identifier: MIT */
/*
 * How a thread becomes ready: it wakes up, arrives from another processor, or
 * is born.  The invariants stand at the head of sched/sched.c.
 */
#include "arch/cpu.h"
#include "arch/smp.h"
#include "arch/vectors.h"
#include "kernel/preempt.h"
#include "lib/assert.h"
#include "sched/keeper.h"
#include "sched/runq.h"
#include "sched/sched.h"
#include "trace/trace.h"

/* As runq_lock_of(), with interrupts off. */
static inline struct runq *runq_lock_off(const struct thread *thread)
{
	for (;;) {
		unsigned cpu = READ_ONCE(thread->cpu);
		struct runq *rq = cpu_ptr(cpu, runq);

		DEBUG_ASSERT(!arch_irq_enabled());
		spin_lock_off(&rq->lock);
		if (likely(thread->cpu == cpu)) {
			return rq;
		}
		spin_unlock_off(&rq->lock);
	}
}

void runq_advance_locked(struct runq *rq)
{
	struct thread *current = runq_current(rq);

	if (current != rq->idle && rq->ready.count == 0) {
		runq_charge_locked(rq, arch_cycles());
		fair_advance(&rq->ready, &current->fair);
	}
}

static always_inline bool notify_locked(struct runq *rq, unsigned cpu,
					const struct thread *thread)
{
	struct thread *current = runq_current(rq);
	bool at_once = current == rq->idle ||
		       fair_preempts(&rq->ready, &thread->fair, &current->fair);

	if (unlikely(cpu != cpu_id())) {
		if (at_once || !READ_ONCE(rq->slice.armed)) {
			arch_ipi_send(cpu, VECTOR_RESCHEDULE);
		}
		return at_once;
	}
	if (at_once) {
		arch_preempt_want();
	}
	if (current != rq->idle) {
		runq_watch_slice_locked(rq);
	}
	return at_once;
}

bool runq_notify_locked(struct runq *rq, unsigned cpu,
			const struct thread *thread)
{
	return notify_locked(rq, cpu, thread);
}

/*
 * A thread was put where another runs, and some processor is idle: it gets the
 * one of the two that will wait, if that may run there.  Without a barrier:
 * whom this misses, the end of the slice finds (slice_over()).
 */
static noinline void offer_locked(struct runq *rq, const struct thread *thread,
				  bool at_once)
{
	struct thread *running = runq_current(rq);

	if (running == rq->idle) {
		return;
	}
	if (!at_once) {
		balance_offer(thread->affinity & ~(1ull << thread->cpu));
	} else if (running->affinity & READ_ONCE(idle_cpus)) {
		thread_evict_locked(running);
		fair_close_turns(&rq->ready);
	}
}

/* A thread wakes up, or arrives, on its processor. Lock held. */
static always_inline void wake_here_locked(struct runq *rq,
					   struct thread *thread)
{
	bool at_once;

	runq_advance_locked(rq);
	fair_wake(&rq->ready, &thread->fair);
	at_once = notify_locked(rq, thread->cpu, thread);
	if (unlikely(READ_ONCE(idle_cpus) != 0)) {
		offer_locked(rq, thread, at_once);
	}
}

void runq_send_locked(struct thread *thread)
{
	thread->state = THREAD_MOVING;
	thread->cpu = (u16)balance_place(thread);
}

/* It arrives at its processor unless it may not run there any more. */
static bool arrive_locked(struct runq *rq, struct runq *from,
			  struct thread *thread)
{
	if (!thread_may_run_on(thread, thread->cpu)) {
		runq_send_locked(thread);
		return false;
	}
	if (runq_current(rq) == rq->idle) {
		fair_follow(&rq->ready, &from->ready);
	}
	fair_move(&thread->fair, &from->ready, &rq->ready);
	thread->state = THREAD_RUNNABLE;
	wake_here_locked(rq, thread);
	return true;
}

void runq_bring(struct runq *from, struct thread *thread)
{
	bool arrived = false;

	while (!arrived) {
		struct runq *rq = cpu_ptr(thread->cpu, runq);

		WITH_SPINLOCK_IRQ (&rq->lock) {
			arrived = arrive_locked(rq, from, thread);
		}
	}
}

/* A thread without a stack sleeps on until it has one. Releases the lock. */
static noinline void wake_away(struct runq *rq, struct thread *thread)
{
	bool first = thread->kstack.place == KSTACK_AWAY;

	thread->kstack.place = KSTACK_WANTED;
	spin_unlock_off(&rq->lock);
	if (first) {
		keeper_ask(thread);
	}
}

/* It is to go elsewhere than where it ran. Releases the lock. */
static noinline void wake_elsewhere(struct runq *rq, struct thread *thread)
{
	runq_send_locked(thread);
	spin_unlock_off(&rq->lock);
	runq_bring(rq, thread);
}

/* It is going to sleep, and runs on. */
static void wake_current_locked(struct runq *rq, struct thread *thread)
{
	thread->state = thread_may_run_on(thread, thread->cpu) ? THREAD_RUNNABLE
							       : THREAD_EVICTED;
	fair_close_turns(&rq->ready);
}

/* Wakes a thread that sleeps, and whose state is not `except`. */
static void wake(struct thread *thread, enum thread_state except)
{
	struct runq *rq = runq_lock_off(thread);

	if (thread->state == except ||
	    (thread->state != THREAD_SLEEPING &&
	     thread->state != THREAD_INTERRUPTIBLE)) {
		spin_unlock_off(&rq->lock);
		return;
	}
	trace(TRACE_WAKE, thread->tid, thread->cpu);
	if (thread == runq_current(rq)) {
		wake_current_locked(rq, thread);
	} else if (unlikely(thread->kstack.place != KSTACK_HERE)) {
		wake_away(rq, thread);
		return;
	} else if (likely(balance_stays(thread)) ||
		   balance_place(thread) == thread->cpu) {
		thread->state = THREAD_RUNNABLE;
		wake_here_locked(rq, thread);
	} else {
		wake_elsewhere(rq, thread);
		return;
	}
	spin_unlock_off(&rq->lock);
}

void sched_wake(struct thread *thread)
{
	wake(thread, THREAD_DEAD);
}

void sched_interrupt(struct thread *thread)
{
	wake(thread, THREAD_SLEEPING);
}

/* The starter pays for the birth, so a thread begins in the starter's queue. */
static void start_here(struct thread *thread)
{
	struct runq *rq = this_cpu_ptr(runq);
	struct thread *parent = current_thread();

	WITH_SPINLOCK_IRQ (&rq->lock) {
		thread->state = THREAD_RUNNABLE;
		thread->cpu = (u16)cpu_id();
		runq_charge_locked(rq, arch_cycles());
		if (parent == rq->idle) {
			fair_start(&rq->ready, &thread->fair, NULL);
		} else {
			fair_advance(&rq->ready, &parent->fair);
			fair_start(&rq->ready, &thread->fair, &parent->fair);
		}
		runq_notify_locked(rq, thread->cpu, thread);
	}
}

/* One that may not run here moves on as if it woke up elsewhere. */
static void start_there(struct thread *thread)
{
	runq_send_locked(thread);
	thread->fair.vtime = this_cpu(runq).ready.first_day
			     << this_cpu(runq).ready.shift;
	runq_bring(this_cpu_ptr(runq), thread);
}

void sched_start(struct thread *thread)
{
	DEBUG_ASSERT(thread->state == THREAD_NEW);
	WITH_PREEMPT_OFF () {
		if (thread_may_run_on(thread, cpu_id())) {
			start_here(thread);
			balance_invite();
		} else {
			start_there(thread);
		}
	}
}
