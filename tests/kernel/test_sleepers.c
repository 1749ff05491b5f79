/* SPDX-License-Identifier: MIT */
/*
 * Thousands of timers and sleepers at once, on every processor: none early,
 * none forgotten, none run twice, and ten thousand of them cheap.
 */
#include "arch/cpu.h"
#include "kernel/clock.h"
#include "kernel/timer.h"
#include "lib/random.h"
#include "mm/kmem.h"
#include "sched/sched.h"
#include "tests/holdings.h"
#include "tests/ktest.h"
#include "tests/sched/crew.h"

#define MS           1000000ul

#define CROWD        10000
#define CROWD_SPREAD (3600000 * MS)
#define DEARER       8 /* one moment may cost as many times of many moments */
#define CROWD_TRIES  4 /* a busy host makes one of them slow, not all */

#define SLEEPERS     1000
#define SLEEP_MAX_NS (20 * MS)

#define POOL         64
#define STORMERS     16
#define STORM_STEPS  1500
#define DUE_MAX_NS   200000ul
#define NAP_MAX_NS   65536ul

static struct crew crew;

static void never_runs(struct timer *timer)
{
	(void)timer;
	ktest_fail(__FILE__, __LINE__, "a cancelled timer stays away", 0, 0);
}

/* Cycles for arming the crowd and cancelling it again, the first first. */
static u64 crowd_cost(struct timer *timers, u64 spread_ns)
{
	u64 due = clock_ns() + CROWD_SPREAD;
	u64 flags = arch_irq_save();
	u64 begin = arch_cycles();

	for (unsigned i = 0; i < CROWD; i++) {
		timer_init(&timers[i], never_runs);
		timer_arm(&timers[i], due + ktest_random() % spread_ns);
	}
	for (unsigned i = 0; i < CROWD; i++) {
		timer_cancel(&timers[i]);
	}
	begin = arch_cycles() - begin;
	arch_irq_restore(flags);
	return begin;
}

KTEST(timer_crowd_of_one_moment,
      "10,000 timers of one moment cost no more than of as many moments")
{
	struct timer *timers = kmalloc(CROWD * sizeof(*timers));
	u64 apart = UINT64_MAX, together = UINT64_MAX;

	EXPECT(timers != NULL);
	for (unsigned i = 0; i < CROWD_TRIES; i++) {
		apart = MIN(apart, crowd_cost(timers, CROWD_SPREAD));
		together = MIN(together, crowd_cost(timers, 1));
	}
	kfree(timers);
	EXPECT(together < DEARER * apart);
}

static struct {
	struct timer timers[3];
	u8 order[3];
	unsigned count; /* [c] */
} line;

static void line_up(struct timer *timer)
{
	line.order[line.count++] = (u8)(timer - line.timers);
}

KTEST(timer_twins_in_order, "timers of one moment run as they were armed")
{
	static const u8 arming[] = { 1, 2, 0 };
	u64 due = clock_ns() + MS, flags;

	line.count = 0;
	flags = arch_irq_save();
	for (unsigned i = 0; i < ARRAY_SIZE(arming); i++) {
		timer_init(&line.timers[arming[i]], line_up);
		timer_arm(&line.timers[arming[i]], due);
	}
	arch_irq_restore(flags);
	while (READ_ONCE(line.count) < ARRAY_SIZE(arming)) {
		sched_sleep_ns(MS);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(arming); i++) {
		EXPECT_EQ(line.order[i], arming[i]);
	}
}

static struct {
	u64 from;
	u64 woken; /* [a] */
	u64 early; /* [a] */
} sleepers;

static void sleeper(void *arg)
{
	u64 due = sleepers.from + (u64)arg;
	u64 now = clock_ns();

	if (now < due) {
		sched_sleep_ns(due - now);
	}
	__atomic_fetch_add(&sleepers.woken, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&sleepers.early, clock_ns() < due, __ATOMIC_RELAXED);
}

KTEST(sleepers_all_wake,
      "a thousand threads sleep until moments of their own and all wake")
{
	u64 threads = threads_settled();

	sleepers.woken = sleepers.early = 0;
	sleepers.from = clock_ns();
	for (unsigned i = 0; i < SLEEPERS; i++) {
		u64 ns = ktest_random() % SLEEP_MAX_NS;

		EXPECT_EQ(thread_spawn("sleeper", sleeper, (void *)ns), 0);
	}
	while (READ_ONCE(sleepers.woken) < SLEEPERS) {
		sched_sleep_ns(MS);
	}
	EXPECT_EQ(sleepers.early, 0);
	EXPECT_EQ(holdings_now(threads).threads, threads);
}

/* One timer of the pool; who has set `claimed` alone arms and cancels it. */
struct alarm {
	struct timer timer;
	u64 due_ns;   /* [claimed], read by the function */
	bool claimed; /* [a] */
};

static struct alarm pool[POOL];

static struct {
	u64 armed;     /* [a] */
	u64 cancelled; /* [a] before they ran */
	u64 ran;       /* [a] */
	u64 early;     /* [a] */
} storm;

static void alarm_rings(struct timer *timer)
{
	struct alarm *a = container_of(timer, struct alarm, timer);
	bool early = clock_ns() < a->due_ns;

	__atomic_fetch_add(&storm.ran, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&storm.early, early, __ATOMIC_RELAXED);
}

static void alarm_cancel(struct alarm *a)
{
	if (timer_cancel(&a->timer)) {
		__atomic_fetch_add(&storm.cancelled, 1, __ATOMIC_RELAXED);
	}
}

static void storm_step(u64 random)
{
	struct alarm *a = &pool[random % POOL];

	if (__atomic_exchange_n(&a->claimed, true, __ATOMIC_ACQUIRE)) {
		return;
	}
	alarm_cancel(a);
	if (random >> 32 & 3) {
		a->due_ns = clock_ns() + (random >> 40) % DUE_MAX_NS;
		__atomic_fetch_add(&storm.armed, 1, __ATOMIC_RELAXED);
		timer_arm(&a->timer, a->due_ns);
	}
	__atomic_store_n(&a->claimed, false, __ATOMIC_RELEASE);
}

static void stormer(void *arg)
{
	u64 steps = ktest_rounds(STORM_STEPS);
	struct random random;

	random_seed(&random, (u64)arg);
	for (u64 i = 0; i < steps; i++) {
		storm_step(random_next(&random));
		if (i % 16 == 0) {
			sched_sleep_ns(random_below(&random, NAP_MAX_NS));
		}
	}
}

KTEST(timer_storm_everywhere,
      "each timer armed on any processor runs once or is cancelled on another")
{
	storm.armed = storm.cancelled = storm.ran = storm.early = 0;
	for (unsigned i = 0; i < POOL; i++) {
		timer_init(&pool[i].timer, alarm_rings);
	}
	for (unsigned i = 0; i < STORMERS; i++) {
		u64 seed = ktest_random();

		EXPECT_EQ(crew_add(&crew, stormer, (void *)seed), 0);
	}
	crew_join(&crew);
	for (unsigned i = 0; i < POOL; i++) {
		alarm_cancel(&pool[i]);
	}
	EXPECT_EQ(storm.early, 0);
	EXPECT(storm.ran > 0 && storm.cancelled > 0);
	EXPECT_EQ(storm.armed, storm.ran + storm.cancelled);
}
