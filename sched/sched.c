/* SPDX-License-Identifier: MIT */
/*
 * The scheduler: each processor has a run queue, from which it alone picks.
 *
 * Theory.  A run queue holds the ready threads in the order of
 * sched/fair.h; the running thread is in none.  There is no lock above the
 * queues' own, and none is held while another is taken.
 *
 * I1  RUNNABLE: the thread is `current` of the queue of `cpu`, or it waits in
 *     that queue, whose processor may run it.  MOVING: it is in the hands of
 *     the one processor that took it out of a queue or a sleep and brings it
 *     to `cpu`, in runq_bring() or balance.c.
 * I2  Exactly one thread is `current` of a queue.  The idle thread, which
 *     never waits there, is if nobody else wants to run.  EVICTED: it is
 *     `current` until the next switch, which sends it to where
 *     balance_place() says once it is complete.
 * I3  The queue's lock is held from before the choice of the next thread
 *     until the switch to it is complete, on the new stack.  So a thread in a
 *     queue is never still running: its registers are saved.
 * I4  A thread goes from RUNNABLE to SLEEPING only by itself, under the lock
 *     of the wait queue in whose list it then is; from SLEEPING back to
 *     RUNNABLE only in sched_wake(), under the run queue's lock, by the one
 *     waker that took it out of the wait queue's list.  An
 *     INTERRUPTIBLE sleep may end in sched_interrupt() as well, with the
 *     thread still in that list: it takes itself out (sched/waitq.c).
 * I5  While threads wait in the queue of a processor that does not idle, its
 *     slice timer is armed or an interrupt is under way that arms it.
 *
 * Why no wake-up is lost.  The waker found the thread in the wait queue, so
 * it came after the thread was set SLEEPING (both under the wait queue's
 * lock).  If it gets the run queue's lock before the thread's processor does
 * (sched_block()), the thread is still `current`: it becomes RUNNABLE again
 * and sched_block() returns at once.  If it comes later, the switch is
 * complete (I3) and the thread goes into a queue.
 *
 * Why no processor sleeps while its queue has a thread.  It looks at its
 * queue with interrupts off and sleeps with the instruction that turns them
 * on; whoever adds a thread to the queue of an idle processor interrupts it.
 */
#include "sched/sched.h"

#include "arch/cpu.h"
#include "arch/smp.h"
#include "arch/thread.h"
#include "arch/vectors.h"
#include "kernel/clock.h"
#include "kernel/irq.h"
#include "kernel/preempt.h"
#include "lib/assert.h"
#include "mm/aspace.h"
#include "sched/runq.h"
#include "sched/tick.h"
#include "trace/trace.h"

percpu_zero struct runq runq;

u64 online_cpus;
u64 idle_cpus;

/* Under the lock: a thief may just have threads in hand that it puts back. */
static void slice_over(struct timer *timer)
{
	struct runq *rq = this_cpu_ptr(runq);
	bool others_wait = false;

	WITH_SPINLOCK (&rq->lock) {
		others_wait = rq->ready.count > 0;
	}
	if (others_wait) {
		arch_preempt_want();
		timer_arm(timer, clock_ns() + SLICE_NS);
		balance_ask();
	}
}

void sched_init(struct thread *idle)
{
	struct runq *rq = this_cpu_ptr(runq);

	spin_init(&rq->lock, LOCK_RUNQ);
	fair_queue_init(&rq->ready, arch_cycles_hz() / 1000 * DAY_NS / 1000000);
	timer_init(&rq->slice, slice_over);
	tick_init();
	idle->state = THREAD_RUNNABLE;
	idle->cpu = (u16)cpu_id();
	rq->idle = idle;
	rq->charged = arch_cycles(); /* firmware ran until here */
	rq->head = this_cpu_ptr(percpu_head);
	static_assert(offsetof(struct thread, fair) == 0, "what it points to");
	rq->ready.running = (void *)&rq->head->current;
	this_cpu(percpu_head).current = idle;
	this_cpu(percpu_head).tid = idle->tid;
	__atomic_fetch_or(&online_cpus, 1ull << cpu_id(), __ATOMIC_RELEASE);
}

bool sched_online(unsigned cpu)
{
	/* Pairs with the release in sched_init(). */
	return __atomic_load_n(&online_cpus, __ATOMIC_ACQUIRE) >> cpu & 1;
}

struct runq *runq_lock_of(const struct thread *thread, u64 *flags)
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

/*
 * Another processor put a thread into our queue, or lags behind us, or took
 * from our thread the right to run here.
 */
static void reschedule_interrupt(void *arg)
{
	struct runq *rq = this_cpu_ptr(runq);

	(void)arg;
	WITH_SPINLOCK (&rq->lock) {
		runq_advance_locked(rq);
	}
	balance_take();
	WITH_SPINLOCK (&rq->lock) {
		if (rq->ready.count > 0) {
			runq_watch_slice_locked(rq);
		}
		if (rq->ready.count > 0 ||
		    runq_current(rq)->state == THREAD_EVICTED) {
			arch_preempt_want();
		}
	}
}

int sched_start_interrupts(void)
{
	return irq_register_vector(VECTOR_RESCHEDULE, reschedule_interrupt,
				   NULL);
}

void sched_idle(void)
{
	struct runq *rq = this_cpu_ptr(runq);
	u64 self = 1ull << cpu_id();

	for (;;) {
		arch_irq_disable();
		if (rq->ready.count > 0 || balance_steal()) {
			sched_block();
			continue;
		}
		__atomic_fetch_or(&idle_cpus, self, __ATOMIC_SEQ_CST);
		/* Pairs with balance_invite(): one of us sees the other (I2
		 * there). */
		if (!balance_steal()) {
			arch_wait_irq();
		}
		idle_clear();
	}
}

void sched_sleep_ns(u64 ns)
{
	struct waitq nobody_wakes = WAITQ_INIT(nobody_wakes);
	u64 deadline = clock_ns() + ns;
	u64 flags = waitq_lock(&nobody_wakes);

	while (waitq_sleep(&nobody_wakes, deadline) == 0) {
	}
	waitq_unlock(&nobody_wakes, flags);
}

void clock_wait_ns(u64 ns)
{
	sched_sleep_ns(ns);
}

u64 sched_online_cpus(void)
{
	return READ_ONCE(online_cpus);
}

void thread_kick(struct thread *thread)
{
	u64 flags;
	struct runq *rq = runq_lock_of(thread, &flags);

	if (runq_current(rq) == thread && thread->cpu != cpu_id()) {
		arch_ipi_send(thread->cpu, VECTOR_RESCHEDULE);
	}
	spin_unlock_irq(&rq->lock, flags);
}

u64 thread_cycles(struct thread *thread)
{
	u64 flags;
	struct runq *rq = runq_lock_of(thread, &flags);
	u64 cycles = thread_cycles_locked(rq, thread);

	spin_unlock_irq(&rq->lock, flags);
	return cycles;
}

u64 sched_idle_cycles(unsigned cpu)
{
	struct thread *idle = READ_ONCE(cpu_ptr(cpu, runq)->idle);

	return idle ? thread_cycles(idle) : 0;
}

void thread_set_nice(struct thread *thread, int nice)
{
	u64 flags;
	struct runq *rq = runq_lock_of(thread, &flags);

	thread->factor = fair_factor(nice);
	if (thread->debt == 0 || thread->factor < thread->fair.factor) {
		thread->fair.factor = thread->factor;
	}
	fair_close_turns(&rq->ready); /* it may be the one that runs */
	spin_unlock_irq(&rq->lock, flags);
}
