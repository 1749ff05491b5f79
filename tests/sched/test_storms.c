/* SPDX-License-Identifier: MIT */
/*
 * Storms across processors: every wake-up is counted and none is lost, locks
 * keep their promises, threads come and go without a trace, time is shared.
 */
#include "arch/cpu.h"
#include "kernel/clock.h"
#include "kernel/mutex.h"
#include "kernel/preempt.h"
#include "kernel/waitq.h"
#include "lib/errno.h"
#include "lib/random.h"
#include "sched/runq.h"
#include "sched/sched.h"
#include "sched/semaphore.h"
#include "tests/holdings.h"
#include "tests/ktest.h"
#include "tests/sched/crew.h"

#define MS 1000000ul

/* A sleeper that nobody has woken for so long has lost its wake-up. */
#define LOST_NS         (5000 * MS)

#define SLEEPERS        16
#define WAKERS          8
#define WAKES           5000 /* of each waker */

#define BALLS           1000

#define SLOTS           5
#define GOODS           1500 /* of each producer */
#define TRADERS         6

#define FAMILIES        8
#define GENERATIONS     40
#define CHILDREN        3

#define CLOCK_TURNS     1000

#define HOG_CPUS        4
#define HOG_RUN_NS      (300 * MS)
#define HOG_PERCENT     5
#define HOG_STEP        1000 /* rounds of a loop, well below ... */
#define HOG_STEPS_PER_S 2000
#define HOG_TRIES       4

static struct crew crew;

/* Even ones are bound, each to one of the processors in turn. */
static int crew_add_mixed(u64 i, void (*fn)(void *), void *arg)
{
	crew.affinity = i % 2 ? UINT64_MAX : nth_cpu(i / 2);
	return crew_add(&crew, fn, arg);
}

static struct bed {
	struct waitq q;
	u64 tokens; /* [q] */
	u64 slept;  /* [q] sleeps that a wake-up ended */
	u64 woke;   /* [q] wake-ups that found the sleeper */
	u64 taken;  /* [q] */
	u64 lost;   /* [q] */
	bool over;  /* [q] no more tokens will come */
} beds[SLEEPERS];

static void bed_sleeper(void *arg)
{
	struct bed *bed = arg;
	u64 flags = waitq_lock(&bed->q);

	while (bed->tokens > 0 || !bed->over) {
		if (bed->tokens > 0) {
			bed->tokens--;
			bed->taken++;
		} else if (waitq_sleep(&bed->q, clock_ns() + LOST_NS) == 0) {
			bed->slept++;
		} else {
			bed->lost += bed->tokens;
		}
	}
	waitq_unlock(&bed->q, flags);
}

static void bed_waker(void *arg)
{
	u64 wakes = ktest_rounds(WAKES);
	struct random random;

	random_seed(&random, (u64)arg);
	for (u64 i = 0; i < wakes; i++) {
		struct bed *bed = &beds[random_below(&random, SLEEPERS)];

		WITH_SPINLOCK_IRQ (&bed->q.lock) {
			bed->tokens++;
			bed->woke += waitq_wake_one_locked(&bed->q);
		}
		if (random_below(&random, 4) == 0) {
			sched_yield();
		}
	}
}

static void bed_close(struct bed *bed)
{
	WITH_SPINLOCK_IRQ (&bed->q.lock) {
		bed->over = true;
		bed->woke += waitq_wake_one_locked(&bed->q);
	}
}

KTEST(storm_wakes_counted,
      "of thousands of wake-ups from everywhere each ends one sleep, none more")
{
	u64 taken = 0;

	for (u64 i = 0; i < SLEEPERS; i++) {
		beds[i] = (struct bed){ .tokens = 0 };
		waitq_init(&beds[i].q);
		EXPECT_EQ(crew_add_mixed(i, bed_sleeper, &beds[i]), 0);
	}
	for (u64 i = 0; i < WAKERS; i++) {
		u64 seed = ktest_random();

		EXPECT_EQ(crew_add_mixed(i, bed_waker, (void *)seed), 0);
	}
	while (crew.count > SLEEPERS) {
		thread_join(crew.threads[--crew.count]);
	}
	for (unsigned i = 0; i < SLEEPERS; i++) {
		bed_close(&beds[i]);
	}
	crew_join(&crew);
	for (unsigned i = 0; i < SLEEPERS; i++) {
		EXPECT_EQ(beds[i].lost, 0);
		EXPECT_EQ(beds[i].slept, beds[i].woke);
		taken += beds[i].taken;
	}
	EXPECT_EQ(taken, WAKERS * ktest_rounds(WAKES));
}

