/* SPDX-License-Identifier: MIT */
/*
 * Wait queues: no wake-up is lost, none is counted twice, and a wake-up and a
 * time-out never both end the same sleep.
 */
#include "kernel/waitq.h"

#include "arch/cpu.h"
#include "kernel/clock.h"
#include "kernel/timer.h"
#include "lib/errno.h"
#include "sched/sched.h"
#include "tests/holdings.h"
#include "tests/ktest.h"
#include "tests/sched/crew.h"

#define PINGPONG_ROUNDS 100000

#define STORM_THREADS   48
#define STORM_ROUNDS    100

#define RACE_ROUNDS     10000
#define RACE_MAX_NS     20000

#define TIMER_ROUNDS    2000

static struct crew crew;

static struct {
	struct waitq q;
	unsigned turn; /* [q] whose */
	u64 hits[2];   /* [q] */
} table;

static void player(void *arg)
{
	unsigned self = (unsigned)(u64)arg;

	for (unsigned i = 0; i < PINGPONG_ROUNDS; i++) {
		u64 flags = waitq_lock(&table.q);

		while (table.turn != self) {
			waitq_sleep(&table.q, WAITQ_FOREVER);
		}
		table.turn = !self;
		table.hits[self]++;
		waitq_wake_one_locked(&table.q);
		waitq_unlock(&table.q, flags);
	}
}

KTEST(waitq_ping_pong, "two threads wake each other 200,000 times")
{
	waitq_init(&table.q);
	table.turn = 0;
	table.hits[0] = table.hits[1] = 0;
	for (u64 i = 0; i < 2; i++) {
		EXPECT_EQ(crew_add(&crew, player, (void *)i), 0);
	}
	crew_join(&crew);
	EXPECT_EQ(table.hits[0], PINGPONG_ROUNDS);
	EXPECT_EQ(table.hits[1], PINGPONG_ROUNDS);
}

static struct {
	struct waitq q;
	struct waitq all_sleep;
	u64 round;    /* [q] */
	u64 sleeping; /* [q] in this round */
	u64 woken;    /* [q] wake-ups that ended a sleep */
} storm;

static void storm_sleeper(void *arg)
{
	(void)arg;
	for (u64 seen = 0; seen < STORM_ROUNDS; seen++) {
		u64 flags = waitq_lock(&storm.q);

		storm.sleeping++;
		while (storm.round == seen) {
			waitq_sleep(&storm.q, WAITQ_FOREVER);
			storm.woken++;
		}
		waitq_unlock(&storm.q, flags);
	}
}

static void storm_wait_for_all(void)
{
	u64 sleeping;

	do {
		sched_yield();
		WITH_SPINLOCK_IRQ (&storm.q.lock) {
			sleeping = storm.sleeping;
		}
	} while (sleeping < STORM_THREADS);
}

KTEST(waitq_storm, "waking all wakes each sleeper once, round after round")
{
	waitq_init(&storm.q);
	storm.round = storm.sleeping = storm.woken = 0;
	for (unsigned i = 0; i < STORM_THREADS; i++) {
		EXPECT_EQ(crew_add(&crew, storm_sleeper, NULL), 0);
	}
	for (unsigned i = 0; i < STORM_ROUNDS; i++) {
		storm_wait_for_all();
		WITH_SPINLOCK_IRQ (&storm.q.lock) {
			storm.round++;
			storm.sleeping = 0;
		}
		waitq_wake_all(&storm.q);
	}
	crew_join(&crew);
	EXPECT_EQ(storm.woken, STORM_THREADS * STORM_ROUNDS);
}

static struct {
	struct waitq q;
	u8 order[STORM_THREADS];
	unsigned asleep; /* [q] */
	unsigned count;  /* [q] */
} line;

static void line_sleeper(void *arg)
{
	u64 flags = waitq_lock(&line.q);

	EXPECT_EQ(line.asleep, (u64)arg);
	line.asleep++;
	waitq_sleep(&line.q, WAITQ_FOREVER);
	line.order[line.count++] = (u8)(u64)arg;
	waitq_unlock(&line.q, flags);
}

KTEST(waitq_first_come, "who waits longest is woken first")
{
	waitq_init(&line.q);
	line.asleep = line.count = 0;
	for (u64 i = 0; i < STORM_THREADS; i++) {
		EXPECT_EQ(crew_add(&crew, line_sleeper, (void *)i), 0);
		while (READ_ONCE(line.asleep) == i) {
			sched_yield();
		}
	}
	for (unsigned i = 0; i < STORM_THREADS; i++) {
		waitq_wake_one(&line.q);
		while (READ_ONCE(line.count) == i) {
			sched_yield();
		}
	}
	crew_join(&crew);
	for (unsigned i = 0; i < STORM_THREADS; i++) {
		EXPECT_EQ(line.order[i], i);
	}
}

