/* SPDX-License-Identifier: MIT */
/*
 * Timers: in order, never early, each once, and not after a cancel.
 */
#include "kernel/timer.h"

#include "arch/cpu.h"
#include "arch/irq.h"
#include "arch/vectors.h"
#include "kernel/clock.h"
#include "kernel/irq.h"
#include "kernel/preempt.h"
#include "lib/string.h"
#include "sched/sched.h"
#include "tests/ktest.h"

#define TIMERS       2000
#define SPREAD_NS    20000000ul
#define AHEAD_NS     10000000ul
#define FAR_NS       3600000000000ul
#define STORM_TIMERS 200
#define STORM_STEPS  20000
#define PERIODS      200
#define READS        100000

struct alarm {
	struct timer timer;
	u64 due_ns;
	u32 runs;
	u32 early;
	bool armed; /* as the test believes */
};

static struct alarm alarms[TIMERS];
static u64 last_due, disordered, in_thread;

static void alarm_rings(struct timer *timer)
{
	struct alarm *a = container_of(timer, struct alarm, timer);

	a->runs++;
	a->early += clock_ns() < a->due_ns;
	a->armed = false;
	disordered += a->due_ns < last_due;
	last_due = a->due_ns;
	in_thread += !irq_active() || arch_irq_enabled();
}

static void alarms_reset(void)
{
	memset(alarms, 0, sizeof(alarms));
	last_due = disordered = in_thread = 0;
	for (unsigned i = 0; i < TIMERS; i++) {
		timer_init(&alarms[i].timer, alarm_rings);
	}
}

static void alarm_set(struct alarm *a, u64 due_ns)
{
	WITH_PREEMPT_OFF () {
		u64 flags = arch_irq_save();

		a->due_ns = due_ns;
		a->armed = true;
		timer_arm(&a->timer, due_ns);
		arch_irq_restore(flags);
	}
}

KTEST(timer_order, "thousands of timers run in order, none early, each once")
{
	u64 from;

	alarms_reset();
	from = clock_ns() + AHEAD_NS;
	for (unsigned i = 0; i < TIMERS; i++) {
		alarm_set(&alarms[i], from + ktest_random() % SPREAD_NS);
	}
	/* Some may have been due while others were armed: look at the rest. */
	sched_sleep_ns(from + SPREAD_NS - clock_ns() + 1000000);
	for (unsigned i = 0; i < TIMERS; i++) {
		EXPECT_EQ(alarms[i].runs, 1);
		EXPECT_EQ(alarms[i].early, 0);
		EXPECT(!timer_cancel(&alarms[i].timer));
	}
	EXPECT_EQ(in_thread, 0);
}

KTEST(timer_order_armed, "timers armed in any order run in the order of time")
{
	u64 from = clock_ns() + AHEAD_NS, flags;

	alarms_reset();
	flags = arch_irq_save();
	for (unsigned i = 0; i < TIMERS; i++) {
		alarm_set(&alarms[i], from + ktest_random() % SPREAD_NS);
	}
	arch_irq_restore(flags);
	sched_sleep_ns(AHEAD_NS + SPREAD_NS);
	for (unsigned i = 0; i < TIMERS; i++) {
		EXPECT_EQ(alarms[i].runs, 1);
		EXPECT_EQ(alarms[i].early, 0);
	}
	EXPECT_EQ(disordered, 0);
}

KTEST(timer_same_moment, "timers of one moment all run")
{
	u64 due = clock_ns() + AHEAD_NS, begin, flags;

	alarms_reset();
	flags = arch_irq_save();
	begin = clock_ns();
	for (unsigned i = 0; i < TIMERS; i++) {
		alarm_set(&alarms[i], due);
	}
	begin = clock_ns() - begin;
	arch_irq_restore(flags);
	sched_sleep_ns(AHEAD_NS + begin);
	for (unsigned i = 0; i < TIMERS; i++) {
		EXPECT_EQ(alarms[i].runs, 1);
		EXPECT_EQ(alarms[i].early, 0);
	}
}

KTEST(timer_cancelled, "a cancelled timer never runs, and the cancel says so")
{
	alarms_reset();
	for (unsigned i = 0; i < TIMERS; i++) {
		alarm_set(&alarms[i], clock_ns() + AHEAD_NS + i * 1000);
	}
	for (unsigned i = 0; i < TIMERS; i += 2) {
		bool ran = READ_ONCE(alarms[i].runs) != 0;
		bool taken = timer_cancel(&alarms[i].timer);

		EXPECT(!(ran && taken));
		EXPECT_EQ(taken, READ_ONCE(alarms[i].runs) == 0);
		EXPECT(!timer_cancel(&alarms[i].timer));
		alarms[i].armed = !taken;
	}
	sched_sleep_ns(AHEAD_NS + TIMERS * 1000);
	for (unsigned i = 0; i < TIMERS; i++) {
		EXPECT_EQ(alarms[i].runs, i % 2 ? 1 : alarms[i].armed);
	}
}

