/* SPDX-License-Identifier: MIT */
/*
 * Balance between processors: where a thread that becomes ready goes, what an
 * idle processor steals, and what a processor that lags behind gives away.
 *
 * Theory.  Work moves in three ways, each by one lock at a time:
 *
 * - A thread that becomes ready goes to an idle processor if its own is busy.
 * - An idle processor steals half of the ready threads of the fullest queue.
 *   It never waits for a victim's lock: a queue whose lock is taken is passed
 *   over, for its owner is at work.
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

unsigned balance_place(const struct thread *thread)
{
	unsigned cpu = thread->cpu;
	u64 idle = READ_ONCE(idle_cpus) & thread->affinity;

	if (!thread_may_run_on(thread, cpu)) {
		return cpu_from(thread->affinity & READ_ONCE(online_cpus), cpu);
	}
	return idle == 0 || idle >> cpu & 1 ? cpu : cpu_from(idle, cpu);
}

/*
 * Takes up to `count` threads that may run on `to` out of a queue whose lock
 * is held, those that would run last.  Others are put back afterwards, the
 * last one last, so that none is looked at twice.
 */
static void take_locked(struct runq *rq, unsigned to, u32 count,
			struct list *taken)
{
	u32 looks = MIN(rq->ready.count, 2 * count);
	struct list others = LIST_INIT(others);
	struct list *link;

	while (count > 0 && looks-- > 0) {
		struct fair_entity *e = fair_take_last(&rq->ready);

		if (thread_may_run_on(thread_of(e), to)) {
			thread_of(e)->cpu = (u16)to;
			list_push_back(taken, &e->link);
			count--;
		} else {
			list_push_front(&others, &e->link);
		}
	}
	while ((link = list_pop_front(&others)) != NULL) {
		fair_insert(&rq->ready,
			    list_entry(link, struct fair_entity, link));
	}
}

/* Inserts what was taken out of `from` into this processor's queue. */
static void bring_here(struct runq *from, struct list *taken)
{
	struct runq *rq = this_cpu_ptr(runq);
	struct list *link;

	WITH_SPINLOCK_IRQ (&rq->lock) {
		while ((link = list_pop_front(taken)) != NULL) {
			struct fair_entity *e =
				list_entry(link, struct fair_entity, link);

			trace(TRACE_MIGRATE, thread_of(e)->tid, cpu_id());
			fair_move(e, &from->ready, &rq->ready);
			fair_insert(&rq->ready, e);
		}
	}
}

/* Takes up to `count` threads over from a queue unless its lock is taken. */
static bool take_over(struct runq *from, u32 count)
{
	struct list taken = LIST_INIT(taken);

	if (!spin_trylock(&from->lock)) {
		return false;
	}
	take_locked(from, cpu_id(), count, &taken);
	spin_unlock(&from->lock);
	if (list_empty(&taken)) {
		return false;
	}
	bring_here(from, &taken);
	return true;
}

static u64 others(void)
{
	return READ_ONCE(online_cpus) & ~(1ull << cpu_id());
}

/* The queue with most waiting threads; NULL if nobody waits. */
static struct runq *fullest(void)
{
	struct runq *best = NULL;
	u32 most = 0;

	for (u64 left = others(); left != 0; left &= left - 1) {
		struct runq *rq =
			cpu_ptr((unsigned)__builtin_ctzll(left), runq);
		u32 count = READ_ONCE(rq->ready.count);

		if (count > most) {
			most = count;
			best = rq;
		}
	}
	return best;
}

bool balance_steal(void)
{
	struct runq *own = this_cpu_ptr(runq);
	struct runq *victim = fullest();

	if (victim == NULL) {
		return false;
	}
	WITH_SPINLOCK (&own->lock) {
		fair_follow(&own->ready, &victim->ready);
	}
	return take_over(victim, MIN((READ_ONCE(victim->ready.count) + 1) / 2,
				     (u32)STEAL_MAX));
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

	if (other == NULL || own->current == own->idle) {
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

static void ask_who_is_ahead(void)
{
	u64 own = fair_pace(&this_cpu_ptr(runq)->ready);
	unsigned best = MAX_CPUS;
	s64 most = FAIR_AHEAD_DAYS;

	for (u64 left = others(); left != 0; left &= left - 1) {
		unsigned cpu = (unsigned)__builtin_ctzll(left);
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

bool balance_invite(void)
{
	u64 idle;

	/* Pairs with sched_idle(): one of us sees the other (I2). */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	idle = READ_ONCE(idle_cpus) & others();
	if (idle == 0) {
		return false;
	}
	arch_ipi_send(cpu_from(idle, cpu_id()), VECTOR_RESCHEDULE);
	return true;
}

void balance_ask(void)
{
	if (!balance_invite()) {
		ask_who_is_ahead();
	}
}

int thread_set_affinity(struct thread *thread, u64 cpus)
{
	if ((cpus & READ_ONCE(online_cpus)) == 0) {
		return -EINVAL;
	}
	WRITE_ONCE(thread->affinity, cpus);
	return 0;
}
