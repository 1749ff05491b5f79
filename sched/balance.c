/* SPDX-License-Identifier: MIT */
/*
 * Balance between processors: where a thread that becomes ready goes, what an
 * idle processor steals, and what a processor that lags behind gives away.
 *
 * Theory.  Work moves in three ways, each by one lock at a time:
 *
 * - A thread that becomes ready goes to an idle processor if its own is busy,
 *   to one of the nearest node (kernel/numa.h) that has any.
 * - An idle processor steals half of the ready threads of the fullest queue of
 *   the nearest node where any wait, or of the next if those are bound to
 * theirs.  It never waits in line for a victim's lock: it looks elsewhere
 * first, and does not sleep meanwhile.
 * - Fairness across busy processors: a queue that is ahead of another by more
 *   than fair_should_take() allows takes over one of its threads.  The one
 *   that lags has a timer running, for threads wait there, and asks; the one
 *   that is ahead may run a single thread undisturbed, so it is interrupted.
 *
 * I1  A thread taken out of a queue has `cpu` set to its destination under
 *     the lock of the queue that it leaves, so nobody looks for it where it
 *     is not (sched/sched.c I1).
 * I2  A processor that is about to sleep sets its bit in idle_cpus and then
 *     looks for work once more; one that adds work where it may be stolen
 *     does so and then looks at idle_cpus.  Sequentially consistent on both
 *     sides, so at least one of them sees the other.
 */
#include "arch/cpu.h"
#include "arch/smp.h"
#include "arch/vectors.h"
#include "kernel/numa.h"
#include "lib/errno.h"
#include "sched/runq.h"
#include "trace/trace.h"

/* No thief takes more at once: the victim's lock is held meanwhile. */
#define STEAL_MAX 32

/* The next set bit at or behind `from`, going round; `set` is not 0. */
static unsigned cpu_from(u64 set, unsigned from)
{
	u64 rotated = set >> from | set << (-from & 63);

	return (from + (unsigned)__builtin_ctzll(rotated)) % MAX_CPUS;
}

/* As cpu_from(), but on the nearest node that has any. */
static unsigned cpu_near(u64 set, unsigned cpu)
{
	const u8 *nearest = numa.nearest[numa.cpu_node[cpu]];

	for (u32 i = 0; i < numa.last_node; i++) {
		u64 near = set & READ_ONCE(numa.cpus[nearest[i]]);

		if (near != 0) {
			return cpu_from(near, cpu);
		}
	}
	return cpu_from(set, cpu);
}

unsigned balance_place(const struct thread *thread)
{
	unsigned cpu = thread->cpu;
	u64 affinity = READ_ONCE(thread->affinity);
	u64 idle = READ_ONCE(idle_cpus) & affinity;

	if (explore_choose(4) != 0) {
		cpu = explore_choose(MAX_CPUS);
		return cpu_from(affinity & READ_ONCE(online_cpus), cpu);
	}
	if (idle != 0) {
		return cpu_near(idle, cpu);
	}
	return affinity >> cpu & 1
		       ? cpu
		       : cpu_near(affinity & READ_ONCE(online_cpus), cpu);
}

/* Entities in the hands of a thief, in the order in which they were taken. */
struct hands {
	struct fair_entity *first; /* NULL: empty */
	struct fair_entity **end;
};

static void hands_add(struct hands *hands, struct fair_entity *e)
{
	e->next = NULL;
	*hands->end = e;
	hands->end = &e->next;
}

static struct fair_entity *hands_pop(struct hands *hands)
{
	struct fair_entity *e = hands->first;

	if (e != NULL) {
		hands->first = e->next;
	}
	return e;
}

/*
 * Takes up to `count` threads that may run on `to` out of a queue whose lock
 * is held, those that would run last; returns how many.  Others are put back
 * afterwards, behind those of their day that were not looked at.
 */