KTEST(timer_moves, "a timer that is armed again runs at the new time alone")
{
	struct alarm *a = &alarms[0];
	u64 flags;

	alarms_reset();
	alarm_set(a, clock_ns() + FAR_NS);
	alarm_set(a, clock_ns() + 1000000);
	sched_sleep_ns(3000000);
	EXPECT_EQ(a->runs, 1);
	flags = arch_irq_save();
	alarm_set(a, clock_ns() + 1000000);
	alarm_set(a, clock_ns() + FAR_NS);
	arch_irq_restore(flags);
	sched_sleep_ns(3000000);
	EXPECT_EQ(a->runs, 1);
	EXPECT(timer_cancel(&a->timer));
	alarm_set(a, 0);
	sched_sleep_ns(1000000);
	EXPECT_EQ(a->runs, 2);
	EXPECT_EQ(a->early, 0);
}

static void storm_step(void)
{
	u64 random = ktest_random();
	struct alarm *a = &alarms[random % STORM_TIMERS];

	if (random >> 32 & 1) {
		alarm_set(a, clock_ns() + (random >> 40) % 400000);
	} else {
		timer_cancel(&a->timer);
	}
}

KTEST(timer_storm, "a storm of arming, moving and cancelling loses no timer")
{
	alarms_reset();
	for (unsigned i = 0; i < STORM_STEPS; i++) {
		storm_step();
	}
	for (unsigned i = 0; i < STORM_TIMERS; i++) {
		alarm_set(&alarms[i], clock_ns() + 300000);
		alarms[i].runs = 0;
	}
	sched_sleep_ns(1000000);
	for (unsigned i = 0; i < STORM_TIMERS; i++) {
		EXPECT(alarms[i].runs <= 1);
		EXPECT(!alarms[i].armed);
		EXPECT_EQ(alarms[i].early, 0);
		EXPECT(!timer_cancel(&alarms[i].timer));
	}
}

static u64 periods;

static void again(struct timer *timer)
{
	if (++periods < PERIODS) {
		timer_arm(timer, clock_ns() + 20000);
	}
}

KTEST(timer_periodic, "a timer may arm itself from its own function")
{
	struct timer timer;
	u64 limit = clock_ns() + 5000000000ul;

	periods = 0;
	timer_init(&timer, again);
	timer_arm(&timer, clock_ns());
	while (READ_ONCE(periods) < PERIODS && clock_ns() < limit) {
		sched_sleep_ns(1000000);
	}
	EXPECT_EQ(periods, PERIODS);
	EXPECT(!timer_cancel(&timer));
}

static void always_due(struct timer *timer)
{
	if (++periods < PERIODS) {
		timer_arm(timer, clock_ns() + 1);
	}
}

KTEST(timer_always_due, "a timer that is due again at once waits its turn")
{
	u64 limit = clock_ns() + 5000000000ul;
	u64 interrupts = irq_count(VECTOR_TIMER);
	struct timer timer;

	periods = 0;
	timer_init(&timer, always_due);
	timer_arm(&timer, clock_ns());
	while (READ_ONCE(periods) < PERIODS && clock_ns() < limit) {
		arch_relax();
	}
	EXPECT_EQ(periods, PERIODS);
	EXPECT(irq_count(VECTOR_TIMER) - interrupts >= PERIODS);
}

KTEST(timer_end_of_time, "a timer of the far future waits, a past one runs")
{
	static const u64 dues[] = { UINT64_MAX, UINT64_MAX - 1, UINT64_MAX,
				    1ul << 63 };

	alarms_reset();
	for (unsigned i = 0; i < ARRAY_SIZE(dues); i++) {
		alarm_set(&alarms[i], dues[i]);
	}
	alarm_set(&alarms[ARRAY_SIZE(dues)], 0);
	sched_sleep_ns(3000000);
	for (unsigned i = 0; i < ARRAY_SIZE(dues); i++) {
		EXPECT(timer_cancel(&alarms[i].timer));
		EXPECT_EQ(alarms[i].runs, 0);
	}
	EXPECT_EQ(alarms[ARRAY_SIZE(dues)].runs, 1);
}

KTEST(clock_goes_forward, "the clock never goes back, and agrees with cycles")
{
	u64 last = clock_ns();

	for (unsigned i = 0; i < READS; i++) {
		u64 now = clock_ns();

		EXPECT(now >= last);
		last = now;
	}
	EXPECT(last > 0);
	EXPECT_EQ(clock_cycles_to_ns(0), 0);
	EXPECT(clock_cycles_to_ns(arch_cycles_hz()) >= 999999000);
	EXPECT(clock_cycles_to_ns(arch_cycles_hz()) <= 1000001000);
}
