/* SPDX-License-Identifier: MIT */
/*
 * Ticks: while a processor does not idle, a timer looks every TICK_NS what it
 * does.  Reading a clock at each entry and exit of the kernel would be exact,
 * and cost a null call half as much again.
 *
 * Time in the kernel.  A thread's cycles are exact (sched/runq.h); a sample
 * decides where those count that it runs from then until the next sample finds
 * it.  So neither sum ever goes back, and together they are the cycles.
 *
 * Load.  Every LOAD_NS the first processor that ticks counts who wants to run.
 * Where none ticked, all idled: who comes later makes up for it.
 */
#include "sched/tick.h"

#include "arch/cpu.h"
#include "kernel/clock.h"
#include "kernel/irq.h"
#include "sched/runq.h"
#include "sched/sched.h"

#define TICK_NS 4000000ul

percpu_zero struct timer tick_timer;

/* [c] */
static percpu_zero struct {
	u64 kernel_cycles;
	u64 busy_cycles; /* not idled, when the last tick was */
} spent;

static struct {
	u64 until_ns;         /* [a] counted; who moves it sets the rest */
	u32 load[LOAD_COUNT]; /* [a] */
} averages;

u64 load_now(void)
{
	u64 count = 0;

	for (unsigned cpu = 0; cpu < MAX_CPUS; cpu++) {
		if (sched_online(cpu)) {
			struct runq *rq = cpu_ptr(cpu, runq);

			/* Who runs is in a list only while turns are open. */
			count += READ_ONCE(rq->ready.count) +
				 (READ_ONCE(rq->ready.turn_end) == 0 &&
				  runq_current(rq) != rq->idle);
		}
	}
	return count;
}

/* `idle` times nobody wanted to run, then, if `sampled`, `active`. */
static void load_add(u64 idle, u64 active, bool sampled)
{
	for (unsigned i = 0; i < LOAD_COUNT; i++) {
		u32 load = READ_ONCE(averages.load[i]);

		for (u64 n = idle; n > 0 && load > 0; n--) {
			load = load_after(load, i, 0);
		}
		load = sampled ? load_after(load, i, active) : load;
		WRITE_ONCE(averages.load[i], load);
	}
}

static void load_update(bool sampled)
{
	u64 until = READ_ONCE(averages.until_ns);
	u64 periods = (clock_ns() - until) / LOAD_NS;

	if (periods > 0 &&
	    __atomic_compare_exchange_n(&averages.until_ns, &until,
					until + periods * LOAD_NS, false,
					__ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
		u64 active = sampled ? load_now() << LOAD_SHIFT : 0;

		load_add(periods - sampled, active, sampled);
	}
}

void load_averages(u32 out[LOAD_COUNT])
{
	load_update(false);
	for (unsigned i = 0; i < LOAD_COUNT; i++) {
		out[i] = READ_ONCE(averages.load[i]);
	}
}

static void sample_locked(struct runq *rq, bool in_kernel)
{
	struct thread *current = runq_current(rq);
	u64 busy = arch_cycles() - rq->idle->cycles;

	if (current->in_kernel != in_kernel) {
		current->in_kernel = in_kernel;
		current->other_cycles = thread_cycles_locked(rq, current) -
					current->other_cycles;
	}
	this_cpu(spent).kernel_cycles +=
		in_kernel ? busy - this_cpu(spent).busy_cycles : 0;
	this_cpu(spent).busy_cycles = busy;
}

static void tick_over(struct timer *timer)
{
	struct runq *rq = this_cpu_ptr(runq);
	bool busy = false;

	WITH_SPINLOCK (&rq->lock) {
		busy = runq_current(rq) != rq->idle;
		if (busy) {
			sample_locked(rq, !irq_from_user());
		}
	}
	load_update(true);
	if (busy) {
		timer_arm(timer, clock_ns() + TICK_NS);
	}
}

void tick_init(void)
{
	timer_init(this_cpu_ptr(tick_timer), tick_over);
}

void tick_start(void)
{
	timer_arm(this_cpu_ptr(tick_timer), clock_ns() + TICK_NS);
}

u64 tick_kernel_cycles(unsigned cpu)
{
	return READ_ONCE(cpu_ptr(cpu, spent)->kernel_cycles);
}

void thread_usage_sum(const struct thread_usage *usage,
		      struct thread_usage *sum)
{
	sum->cycles += usage->cycles;
	sum->kernel_cycles += usage->kernel_cycles;
	sum->sleeps += usage->sleeps;
	sum->preemptions += usage->preemptions;
	sum->faults += usage->faults;
}

void thread_usage_add(struct thread *thread, struct thread_usage *sum)
{
	u64 flags;
	struct runq *rq = runq_lock_of(thread, &flags);
	u64 cycles = thread_cycles_locked(rq, thread);
	struct thread_usage usage = {
		.cycles = cycles,
		.kernel_cycles = thread->in_kernel
					 ? cycles - thread->other_cycles
					 : thread->other_cycles,
		.sleeps = READ_ONCE(thread->sleeps),
		.preemptions = READ_ONCE(thread->preemptions),
		.faults = READ_ONCE(thread->arch.faults),
	};

	spin_unlock_irq(&rq->lock, flags);
	thread_usage_sum(&usage, sum);
}