static int take_locked(struct runq *rq, unsigned to, u32 count,
		       struct hands *taken)
{
	u32 looks = MIN(rq->ready.count, 2 * count);
	int got = 0;
	struct hands others = { NULL, &others.first };
	struct fair_entity *e;

	while ((u32)got < count && looks-- > 0) {
		e = fair_take_last(&rq->ready);
		if (thread_may_run_on(thread_of(e), to)) {
			thread_of(e)->state = THREAD_MOVING;
			thread_of(e)->cpu = (u16)to;
			hands_add(taken, e);
			got++;
		} else {
			hands_add(&others, e);
		}
	}
	while ((e = hands_pop(&others)) != NULL) {
		fair_insert(&rq->ready, e);
	}
	return got;
}

/* Inserts what was taken out of `from` into this processor's queue. */
static void bring_here(struct runq *from, struct hands *taken)
{
	struct runq *rq = this_cpu_ptr(runq);
	struct hands strangers = { NULL, &strangers.first };
	struct fair_entity *e;

	WITH_SPINLOCK_IRQ (&rq->lock) {
		while ((e = hands_pop(taken)) != NULL) {
			struct thread *thread = thread_of(e);

			trace(TRACE_MIGRATE, thread->tid, cpu_id());
			if (thread_may_run_on(thread, cpu_id())) {
				fair_move(e, &from->ready, &rq->ready);
				thread->state = THREAD_RUNNABLE;
				fair_insert(&rq->ready, e);
			} else {
				runq_send_locked(thread);
				hands_add(&strangers, e);
			}
		}
	}
	while ((e = hands_pop(&strangers)) != NULL) {
		runq_bring(from, thread_of(e));
	}
}

/*
 * Takes up to `count` threads over from a queue.  Returns how many, or -EAGAIN
 * if its lock is taken.
 */
static int take_over(struct runq *from, u32 count)
{
	struct hands taken = { NULL, &taken.first };
	int got;

	if (!spin_trylock(&from->lock)) {
		return -EAGAIN;
	}
	got = take_locked(from, cpu_id(), count, &taken);
	spin_unlock(&from->lock);
	if (got > 0) {
		bring_here(from, &taken);
	}
	return got;
}

static u64 others(void)
{
	return READ_ONCE(online_cpus) & ~(1ull << cpu_id());
}

/* Whose queue has most waiting threads; MAX_CPUS if nobody waits. */
static unsigned fullest(u64 among)
{
	unsigned best = MAX_CPUS;
	u32 most = 0;

	for (; among != 0; among &= among - 1) {
		unsigned cpu = (unsigned)__builtin_ctzll(among);
		u32 count = READ_ONCE(cpu_ptr(cpu, runq)->ready.count);

		if (count > most) {
			most = count;
			best = cpu;
		}
	}
	return best;
}

/* The same of the nearest node where threads wait. */
static unsigned fullest_near(u64 among)
{
	const u8 *nearest = numa.nearest[numa_here()];
	unsigned best = MAX_CPUS;

	for (u32 i = 0; i < numa.last_node && best == MAX_CPUS; i++) {
		best = fullest(among & READ_ONCE(numa.cpus[nearest[i]]));
	}
	return best < MAX_CPUS ? best : fullest(among);
}

static int steal_from(struct runq *victim)
{
	struct runq *own = this_cpu_ptr(runq);
	u32 half = (READ_ONCE(victim->ready.count) + 1) / 2;

	WITH_SPINLOCK (&own->lock) {
		fair_follow(&own->ready, &victim->ready);
	}
	return take_over(victim, MIN(half, (u32)STEAL_MAX));
}

bool balance_steal(void)
{
	u64 left = others();
	bool busy = false;
	unsigned cpu;

	while ((cpu = fullest_near(left)) < MAX_CPUS) {
		int got = steal_from(cpu_ptr(cpu, runq));

		if (got > 0) {
			trace(TRACE_STEAL, got, cpu);
			return true;
		}
		busy |= got < 0;
		left &= ~(1ull << cpu);
	}
	if (busy) {
		arch_relax();
	}
	return busy;
}