static struct {
	struct semaphore side[2];
	u64 hits; /* [the one who has the ball] */
} table;

static void player(void *arg)
{
	u64 balls = ktest_rounds(BALLS);
	u64 self = (u64)arg;

	for (u64 i = 0; i < balls; i++) {
		semaphore_down(&table.side[self], WAITQ_FOREVER);
		table.hits++;
		semaphore_up(&table.side[!self]);
	}
}

KTEST(storm_ping_pong, "a ball between two processors is never dropped")
{
	table.hits = 0;
	semaphore_init(&table.side[0], 1);
	semaphore_init(&table.side[1], 0);
	for (u64 i = 0; i < 2; i++) {
		crew.affinity = nth_cpu(i);
		EXPECT_EQ(crew_add(&crew, player, (void *)i), 0);
	}
	crew_join(&crew);
	EXPECT_EQ(table.hits, 2 * ktest_rounds(BALLS));
	EXPECT_EQ(table.side[0].count, 1);
	EXPECT_EQ(table.side[1].count, 0);
}

static struct {
	struct semaphore empty, full;
	struct mutex mutex;
	u64 slots[SLOTS]; /* [mutex] */
	u64 put, got;     /* [mutex] counts of all goods */
	u64 sum_in;       /* [mutex] */
	u64 sum_out;      /* [mutex] */
	u64 wrong;        /* [mutex] */
} market;

static void producer(void *arg)
{
	u64 goods = ktest_rounds(GOODS);

	for (u64 i = 0; i < goods; i++) {
		semaphore_down(&market.empty, WAITQ_FOREVER);
		WITH_MUTEX (&market.mutex) {
			market.wrong += market.put - market.got >= SLOTS;
			market.slots[market.put++ % SLOTS] = (u64)arg + i;
			market.sum_in += (u64)arg + i;
		}
		semaphore_up(&market.full);
	}
}

static void consumer(void *arg)
{
	u64 goods = ktest_rounds(GOODS);

	(void)arg;
	for (u64 i = 0; i < goods; i++) {
		semaphore_down(&market.full, WAITQ_FOREVER);
		WITH_MUTEX (&market.mutex) {
			market.wrong += market.put == market.got;
			market.sum_out += market.slots[market.got++ % SLOTS];
		}
		semaphore_up(&market.empty);
	}
}

KTEST(storm_market,
      "producers and consumers everywhere neither lose nor double goods")
{
	semaphore_init(&market.empty, SLOTS);
	semaphore_init(&market.full, 0);
	mutex_init(&market.mutex, LOCK_TEST_OUTER);
	market.put = market.got = 0;
	market.sum_in = market.sum_out = market.wrong = 0;
	for (u64 i = 0; i < TRADERS; i++) {
		EXPECT_EQ(crew_add_mixed(i, producer, (void *)(i << 32)), 0);
		EXPECT_EQ(crew_add_mixed(i + 1, consumer, NULL), 0);
	}
	crew_join(&crew);
	EXPECT_EQ(market.wrong, 0);
	EXPECT_EQ(market.put, TRADERS * ktest_rounds(GOODS));
	EXPECT_EQ(market.got, market.put);
	EXPECT_EQ(market.sum_in, market.sum_out);
	EXPECT_EQ(market.empty.count, SLOTS);
	EXPECT_EQ(market.full.count, 0);
	EXPECT_EQ(market.mutex.owner, 0);
}

static u64 lives; /* [a] threads that ended */

static void live(void *arg)
{
	(void)arg;
	__atomic_fetch_add(&lives, 1, __ATOMIC_RELAXED);
}

/* Starts children wherever it is; joins some, leaves some alone. */
static void parent(void *arg)
{
	u64 generations = ktest_rounds(GENERATIONS);

	for (u64 i = 0; i < generations; i++) {
		struct thread *child = thread_create("joined", live, NULL);

		EXPECT(child != NULL);
		EXPECT_EQ(thread_set_affinity(child, nth_cpu(i + (u64)arg)), 0);
		thread_start(child);
		for (u64 j = 1; j < CHILDREN; j++) {
			EXPECT_EQ(thread_spawn("alone", live, NULL), 0);
		}
		thread_join(child);
	}
}

static int run_families(void)
{
	int err = 0;

	for (u64 i = 0; i < FAMILIES; i++) {
		err = err ? err : crew_add_mixed(i, parent, (void *)i);
	}
	crew_join(&crew);
	return err;
}

