/* SPDX-License-Identifier: MIT */
/*
 * Which processors count as idle, and what an idle one finds to steal.
 */
#include "arch/cpu.h"
#include "kernel/clock.h"
#include "kernel/preempt.h"
#include "sched/runq.h"
#include "sched/sched.h"
#include "tests/ktest.h"
#include "tests/sched/crew.h"

#define SLEEP_NS 1000000ul
#define LIMIT_NS 500000000ul

static struct crew crew;
static unsigned wrongly_idle; /* [a] */
static unsigned busy;         /* [a] processors that hold() keeps */
static bool release, stolen;  /* [a] */

/* Woken by the timer on a processor that slept. */
static void looks_idle(void *arg)
{
	(void)arg;
	sched_sleep_ns(SLEEP_NS);
	if (READ_ONCE(idle_cpus) >> cpu_id() & 1) {
		__atomic_fetch_add(&wrongly_idle, 1, __ATOMIC_RELAXED);
	}
}

KTEST(balance_busy_is_not_idle,
      "a processor whose sleep a thread ended is not taken for idle")
{
	wrongly_idle = 0;
	for (unsigned cpu = 0; cpu < MAX_CPUS; cpu++) {
		if (sched_online(cpu)) {
			crew.affinity = 1ull << cpu;
			EXPECT_EQ(crew_add(&crew, looks_idle, NULL), 0);
		}
	}
	crew_join(&crew);
	EXPECT_EQ(wrongly_idle, 0);
}

/* Keeps its processor from stealing until it is told. */
static void hold(void *arg)
{
	u64 flags = arch_irq_save();

	(void)arg;
	__atomic_fetch_add(&busy, 1, __ATOMIC_RELAXED);
	while (!READ_ONCE(release)) {
		arch_relax();
	}
	arch_irq_restore(flags);
}

static void nothing(void *arg)
{
	(void)arg;
}

static void is_stolen(void *arg)
{
	(void)arg;
	WRITE_ONCE(stolen, true);
}

/* Every processor but this one is held; the number of them. */
static unsigned hold_others(void)
{
	unsigned count = 0;

	for (unsigned cpu = 0; cpu < MAX_CPUS; cpu++) {
		if (sched_online(cpu) && cpu != cpu_id()) {
			crew.affinity = 1ull << cpu;
			count += crew_add(&crew, hold, NULL) == 0;
		}
	}
	while (READ_ONCE(busy) < count) {
		arch_relax();
	}
	return count;
}

KTEST(balance_steals_past_pinned,
      "an idle processor finds the thread that waits before a pinned one")
{
	u64 end;
	int err = 0;

	crew_pin_here(&crew);
	busy = 0;
	release = stolen = false;
	if (hold_others() == 0) {
		crew_join(&crew);
		ktest_skip("one processor");
		return;
	}
	WITH_PREEMPT_OFF () {
		crew.affinity = UINT64_MAX;
		err = crew_add(&crew, is_stolen, NULL);
		crew.affinity = 1ull << cpu_id();
		err = err ? err : crew_add(&crew, nothing, NULL);
		WRITE_ONCE(release, true);
		end = clock_ns() + LIMIT_NS;
		while (!READ_ONCE(stolen) && clock_ns() < end) {
			arch_relax();
		}
		end = READ_ONCE(stolen); /* before preemption comes on again */
	}
	crew_join(&crew);
	EXPECT_EQ(err, 0);
	EXPECT(end);
}
