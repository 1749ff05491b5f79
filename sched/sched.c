/* SPDX-License-Identifier: MIT */
/*
 * The scheduler of one processor: a run queue that only its owner picks from.
 *
 * Theory.  A run queue is a list of ready threads, served round robin; a
 * thread that others wait for runs for at most SLICE_NS between two ticks of
 * the slice timer, which is armed only while somebody waits.
 *
 * I1  A thread is in the ready list iff its state is READY.
 * I2  Exactly one thread of the queue's processor is RUNNING: `current`,
 *     except inside reschedule().
 * I3  The queue's lock is held from before the choice of the next thread
 *     until the switch to it is complete (sched_switch_finish(), on the new
 *     stack), so nobody can run a thread whose registers are being saved.
 * I4  A thread goes from RUNNING to SLEEPING only by itself, under the lock
 *     of the wait queue in whose list it then is, and from SLEEPING to READY
 *     only in sched_wake(), under the run queue's lock.  The waker finds it
 *     in the wait queue, hence after it was set SLEEPING: no wake-up is lost.
 */
#include "sched/sched.h"

#include "arch/cpu.h"
#include "arch/thread.h"
#include "kernel/clock.h"
#include "kernel/irq.h"
#include "kernel/preempt.h"
#include "kernel/spinlock.h"
#include "kernel/timer.h"
#include "lib/assert.h"
#include "mm/aspace.h"
#include "sched/thread.h"
#include "trace/trace.h"

#ifdef EXO_PREEMPT_ALWAYS
#define SLICE_NS 50000ul
#else
#define SLICE_NS 4000000ul
#endif

struct runq {
	struct spinlock lock;
	struct list ready;       /* [lock] struct thread.run_link */
	u32 ready_count;         /* [lock] */
	u64 switches;            /* [lock] */
	struct thread *idle;     /* [I] */
	struct thread *previous; /* [lock] whom the switch under way leaves */
	struct timer slice;      /* [c] */
};

static percpu struct runq runq = { .lock = SPINLOCK_INIT(LOCK_RUNQ) };

static void slice_over(struct timer *timer)
{
	struct runq *rq = this_cpu_ptr(runq);

	if (READ_ONCE(rq->ready_count) > 0) {
		arch_preempt_want();
		timer_arm(timer, clock_ns() + SLICE_NS);
	}
}

void sched_init(void)
{
	struct runq *rq = this_cpu_ptr(runq);

	list_init(&rq->ready);
	timer_init(&rq->slice, slice_over);
	rq->idle = thread_boot_idle();
	rq->idle->state = THREAD_RUNNING;
	this_cpu(percpu_head).current = rq->idle;
}

static void ready_add(struct runq *rq, struct thread *thread)
{
	thread->state = THREAD_READY;
	list_push_back(&rq->ready, &thread->run_link);
	rq->ready_count++;
}

/* The next thread to run: the longest ready one, or the idle thread. */
static struct thread *pick(struct runq *rq)
{
	struct list *link = list_pop_front(&rq->ready);

	if (link == NULL) {
		return rq->idle;
	}
	rq->ready_count--;
	return list_entry(link, struct thread, run_link);
}

static void account(struct thread *prev, struct thread *next)
{
	u64 now = arch_cycles();

	prev->cycles += now - prev->switched_in;
	next->switched_in = now;
}

/* Somebody waits while another runs: see to it that the slice ends. */
static void slice_watch(struct runq *rq)
{
	if (!rq->slice.armed) {
		timer_arm(&rq->slice, clock_ns() + SLICE_NS);
	}
}

/* On the stack of the thread switched to, maybe on another processor. */
static inline void switch_finish(void)
{
	struct runq *rq = this_cpu_ptr(runq);
	struct thread *previous = rq->previous;

	rq->previous = NULL;
	spin_unlock(&rq->lock);
	if (previous != NULL && previous->state == THREAD_DEAD) {
		thread_put(previous);
	}
}

