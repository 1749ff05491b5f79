/* SPDX-License-Identifier: MIT */
/*
 * Work goes to near processors first, on a machine of several nodes.
 */
#include "arch/cpu.h"
#include "kernel/clock.h"
#include "kernel/numa.h"
#include "kernel/preempt.h"
#include "sched/runq.h"
#include "sched/sched.h"
#include "tests/ktest.h"
#include "tests/sched/crew.h"

#define LIMIT_NS    500000000ul
#define FAR_THREADS 3

static struct crew holders, workers;
static unsigned held;                   /* [a] processors that hold() keeps */
static unsigned ran;                    /* [a] workers that ran */
static bool release_thief, release_all; /* [a] */
static bool near_first;                 /* [a] the near worker was the first */

/* The nearest node with a processor of the set. */
static u32 nearest_with(u64 cpus, u32 from)
{
	u32 i = 0;

	while ((numa.cpus[numa.nearest[from][i]] & cpus) == 0) {
		i++;
	}
	return numa.nearest[from][i];
}

/* It is the nearest of the idle ones, or if none is of all. */
static bool placed_near(const struct thread *thread)
{
	unsigned place;
	u64 idle;

	do {
		idle = READ_ONCE(idle_cpus);
		place = balance_place(thread);
	} while (idle != READ_ONCE(idle_cpus));
	idle &= thread->affinity;
	return numa.cpu_node[place] ==
	       nearest_with(idle ? idle : thread->affinity,
			    numa.cpu_node[thread->cpu]);
}

KTEST(near_place, "a thread that may not stay goes to the nearest node")
{
	u64 online = READ_ONCE(online_cpus);

	for (u64 left = online; numa.last_node > 0 && left != 0;
	     left &= left - 1) {
		unsigned cpu = (unsigned)__builtin_ctzll(left);
		struct thread thread = { .cpu = (u16)cpu };

		thread.affinity = online & ~(1ull << cpu);
		EXPECT(placed_near(&thread));
		thread.affinity = online & ~numa.cpus[numa.cpu_node[cpu]];
		EXPECT(placed_near(&thread));
	}
	if (numa.last_node == 0) {
		ktest_skip("one node");
	}
}

/* Keeps its processor from stealing until it is told. */
static void hold(void *arg)
{
	const bool *until = arg;
	u64 flags = arch_irq_save();

	__atomic_fetch_add(&held, 1, __ATOMIC_RELAXED);
	while (!READ_ONCE(*until)) {
		arch_relax();
	}
	arch_irq_restore(flags);
}

static void work(void *near)
{
	if (__atomic_fetch_add(&ran, 1, __ATOMIC_RELAXED) == 0) {
		WRITE_ONCE(near_first, near != NULL);
	}
}

static void hold_others(unsigned thief)
{
	unsigned count = 0;

	held = ran = 0;
	release_thief = release_all = near_first = false;
	for (unsigned cpu = 1; cpu < MAX_CPUS; cpu++) {
		if (cpu_present(cpu)) {
			holders.affinity = 1ull << cpu;
			count += crew_add(&holders, hold,
					  cpu == thief ? &release_thief
						       : &release_all) == 0;
		}
	}
	while (READ_ONCE(held) < count) {
		arch_relax();
	}
}

/* Puts threads into the queue of a held processor, from where all may go. */
static int queue_work(unsigned cpu, unsigned count, void *near)
{
	int err = 0;

	workers.affinity = 1ull << cpu;
	while (count-- > 0 && err == 0) {
		err = crew_add(&workers, work, near);
	}
	return err;
}

static void let_go(void)
{
	for (unsigned i = 0; i < workers.count; i++) {
		WRITE_ONCE(workers.threads[i]->affinity, UINT64_MAX);
	}
	WRITE_ONCE(release_thief, true);
}

static bool all_ran_within(u64 ns)
{
	u64 end = clock_ns() + ns;

	while (READ_ONCE(ran) < FAR_THREADS + 1 && clock_ns() < end) {
		arch_relax();
	}
	return READ_ONCE(ran) == FAR_THREADS + 1;
}

/* Processors 0 and 1 are on the first node, 2 and 3 on the other. */
static bool two_pairs(void)
{
	return numa.last_node == 1 && numa.cpus[0] == 3 && numa.cpus[1] == 12;
}

KTEST(near_steal, "an idle processor steals from a near queue before a fuller "
		  "one that is far")
{
	bool in_time = false;
	int err = 0;

	if (!two_pairs()) {
		ktest_skip("not two nodes of two processors");
		return;
	}
	while (cpu_id() != 0) {
		current_thread()->affinity = 1;
		sched_sleep_ns(1000);
	}
	crew_pin_here(&holders);
	hold_others(3);
	WITH_PREEMPT_OFF () {
		err = queue_work(1, FAR_THREADS, NULL);
		err = err ? err : queue_work(2, 1, &ran);
		let_go();
		in_time = all_ran_within(LIMIT_NS);
		WRITE_ONCE(release_all, true);
	}
	crew_join(&workers);
	crew_join(&holders);
	EXPECT_EQ(err, 0);
	EXPECT(in_time);
	EXPECT(near_first);
}