/* The queue with waiting threads that lags most; NULL if nobody waits. */
static struct runq *slowest(void)
{
	struct runq *best = NULL;

	for (u64 left = others(); left != 0; left &= left - 1) {
		struct runq *rq =
			cpu_ptr((unsigned)__builtin_ctzll(left), runq);

		if (READ_ONCE(rq->ready.count) > 0 &&
		    (best == NULL || (s64)(fair_pace(&rq->ready) -
					   fair_pace(&best->ready)) < 0)) {
			best = rq;
		}
	}
	return best;
}

void balance_take(void)
{
	struct runq *own = this_cpu_ptr(runq);
	struct runq *other = slowest();
	bool take = false;

	if (other == NULL || runq_current(own) == own->idle) {
		return; /* an idle processor steals on its way to sleep */
	}
	WITH_SPINLOCK (&own->lock) {
		take = fair_should_take(&own->ready, &other->ready);
	}
	if (take) {
		take_over(other, 1);
	}
}

/* How far a queue must be, if its one thread ran on since the last pick. */
static u64 pace_estimate(const struct runq *rq)
{
	s64 ran = (s64)(arch_cycles() - READ_ONCE(rq->charged));

	return fair_pace(&rq->ready) + ((u64)MAX(ran, 0l) >> rq->ready.shift);
}

static void ask_who_is_ahead(u64 among)
{
	u64 own = fair_pace(&this_cpu_ptr(runq)->ready);
	unsigned best = MAX_CPUS;
	s64 most = FAIR_AHEAD_DAYS;

	for (; among != 0; among &= among - 1) {
		unsigned cpu = (unsigned)__builtin_ctzll(among);
		s64 ahead = (s64)(pace_estimate(cpu_ptr(cpu, runq)) - own);

		if (ahead > most) {
			most = ahead;
			best = cpu;
		}
	}
	if (best < MAX_CPUS) {
		arch_ipi_send(best, VECTOR_RESCHEDULE);
	}
}

void balance_offer(u64 cpus)
{
	u64 idle = READ_ONCE(idle_cpus) & cpus;

	if (idle != 0) {
		arch_ipi_send(cpu_near(idle, cpu_id()), VECTOR_RESCHEDULE);
	}
}

void balance_invite(void)
{
	/* Pairs with sched_idle(): one of us sees the other (I2). */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	balance_offer(others());
}

/*
 * Those who wait here may be bound to some processors, so one that is idle may
 * have no use for them, and one that is ahead neither: the running thread,
 * which will wait next, tells who has.
 */
void balance_ask(void)
{
	u64 busy = others() & ~READ_ONCE(idle_cpus);
	u64 useful = busy & current_thread()->affinity;

	balance_invite();
	ask_who_is_ahead(useful ? useful : busy);
}

/* The thread may not stay; true if it is in the caller's hands now. */
static bool displace_locked(struct runq *rq, struct thread *thread)
{
	if (thread_waits_locked(rq, thread)) {
		fair_remove(&rq->ready, &thread->fair);
		runq_send_locked(thread);
		return true;
	}
	if (thread_evict_locked(thread)) {
		fair_close_turns(&rq->ready);
		if (thread->cpu == cpu_id()) {
			arch_preempt_want();
		} else {
			arch_ipi_send(thread->cpu, VECTOR_RESCHEDULE);
		}
	}
	return false;
}

int thread_set_affinity(struct thread *thread, u64 cpus)
{
	struct runq *rq;
	bool ours = false;
	u64 flags;

	if ((cpus & READ_ONCE(online_cpus)) == 0) {
		return -EINVAL;
	}
	rq = runq_lock_of(thread, &flags);
	WRITE_ONCE(thread->affinity, cpus);
	if (!thread_may_run_on(thread, thread->cpu)) {
		ours = displace_locked(rq, thread);
	}
	spin_unlock_irq(&rq->lock, flags);
	if (ours) {
		runq_bring(rq, thread);
	}
	return 0;
}
