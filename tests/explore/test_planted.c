/* SPDX-License-Identifier: MIT */
/*
 * Planted races: each test has a wrong variant, which `all` does not run and
 * which a search over seeds must find (tests/system/explore.py), and the right
 * one, which no seed breaks.
 */
#include "kernel/clock.h"
#include "kernel/mutex.h"
#include "kernel/waitq.h"
#include "sched/semaphore.h"
#include "tests/ktest.h"
#include "tests/sched/crew.h"

#define ROUNDS  50
#define LOST_NS 1000000000ul /* nobody sleeps longer for a good reason */

static struct crew crew;

/* ---- A missing lock: two threads count together ------------------------- */

static struct {
	struct mutex mutex;
	bool locked; /* [I] */
	u64 count;   /* [mutex] */
} tally;

static void counter(void *arg)
{
	(void)arg;
	for (u64 i = 0; i < ROUNDS; i++) {
		if (tally.locked) {
			mutex_lock(&tally.mutex);
		}
		tally.count++;
		if (tally.locked) {
			mutex_unlock(&tally.mutex);
		}
	}
}

static void count_together(bool locked)
{
	mutex_init(&tally.mutex, LOCK_TEST_OUTER);
	tally.locked = locked;
	tally.count = 0;
	EXPECT_EQ(crew_add(&crew, counter, NULL), 0);
	EXPECT_EQ(crew_add(&crew, counter, NULL), 0);
	crew_join(&crew);
	EXPECT_EQ(tally.count, 2 * ROUNDS);
}

KTEST_PLANTED(planted_lost_update, "a count without a lock is right")
{
	count_together(false);
}

KTEST(explored_update, "a count under a lock is right, whatever the seed")
{
	count_together(true);
}

/* ---- A lost wake-up: the look and the sleep are two steps --------------- */

static struct {
	struct waitq q;
	bool one_step; /* [I] */
	bool open;     /* [q] */
	u64 lost;      /* [q] wake-ups */
	struct semaphore passed;
} door;

static void door_sleep(void)
{
	if (waitq_sleep(&door.q, clock_ns() + LOST_NS) != 0) {
		door.lost++;
	}
}

static void pass_in_one_step(void)
{
	u64 flags = waitq_lock(&door.q);

	while (!door.open) {
		door_sleep();
	}
	door.open = false;
	waitq_unlock(&door.q, flags);
}

static void pass_in_two(void)
{
	u64 flags;

	while (!READ_ONCE(door.open)) {
		flags = waitq_lock(&door.q);
		door_sleep();
		waitq_unlock(&door.q, flags);
	}
	WRITE_ONCE(door.open, false);
}

static void guest(void *arg)
{
	(void)arg;
	for (u64 i = 0; i < ROUNDS; i++) {
		if (door.one_step) {
			pass_in_one_step();
		} else {
			pass_in_two();
		}
		semaphore_up(&door.passed);
	}
}

static void porter(void *arg)
{
	(void)arg;
	for (u64 i = 0; i < ROUNDS; i++) {
		WITH_SPINLOCK_IRQ (&door.q.lock) {
			door.open = true;
			waitq_wake_one_locked(&door.q);
		}
		semaphore_down(&door.passed, WAITQ_FOREVER);
	}
}

static void pass_the_door(bool one_step)
{
	waitq_init(&door.q);
	semaphore_init(&door.passed, 0);
	door.one_step = one_step;
	door.open = false;
	door.lost = 0;
	EXPECT_EQ(crew_add(&crew, guest, NULL), 0);
	EXPECT_EQ(crew_add(&crew, porter, NULL), 0);
	crew_join(&crew);
	EXPECT_EQ(door.lost, 0);
}

KTEST_PLANTED(planted_lost_wakeup, "who looks, then sleeps, is woken")
{
	pass_the_door(false);
}

KTEST(explored_wakeup, "who looks and sleeps in one step is woken")
{
	pass_the_door(true);
}

/* ---- A deadlock: two locks in two orders -------------------------------- */

static struct semaphore forks[2];

/* `arg` is which it takes first. */
static void philosopher(void *arg)
{
	u64 first = (u64)arg;

	for (u64 i = 0; i < ROUNDS; i++) {
		semaphore_down(&forks[first], WAITQ_FOREVER);
		semaphore_down(&forks[!first], WAITQ_FOREVER);
		semaphore_up(&forks[first]);
		semaphore_up(&forks[!first]);
	}
}

static void dine(u64 second)
{
	semaphore_init(&forks[0], 1);
	semaphore_init(&forks[1], 1);
	EXPECT_EQ(crew_add(&crew, philosopher, NULL), 0);
	EXPECT_EQ(crew_add(&crew, philosopher, (void *)second), 0);
	crew_join(&crew);
	EXPECT_EQ(forks[0].count + forks[1].count, 2);
}

KTEST_PLANTED(planted_deadlock,
	      "who take two locks in two orders come to an end")
{
	dine(1);
}

KTEST(explored_two_locks, "who take two locks in one order come to an end")
{
	dine(0);
}

/* ---- An inversion that only a race takes: the rank checker finds it ----- */

static struct {
	struct mutex outer, inner;
	bool in_order; /* [I] */
	bool busy;     /* [outer], read without */
	u64 met;       /* [outer] */
} house;

static void owner(void *arg)
{
	(void)arg;
	for (u64 i = 0; i < ROUNDS; i++) {
		WITH_MUTEX (&house.outer) {
			WRITE_ONCE(house.busy, true);
			WITH_MUTEX (&house.inner) {
			}
			WRITE_ONCE(house.busy, false);
		}
	}
}

static void meet(void)
{
	WITH_MUTEX (&house.outer) {
		house.met++;
	}
}

static void visitor(void *arg)
{
	(void)arg;
	for (u64 i = 0; i < ROUNDS; i++) {
		bool busy = false;

		WITH_MUTEX (&house.inner) {
			busy = READ_ONCE(house.busy);
			if (busy && !house.in_order) {
				meet();
			}
		}
		if (busy && house.in_order) {
			meet();
		}
	}
}

static void visit(bool in_order)
{
	mutex_init(&house.outer, LOCK_TEST_OUTER);
	mutex_init(&house.inner, LOCK_TEST_INNER);
	house.in_order = in_order;
	house.met = 0;
	EXPECT_EQ(crew_add(&crew, owner, NULL), 0);
	EXPECT_EQ(crew_add(&crew, visitor, NULL), 0);
	crew_join(&crew);
	EXPECT(house.met <= ROUNDS);
}

KTEST_PLANTED(planted_inversion, "a lock is taken out of order by who races")
{
	visit(false);
}

KTEST(explored_order, "who races lets the inner lock go first")
{
	visit(true);
}
