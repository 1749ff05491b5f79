/* SPDX-License-Identifier: MIT */
/*
 * Semaphores: no unit is lost or made, and who came first is served first.
 */
#include "sched/semaphore.h"

#include "arch/cpu.h"
#include "kernel/clock.h"
#include "lib/errno.h"
#include "sched/sched.h"
#include "tests/ktest.h"
#include "tests/sched/crew.h"

#define TAKERS      6
#define UNITS_EACH  2000
#define SHORT_NS    1000000
#define TIMED_TRIES 3000

static struct crew crew;
static struct semaphore units, space;
static u64 taken[TAKERS];

static void taker(void *arg)
{
	for (unsigned i = 0; i < UNITS_EACH; i++) {
		if (semaphore_down(&units, WAITQ_FOREVER) == 0) {
			taken[(u64)arg]++;
			semaphore_up(&space);
		}
	}
}

KTEST(semaphore_bounded_buffer,
      "producers and consumers pass every unit on exactly once")
{
	semaphore_init(&units, 0);
	semaphore_init(&space, 4);
	for (u64 i = 0; i < TAKERS; i++) {
		taken[i] = 0;
		EXPECT_EQ(crew_add(&crew, taker, (void *)i), 0);
	}
	for (unsigned i = 0; i < TAKERS * UNITS_EACH; i++) {
		EXPECT_EQ(semaphore_down(&space, WAITQ_FOREVER), 0);
		semaphore_up(&units);
	}
	crew_join(&crew);
	for (unsigned i = 0; i < TAKERS; i++) {
		EXPECT_EQ(taken[i], UNITS_EACH);
	}
	EXPECT_EQ(units.count, 0);
	EXPECT_EQ(space.count, 4);
}

static void one_taker(void *arg)
{
	*(int *)arg = semaphore_down(&units, WAITQ_FOREVER);
}

static bool somebody_waits(struct semaphore *s)
{
	WITH_SPINLOCK_IRQ (&s->waitq.lock) {
		return waitq_first_locked(&s->waitq) != NULL;
	}
	return false;
}

KTEST(semaphore_first_come,
      "a unit goes to who waits for it, not to who comes by meanwhile")
{
	int result = 1, ours;
	u64 flags;

	semaphore_init(&units, 0);
	EXPECT_EQ(crew_add(&crew, one_taker, &result), 0);
	while (!somebody_waits(&units)) {
		sched_yield();
	}
	/* Interrupts off: the taker is awake now, but has not run yet. */
	flags = arch_irq_save();
	semaphore_up(&units);
	ours = semaphore_down(&units, clock_ns() + SHORT_NS);
	arch_irq_restore(flags);
	EXPECT_EQ(ours, -ETIMEDOUT);
	crew_join(&crew);
	EXPECT_EQ(result, 0);
	EXPECT_EQ(units.count, 0);
}

static u64 timed_got;

static void timed_taker(void *arg)
{
	(void)arg;
	for (unsigned i = 0; i < TIMED_TRIES; i++) {
		u64 deadline = clock_ns() + i % 16 * 1000;

		timed_got += semaphore_down(&units, deadline) == 0;
	}
}

KTEST(semaphore_timeout_races_up,
      "units given while waiters give up are neither lost nor doubled")
{
	u64 given = 0, left = 0;

	semaphore_init(&units, 0);
	timed_got = 0;
	EXPECT_EQ(crew_add(&crew, timed_taker, NULL), 0);
	while (!READ_ONCE(crew.threads[0]->exited)) {
		u64 until = clock_ns() + ktest_random() % 16000;

		semaphore_up(&units);
		given++;
		while (clock_ns() < until) {
			sched_yield();
		}
	}
	crew_join(&crew);
	while (semaphore_down(&units, 0) == 0) {
		left++;
	}
	EXPECT_EQ(timed_got + left, given);
}
