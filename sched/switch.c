/* SPDX-License-Identifier: MIT */
/*
 * The one place in the kernel that switches threads, and the ways to it:
 * yielding, blocking, being preempted.  The invariants stand at the head of
 * sched/sched.c.
 *
 * Built without frame pointers: nothing that is live across the switch needs
 * a register, so the six that arch_switch() saves are all that is saved.
 */
#include "arch/cpu.h"
#include "arch/thread.h"
#include "kernel/irq.h"
#include "kernel/preempt.h"
#include "lib/assert.h"
#include "mm/aspace.h"
#include "sched/pass.h"
#include "sched/runq.h"
#include "sched/sched.h"
#include "sched/tick.h"
#include "trace/trace.h"

static percpu_zero u64 switches; /* [c] */

/* On the stack of the thread switched to, maybe on another processor. */
void sched_switch_finish(void)
{
	spin_unlock_own(runq);
}

static inline void become(struct thread *next, u64 now)
{
	u64 tid = next->tid;

	__asm__("" : "+r"(tid)); /* in one register */
	trace_at(now, TRACE_SWITCH, tid, this_cpu(runq).ready.count);
	this_cpu(percpu_head).current = next;
	this_cpu(percpu_head).tid = (u32)tid;
	this_cpu(switches)++;
}

/* Everybody's registers are saved here, so processors predict the return. */
noinline void sched_switch_to(struct thread *prev, struct thread *next, u64 now)
{
	become(next, now);
	arch_switch(prev, next);
	spin_unlock_own(runq);
}

/* It is dead or evicted; the lock is let go meanwhile. */
void thread_left(struct thread *thread)
{
	bool dead = thread->state == THREAD_DEAD;

	if (!dead) {
		runq_send_locked(thread);
	}
	spin_unlock_own(runq);
	if (dead) {
		thread_put(thread);
	} else {
		runq_bring(this_cpu_ptr(runq), thread);
	}
	spin_lock_own(runq);
}

/* What a thread needs besides that is special, or that leaves. */
static always_inline void switch_special(struct thread *prev,
					 struct thread *next, u64 now)
{
	if (next->aspace != NULL) {
		aspace_switch(next->aspace);
	}
	arch_switch_prepare(&prev->arch, &next->arch);
	if (likely(prev->state < THREAD_EVICTED)) {
		sched_switch_to(prev, next, now);
		return;
	}
	become(next, now);
	arch_switch_last(prev, next);
	spin_unlock_own(runq);
}

static inline bool is_special(const struct thread *thread)
{
	return ((u64)thread->aspace | (u64)thread->arch.fpu) != 0;
}

static inline struct thread *pick_locked(struct runq *rq)
{
	struct fair_entity *e = explore_choose(2) ? fair_take_last(&rq->ready)
						  : fair_pick(&rq->ready);

	return likely(e != NULL) ? thread_of(e) : rq->idle;
}

/* The idle thread makes way. */
static noinline void idle_ends(void)
{
	idle_clear();
	if (!this_cpu(tick_timer).armed) {
		tick_start();
	}
}

/*
 * Why a thread makes way: it is SLEEPING, DEAD or idle; or it runs on later, or
 * is EVICTED; likewise, and others go first.
 */
enum way { BLOCKS, PREEMPTED, YIELDS };

/* The running thread was charged: another one runs.  Releases the lock. */
static always_inline void switch_away(enum way way, u64 now)
{
	struct runq *rq = this_cpu_ptr(runq);
	struct thread *prev = current_thread();
	bool stays = way != BLOCKS && prev->state == THREAD_RUNNABLE &&
		     prev != rq->idle;
	struct thread *next;

	prev->fair.special = is_special(prev);
	if (stays && (way == YIELDS || explore_choose(2))) {
		fair_yield(&rq->ready, &prev->fair);
	} else if (stays) {
		fair_insert(&rq->ready, &prev->fair);
	}
	next = pick_locked(rq);
	arch_preempt_unwant();
	if (rq->ready.count > 0) {
		runq_watch_slice_locked(rq);
	}
	if (unlikely(next == prev)) {
		spin_unlock_own(runq);
		return;
	}
	prev->preemptions += stays;
	if (unlikely(prev == rq->idle)) {
		idle_ends();
	}
	if (way == YIELDS) {
		fair_open_turns(&rq->ready, &next->fair);
	}
	switch_special(prev, next, now);
}

/* As switch_away(), of who is not charged yet. */
static always_inline void give_way(enum way way)
{
	u64 now = arch_cycles();

	runq_charge_locked(this_cpu_ptr(runq), now);
	switch_away(way, now);
}

void sched_block(void)
{
	struct thread *self = current_thread();

	DEBUG_ASSERT(!arch_irq_enabled());
	spin_lock_own(runq);
	if (unlikely(self->state == THREAD_RUNNABLE) &&
	    self != this_cpu(runq).idle) {
		spin_unlock_own(runq); /* woken before it slept */
		return;
	}
	self->sleeps++;
	give_way(BLOCKS);
}

/* Its next yield looks at all that it has. */
void sched_has_more_irq(void)
{
	spin_lock_own(runq);
	fair_close_turns(&this_cpu_ptr(runq)->ready);
	spin_unlock_own(runq);
}

/* By a turn, if it may be one. */
static noinline void yield_to_others(u64 now)
{
	struct runq *rq = this_cpu_ptr(runq);
	struct thread *prev = current_thread();
	struct thread *next = thread_of(fair_turn(&prev->fair));

	runq_charge_locked(rq, now);
	if (prev->fair.vtime >= rq->ready.turn_end ||
	    next->fair.factor != FAIR_ONE) {
		switch_away(YIELDS, now);
		return;
	}
	fair_turn_to(&rq->ready, &next->fair);
	prev->preemptions++;
	switch_special(prev, next, now);
}

/* Who yields in a loop waits for another processor: that is a spin loop. */
static noinline void yield_slowly(u64 now)
{
	if (this_cpu(runq).ready.count == 0) {
		spin_unlock_own(runq);
		arch_relax();
	} else {
		yield_to_others(now);
	}
	arch_irq_enable();
}

void sched_yield(void)
{
	struct thread *prev, *next;
	u64 now, ran, vtime;

	DEBUG_ASSERT(preempt_depth() == 0 && arch_irq_enabled());
	arch_irq_disable();
	spin_lock_own(runq);
	prev = current_thread();
	now = arch_cycles();
	ran = now - this_cpu(runq).charged;
	__asm__("" : "+r"(ran)); /* reckoned once */
	vtime = prev->fair.vtime + ran;
	if (unlikely(vtime >= this_cpu(runq).ready.plain_end)) {
		yield_slowly(now);
		return;
	}
	next = thread_of(fair_turn(&prev->fair));
	if (unlikely(!fair_is_plain(&next->fair))) {
		yield_slowly(now);
		return;
	}
	prev->cycles += ran;
	prev->fair.vtime = vtime;
	this_cpu(runq).charged = now;
	sched_switch_to(prev, next, now);
	arch_irq_enable();
}

/* Interrupts are off, and the queue's lock is not held. */
static noinline void preempt_here(void)
{
	spin_lock_own(runq);
	give_way(PREEMPTED);
}

void sched_preempt_irq(void)
{
	if (current_thread() != NULL) {
		preempt_here();
	}
}

void sched_preempt(void)
{
	if (arch_irq_enabled() && current_thread() != NULL) {
		arch_irq_disable();
		preempt_here();
		arch_irq_enable();
	}
}

u64 sched_switches(void)
{
	return this_cpu(switches);
}
