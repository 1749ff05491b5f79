/* SPDX-License-Identifier: MIT */
/*
 * Weight and place of who waits, for who is waited for.  See sched/lend.h.
 */
#include "sched/lend.h"

#include "arch/cpu.h"
#include "sched/runq.h"

/* Moves a thread forward to where one that wakes up stands. Lock held. */
static void place_locked(const struct runq *rq, struct thread *thread)
{
	u64 now = rq->ready.first_day << rq->ready.shift;
	u64 slice = (u64)FAIR_SLICE_DAYS << rq->ready.shift;
	s64 ahead = (s64)(thread->fair.vtime - (now - 2 * slice));

	if (ahead > 0) {
		thread->fair.vtime -= (u64)ahead;
		thread->debt += (u64)ahead;
	}
}

/* A thread in other hands is between two times: its weight alone changes. */
void lend_to(struct thread *owner, u32 factor)
{
	u64 flags;
	struct runq *rq = runq_lock_of(owner, &flags);

	if (factor < owner->fair.factor) {
		if (owner == runq_current(rq)) {
			runq_charge_locked(rq, arch_cycles());
		}
		owner->fair.factor = factor;
		fair_close_turns(&rq->ready);
	}
	if (thread_waits_locked(rq, owner)) {
		fair_remove(&rq->ready, &owner->fair);
		place_locked(rq, owner);
		fair_insert(&rq->ready, &owner->fair);
		runq_notify_locked(rq, owner->cpu, owner);
	}
	spin_unlock_irq(&rq->lock, flags);
}

void lend_end(void)
{
	struct thread *self = current_thread();
	u64 flags;
	struct runq *rq = runq_lock_of(self, &flags);

	runq_charge_locked(rq, arch_cycles());
	self->fair.factor = self->factor;
	self->fair.vtime += self->debt;
	self->debt = 0;
	fair_close_turns(&rq->ready);
	spin_unlock_irq(&rq->lock, flags);
}