KTEST(storm_of_lives,
      "threads begin and end on every processor and leave nothing behind")
{
	u64 threads = threads_settled();
	struct holdings before, after;

	lives = 0;
	EXPECT_EQ(run_families(), 0);
	before = holdings_now(threads);
	EXPECT_EQ(run_families(), 0);
	after = holdings_now(threads);
	EXPECT_EQ(lives, 2 * FAMILIES * CHILDREN * ktest_rounds(GENERATIONS));
	EXPECT_EQ(after.threads, threads);
	EXPECT_EQ(after.kernel_stacks, before.kernel_stacks);
	EXPECT_EQ(after.kmem_bytes, before.kmem_bytes);
	EXPECT_EQ(after.free_frames, before.free_frames);
}

static struct {
	u64 turn;      /* [a] */
	u64 last;      /* [turn] */
	u64 backwards; /* [turn] */
	u64 cpus;      /* [I] */
} relay;

/* Reads the clock when it is its turn, and hands what it read on. */
static void relay_runner(void *arg)
{
	for (u64 i = 0; i < CLOCK_TURNS; i++) {
		u64 now;

		while (__atomic_load_n(&relay.turn, __ATOMIC_ACQUIRE) !=
		       i * relay.cpus + (u64)arg) {
			arch_relax();
		}
		now = clock_ns();
		relay.backwards += now < relay.last;
		relay.last = now;
		__atomic_fetch_add(&relay.turn, 1, __ATOMIC_RELEASE);
	}
}

KTEST(storm_of_clocks,
      "the clock never goes back, read on the processors in turn")
{
	relay.turn = relay.last = relay.backwards = 0;
	relay.cpus = cpu_count();
	for (u64 i = 0; i < relay.cpus; i++) {
		crew.affinity = nth_cpu(i);
		EXPECT_EQ(crew_add(&crew, relay_runner, (void *)i), 0);
	}
	crew_join(&crew);
	EXPECT_EQ(relay.turn, relay.cpus * CLOCK_TURNS);
	EXPECT_EQ(relay.backwards, 0);
}

static struct {
	bool stop;   /* [a] */
	u64 held_up; /* [a] cycles that the host took from the processors */
	u64 cycles[HOG_CPUS + 1];
} hogs;

/* Counts the time in which neither we nor an interrupt can have run. */
static void hog_step(void)
{
	WITH_PREEMPT_OFF () {
		u64 begin = arch_cycles(), ran;

		for (volatile unsigned i = 0; i < HOG_STEP; i++) {
		}
		ran = arch_cycles() - begin;
		if (ran > arch_cycles_hz() / HOG_STEPS_PER_S) {
			__atomic_fetch_add(&hogs.held_up, ran,
					   __ATOMIC_RELAXED);
		}
	}
	arch_relax();
}

static void hog(void *arg)
{
	while (!READ_ONCE(hogs.stop)) {
		hog_step();
	}
	*(u64 *)arg = current_thread()->cycles;
}

/* The cycles of all, 0 if they were not started. */
static u64 run_hogs(u64 cpus)
{
	u64 sum = 0;
	int err = 0;

	hogs.stop = false;
	hogs.held_up = 0;
	crew.affinity = 0;
	for (u64 i = 0; i < cpus; i++) {
		crew.affinity |= nth_cpu(i);
	}
	for (u64 i = 0; i <= cpus; i++) {
		err = err ? err : crew_add(&crew, hog, &hogs.cycles[i]);
	}
	sched_sleep_ns(HOG_RUN_NS);
	WRITE_ONCE(hogs.stop, true);
	crew_join(&crew);
	for (u64 i = 0; i <= cpus; i++) {
		sum += hogs.cycles[i];
	}
	return err ? 0 : sum;
}

KTEST(storm_of_hogs, "one equal hog more than processors: each gets its share "
		     "within 5 percent")
{
	u64 cpus = MIN(cpu_count(), (u64)HOG_CPUS);
	u64 sum, tries = 0;

	do {
		sum = run_hogs(cpus);
		EXPECT(sum > 0);
	} while (hogs.held_up > sum / 100 && ++tries < HOG_TRIES);
	if (tries == HOG_TRIES) {
		ktest_skip("the host holds the processors up");
		return;
	}
	for (u64 i = 0; i <= cpus; i++) {
		u64 share = hogs.cycles[i] * (cpus + 1) * 100 / sum;

		EXPECT(share >= 100 - HOG_PERCENT);
		EXPECT(share <= 100 + HOG_PERCENT);
	}
}
