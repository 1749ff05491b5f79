/* SPDX-License-Identifier: MIT */
/*
 * Handing the processor to a thread that waits for just that, past the queue.
 * In line, for what calls it does little else (ipc/gate.c).
 */
#ifndef EXO_SCHED_PASS_H
#define EXO_SCHED_PASS_H

#include "arch/pass.h"
#include "lib/assert.h"
#include "mm/aspace.h"
#include "sched/runq.h"
#include "sched/thread.h"

/*
 * The switch of sched/switch.c.  Context: the queue's lock is held, which is
 * released when somebody has switched back.
 */
void sched_switch_to(struct thread *prev, struct thread *next, u64 now);

/*
 * False for who would be forgiven something (fair_wake()): who has slept for
 * long, or is not nice.  Lock held.
 */
static always_inline bool is_recent_(const struct thread *next)
{
	u64 oldest = (this_cpu(runq).ready.first_day - 2 * FAIR_SLICE_DAYS)
		     << this_cpu(runq).ready.shift;

	return likely(next->fair.vtime >= oldest) &&
	       likely(next->fair.factor >= FAIR_ONE);
}

/*
 * `self` is in that state.  Who interrupts us sets `interrupted`, then takes
 * this lock. Lock held.
 */
static always_inline bool may_pass_(const struct thread *self,
				    enum thread_state state,
				    const struct thread *next)
{
	unsigned cpu = cpu_id();

	return likely(next->state == THREAD_INTERRUPTIBLE) &&
	       likely(next->cpu == cpu) &&
	       likely(thread_may_run_on(next, cpu)) &&
	       likely(self->state_and_interrupted == state) &&
	       is_recent_(next) && likely(arch_may_switch_call(&self->arch)) &&
	       (likely(!arch_percpu_any(runq.ready.count)) ||
		(this_cpu(runq).ready.turn_end == 0 &&
		 fair_may_follow(&this_cpu_ptr(runq)->ready, &next->fair,
				 &self->fair)));
}

/* The running thread pays, as in runq_charge_locked(), and sleeps. */
static always_inline void charge_(struct thread *self, u64 now)
{
	u64 ran = now - this_cpu(runq).charged;

	this_cpu(runq).charged = now;
	self->cycles += ran;
	self->sleeps++;
	fair_charge(&self->fair, ran);
}

/* The rest of the two ways below. `lock` is released on the way. */
static always_inline void pass_(struct thread *self, struct thread *next,
				struct spinlock *lock)
{
	u64 now;

	DEBUG_ASSERT(next->kstack.place == KSTACK_HERE);
	DEBUG_ASSERT(this_cpu(runq).ready.turn_end == 0);
	DEBUG_ASSERT(self->fair.special && next->fair.special);
	DEBUG_ASSERT(self->aspace != NULL && next->aspace != NULL);
	next->state = THREAD_RUNNABLE;
	aspace_exchange(self->aspace, next->aspace);
	arch_switch_call(&self->arch, &next->arch);
	/* Who finds `self` from now on may write to its arguments. */
	spin_unlock_off(lock);
	now = arch_cycles();
	charge_(self, now);
	sched_switch_to(self, next, now);
}

/*
 * Switches from `self`, which runs, to `next`, which sleeps interruptibly, past
 * the queue: it goes on in this slice, with the arguments of this system call
 * (arch_pass_arguments()), and the running thread sleeps interruptibly from now
 * on.  `*handed` becomes true and `lock` is released on the way; returns true
 * when somebody woke the running thread or passed to it.  False, and nothing
 * done, if `next` does not sleep here, may not run here, or would not by its
 * share (fair_may_follow()), if the running one is interrupted, and while
 * others take turns. Context: both are user threads in system calls, with
 * stacks that nobody puts away; interrupts off; `lock` is held, under which
 * whoever would wake `next` looks for it.
 */
must_check static always_inline bool sched_pass(struct thread *self,
						struct thread *next,
						struct spinlock *lock,
						bool *handed)
{
	spin_lock_own(runq);
	if (unlikely(!may_pass_(self, THREAD_RUNNABLE, next))) {
		spin_unlock_own(runq);
		return false;
	}
	self->state = THREAD_INTERRUPTIBLE;
	*handed = true;
	arch_pass_arguments(&self->arch, &next->arch);
	pass_(self, next, lock);
	return true;
}

/*
 * As sched_pass(), without arguments, from a thread that has gone to sleep as
 * if sched_block() were next: who wakes it may have found it already, and then
 * the result is false, too.  `next` may be a kernel thread, and then it is,
 * too.
 */
must_check static always_inline bool sched_pass_asleep(struct thread *self,
						       struct thread *next,
						       struct spinlock *lock)
{
	spin_lock_own(runq);
	if (unlikely(!may_pass_(self, THREAD_INTERRUPTIBLE, next) ||
		     next->arch.fpu == NULL)) {
		spin_unlock_own(runq);
		return false;
	}
	pass_(self, next, lock);
	return true;
}

#endif
