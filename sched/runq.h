/* SPDX-License-Identifier: MIT */
/*
 * Run queues, shared by the scheduler (sched/sched.c) and the balancer
 * (sched/balance.c).
 */
#ifndef EXO_SCHED_RUNQ_H
#define EXO_SCHED_RUNQ_H

#include "arch/percpu.h"
#include "kernel/clock.h"
#include "kernel/explore.h"
#include "kernel/spinlock.h"
#include "kernel/timer.h"
#include "sched/fair.h"
#include "sched/thread.h"

struct runq {
	struct spinlock lock;
	struct fair_queue ready;  /* [lock] struct thread.fair */
	struct percpu_head *head; /* [I] of its processor */
	struct thread *idle;      /* [I] */
	u64 switches;             /* [lock] */
	u64 charged;              /* [lock] cycles: until when current paid */
	struct timer slice;       /* [c] */
};

extern percpu_zero struct runq runq;

/* Processors whose run queue works, and those that have nothing to do. */
extern u64 online_cpus; /* [a] */
extern u64 idle_cpus;   /* [a] */

/* Who runs, or `idle`. Lock held, or its own processor, or a guess. */
static inline struct thread *runq_current(const struct runq *rq)
{
	return READ_ONCE(rq->head->current);
}

/* It waits in the queue. Never asked of an idle thread. Lock held. */
static inline bool thread_waits_locked(const struct runq *rq,
				       const struct thread *thread)
{
	return thread->state == THREAD_RUNNABLE && thread != runq_current(rq);
}

/* How long a thread runs while others wait: FAIR_SLICE_DAYS days. */
#ifdef EXO_PREEMPT_ALWAYS
#define DAY_NS 20000ul
#else
#define DAY_NS 250000ul
#endif
#define SLICE_NS (FAIR_SLICE_DAYS * DAY_NS)

static inline struct thread *thread_of(struct fair_entity *e)
{
	return container_of(e, struct thread, fair);
}

static inline bool thread_may_run_on(const struct thread *t, unsigned cpu)
{
	return t->affinity >> cpu & 1;
}

/* The running thread pays for its time so far. Lock held. */
static inline void runq_charge_locked(struct runq *rq, u64 now)
{
	struct thread *current = runq_current(rq);
	u64 ran = now - rq->charged;

	rq->charged = now;
	current->cycles += ran;
	fair_charge(&current->fair, ran);
}

/* What it has run until now. Lock held. */
static inline u64 thread_cycles_locked(const struct runq *rq,
				       const struct thread *thread)
{
	return thread->cycles +
	       (runq_current(rq) == thread ? arch_cycles() - rq->charged : 0);
}

/* Somebody waits while another runs: see to it that the slice ends. */
static inline void runq_watch_slice_locked(struct runq *rq)
{
	if (!rq->slice.armed) {
		timer_arm(&rq->slice,
			  clock_ns() + (SLICE_NS >> explore_choose(4)));
	}
}

/* An interrupt may end the idle thread's sleep and switch away from it. */
static inline void idle_clear(void)
{
	u64 self = 1ull << cpu_id();

	if (READ_ONCE(idle_cpus) & self) {
		__atomic_fetch_and(&idle_cpus, ~self, __ATOMIC_RELAXED);
	}
}

/* The queue's time is that of its running thread. Lock held. */
void runq_advance_locked(struct runq *rq);

/*
 * The current thread becomes EVICTED and moves at its processor's next switch;
 * false if it is going to sleep.  It may set itself SLEEPING at any time,
 * without the lock: then it moves when it wakes up.
 */
static inline bool thread_evict_locked(struct thread *thread)
{
	u8 running = THREAD_RUNNABLE;

	return __atomic_compare_exchange_n(&thread->state, &running,
					   THREAD_EVICTED, false,
					   __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

/* Takes the lock of the queue that the thread belongs to. Context: any. */
must_check struct runq *runq_lock_of(const struct thread *thread, u64 *flags);

/*
 * A thread was put into the queue of `cpu`.  This processor is told by its
 * preemption word, another by an interrupt: if it idles, if the thread should
 * run at once (then the result is true), or if nothing ends the slice of the
 * one that runs there.  Lock held.
 */
bool runq_notify_locked(struct runq *rq, unsigned cpu,
			const struct thread *thread);

/*
 * A thread in no queue becomes MOVING, to the place that balance_place()
 * finds.  The lock of the queue that it belonged to is held.
 */
void runq_send_locked(struct thread *thread);

/*
 * Brings a MOVING thread, which was in `from`, into the queue of its `cpu`, or
 * further if its affinity changed on the way.  No runq lock is held.
 */
void runq_bring(struct runq *from, struct thread *thread);

/*
 * The processor that a thread which wakes up should go to: the one that it
 * ran on, unless that is busy and another that may run it is idle.
 */
unsigned balance_place(const struct thread *thread);

/* It surely stays where it ran. */
static inline bool balance_stays(const struct thread *thread)
{
	return !explore_on() && thread_may_run_on(thread, thread->cpu) &&
	       (READ_ONCE(idle_cpus) & thread->affinity) == 0;
}

/*
 * An idle processor takes work from a busy one; true if it found any, or a
 * queue that has some and whose owner is at work on it.
 */
bool balance_steal(void);

/* Interrupts one processor of `cpus` that is idle, if any is. */
void balance_offer(u64 cpus);

/* Tells an idle processor, if there is one, that there is work here. */
void balance_invite(void);

/* This processor has waiting threads: tells one that is ahead, and an idle. */
void balance_ask(void);

/* This processor may be ahead of another: takes over a thread if it is. */
void balance_take(void);

#endif