static struct {
	struct waitq q;
	u64 now;       /* [q] rounds begun by the sleeper */
	u64 woken;     /* sleeps that ended with 0 */
	u64 timed_out; /* sleeps that ended with -ETIMEDOUT */
	u64 early;     /* time-outs before their time */
	u64 other;     /* anything else */
	bool done;     /* [a] */
} race;

static void race_sleeper(void *arg)
{
	u64 random = *(u64 *)arg;

	for (unsigned i = 0; i < RACE_ROUNDS; i++) {
		u64 flags = waitq_lock(&race.q);
		u64 deadline;
		int err;

		random = random * 6364136223846793005ul + 1442695040888963407ul;
		deadline = clock_ns() + (random >> 33) % RACE_MAX_NS;
		err = waitq_sleep(&race.q, deadline);
		race.woken += err == 0;
		race.timed_out += err == -ETIMEDOUT;
		race.other += err != 0 && err != -ETIMEDOUT;
		race.early += err == -ETIMEDOUT && clock_ns() < deadline;
		waitq_unlock(&race.q, flags);
	}
	WRITE_ONCE(race.done, true);
}

/* Wakes at moments of its own; returns how many wake-ups were taken. */
static u64 race_wake(void)
{
	u64 taken = 0;

	while (!READ_ONCE(race.done)) {
		u64 until = clock_ns() + ktest_random() % RACE_MAX_NS;

		while (clock_ns() < until && !READ_ONCE(race.done)) {
			sched_yield();
		}
		WITH_SPINLOCK_IRQ (&race.q.lock) {
			taken += waitq_wake_one_locked(&race.q);
		}
	}
	return taken;
}

KTEST(waitq_wake_races_timeout,
      "a sleep ends by its wake-up or by its time-out, never by both")
{
	u64 seed = ktest_random();
	u64 taken;

	waitq_init(&race.q);
	race.woken = race.timed_out = race.early = race.other = 0;
	race.done = false;
	EXPECT_EQ(crew_add(&crew, race_sleeper, &seed), 0);
	taken = race_wake();
	crew_join(&crew);
	EXPECT_EQ(race.woken, taken);
	EXPECT_EQ(race.woken + race.timed_out, RACE_ROUNDS);
	EXPECT_EQ(race.other, 0);
	EXPECT_EQ(race.early, 0);
}

KTEST(waitq_deadline_passed, "a sleep until the past ends by its time-out")
{
	struct waitq q;

	waitq_init(&q);
	for (u64 back = 0; back < 100; back++) {
		u64 flags = waitq_lock(&q);
		u64 now = clock_ns();
		int err = waitq_sleep(&q, back < 50 ? now : now - back * back);

		waitq_unlock(&q, flags);
		EXPECT_EQ(err, -ETIMEDOUT);
	}
}

static struct {
	struct waitq q;
	struct timer timer;
	u64 rung;  /* [q] */
	u64 heard; /* [q] */
} bell;

static void ring_bell(struct timer *timer)
{
	(void)timer;
	WITH_SPINLOCK_IRQ (&bell.q.lock) {
		bell.rung++;
		waitq_wake_one_locked(&bell.q);
	}
}

KTEST(waitq_wake_from_interrupt,
      "an interrupt's wake-up is not lost between the check and the sleep")
{
	waitq_init(&bell.q);
	bell.rung = bell.heard = 0;
	timer_init(&bell.timer, ring_bell);
	for (unsigned i = 0; i < TIMER_ROUNDS; i++) {
		u64 flags;

		timer_arm(&bell.timer, clock_ns() + ktest_random() % 4000);
		flags = waitq_lock(&bell.q);
		while (bell.heard == bell.rung) {
			waitq_sleep(&bell.q, WAITQ_FOREVER);
		}
		bell.heard++;
		waitq_unlock(&bell.q, flags);
	}
	EXPECT_EQ(bell.rung, TIMER_ROUNDS);
	EXPECT(!timer_cancel(&bell.timer));
}

static struct waitq far_q;
static unsigned far_count; /* [far_q] sleepers in the queue */

static void far_sleeper(void *arg)
{
	u64 flags = waitq_lock(&far_q);

	far_count++;
	*(int *)arg = waitq_sleep(&far_q, WAITQ_FOREVER - 1);
	waitq_unlock(&far_q, flags);
}

KTEST(waitq_far_deadline, "sleepers until the end of time do not wake early")
{
	int results[4] = { 1, 1, 1, 1 };

	waitq_init(&far_q);
	WRITE_ONCE(far_count, 0);
	for (unsigned i = 0; i < ARRAY_SIZE(results); i++) {
		EXPECT_EQ(crew_add(&crew, far_sleeper, &results[i]), 0);
	}
	while (READ_ONCE(far_count) < ARRAY_SIZE(results)) {
		sched_sleep_ns(500000);
	}
	sched_sleep_ns(2000000);
	waitq_wake_all(&far_q);
	crew_join(&crew);
	for (unsigned i = 0; i < ARRAY_SIZE(results); i++) {
		EXPECT_EQ(results[i], 0);
	}
}