/* Lock held, interrupts off. Returns when the caller runs again. */
static void reschedule(struct runq *rq)
{
	struct thread *prev = current_thread();
	struct thread *next;

	if (prev->state == THREAD_RUNNING && prev != rq->idle) {
		ready_add(rq, prev);
	}
	next = pick(rq);
	next->state = THREAD_RUNNING;
	arch_preempt_unwant();
	if (rq->ready_count > 0) {
		slice_watch(rq);
	}
	if (next != prev) {
		account(prev, next);
		rq->switches++;
		rq->previous = prev;
		trace(TRACE_SWITCH, next->tid, rq->ready_count);
		this_cpu(percpu_head).current = next;
		this_cpu(percpu_head).tid = next->tid;
		if (next->aspace != NULL) {
			aspace_switch(next->aspace);
		}
		arch_switch_prepare(&prev->arch, &next->arch);
		arch_switch(&prev->arch, &next->arch);
	}
	switch_finish();
}

void sched_switch_finish(void)
{
	switch_finish();
}

void sched_block(void)
{
	struct runq *rq = this_cpu_ptr(runq);

	DEBUG_ASSERT(!arch_irq_enabled());
	spin_lock(&rq->lock);
	reschedule(rq);
}

static void yield(void)
{
	u64 flags = arch_irq_save();

	DEBUG_ASSERT(preempt_depth() == 0);
	sched_block();
	arch_irq_restore(flags);
}

void sched_yield(void)
{
	if (this_cpu(runq).ready_count > 0) {
		yield();
	}
}

void sched_preempt_irq(void)
{
	if (current_thread() != NULL) {
		sched_block();
	}
}

void sched_preempt(void)
{
	if (arch_irq_enabled() && current_thread() != NULL) {
		yield();
	}
}

void trace_preempted(void)
{
	sched_preempt();
}

/* The lock of the queue that the thread belongs to, which it may leave. */
static struct runq *runq_lock_of(struct thread *thread, u64 *flags)
{
	for (;;) {
		unsigned cpu = READ_ONCE(thread->cpu);
		struct runq *rq = cpu_ptr(cpu, runq);

		*flags = spin_lock_irq(&rq->lock);
		if (thread->cpu == cpu) {
			return rq;
		}
		spin_unlock_irq(&rq->lock, *flags);
	}
}

static void make_ready(struct runq *rq, struct thread *thread)
{
	ready_add(rq, thread);
	if (current_thread() == rq->idle) {
		arch_preempt_want();
	} else {
		slice_watch(rq);
	}
}

void sched_wake(struct thread *thread)
{
	u64 flags;
	struct runq *rq = runq_lock_of(thread, &flags);

	if (thread->state == THREAD_SLEEPING) {
		trace(TRACE_WAKE, thread->tid, 0);
		if (thread == current_thread()) {
			thread->state = THREAD_RUNNING;
		} else {
			make_ready(rq, thread);
		}
	}
	spin_unlock_irq(&rq->lock, flags);
}

void sched_start(struct thread *thread)
{
	u64 flags = arch_irq_save();
	struct runq *rq = this_cpu_ptr(runq);

	spin_lock(&rq->lock);
	DEBUG_ASSERT(thread->state == THREAD_NEW);
	thread->cpu = (u16)cpu_id();
	make_ready(rq, thread);
	spin_unlock_irq(&rq->lock, flags);
}

void sched_idle(void)
{
	for (;;) {
		arch_irq_disable();
		if (this_cpu(runq).ready_count > 0) {
			sched_block();
		} else {
			arch_wait_irq();
		}
	}
}

void sched_sleep_ns(u64 ns)
{
	struct waitq nobody_wakes = WAITQ_INIT(nobody_wakes);
	u64 flags = waitq_lock(&nobody_wakes);

	while (waitq_sleep(&nobody_wakes, clock_ns() + ns) == 0) {
	}
	waitq_unlock(&nobody_wakes, flags);
}

void clock_wait_ns(u64 ns)
{
	sched_sleep_ns(ns);
}

u64 sched_switches(void)
{
	return this_cpu(runq).switches;
}
