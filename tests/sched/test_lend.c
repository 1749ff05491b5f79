/* SPDX-License-Identifier: MIT */
/*
 * Who waits for a mutex lends weight and place to its owner.
 */
#include "sched/lend.h"

#include "arch/cpu.h"
#include "kernel/mutex.h"
#include "sched/sched.h"
#include "tests/ktest.h"
#include "tests/sched/crew.h"

#define HOGS  4
#define STEP  2000 /* rounds of a loop that is over in microseconds */
#define WORK  1000 /* steps that the owner has to do: some milliseconds */
#define START 20   /* of these before others may come */

/* Longer than a sleep and its end take: the others get on meanwhile. */
#define SETTLE_NS 100000

static struct crew crew;

static struct {
	struct mutex mutex;
	struct mutex second;
	u64 done;      /* [a] the owner's steps */
	u64 hogs;      /* [a] the hogs' steps */
	bool end;      /* [a] hogs end */
	bool restored; /* the owner's weight and time were its own again */
} shared;

static void step(u64 *count)
{
	arch_counted_loop(STEP);
	__atomic_fetch_add(count, 1, __ATOMIC_RELAXED);
}

static void hog(void *arg)
{
	(void)arg;
	while (!READ_ONCE(shared.end)) {
		step(&shared.hogs);
	}
}

static void owner(void *arg)
{
	struct thread *self = current_thread();

	(void)arg;
	WITH_MUTEX (&shared.mutex) {
		while (READ_ONCE(shared.done) < WORK) {
			step(&shared.done);
		}
	}
	shared.restored = self->fair.factor == self->factor &&
			  self->debt == 0 && self->borrows == 0;
}

/* A crew member that has that weight before it runs. */
static int add(void (*fn)(void *), int nice)
{
	int err = 0;

	WITH_PREEMPT_OFF () {
		err = crew_add(&crew, fn, NULL);
		if (err == 0) {
			thread_set_nice(crew.threads[crew.count - 1], nice);
		}
	}
	return err;
}

static void start_over(void)
{
	crew_pin_here(&crew);
	mutex_init(&shared.mutex, LOCK_TEST_OUTER);
	mutex_init(&shared.second, LOCK_TEST_INNER);
	shared.done = shared.hogs = 0;
	shared.end = shared.restored = false;
}

/* Without a loan the owner would have a 277th of the time. */
KTEST(lend_to_light_owner,
      "a heavy thread waits for a light owner's work, not for the hogs'")
{
	u64 before, during;
	int err;

	start_over();
	err = add(owner, FAIR_NICE_MAX);
	while (err == 0 && READ_ONCE(shared.done) < START) {
		sched_sleep_ns(SETTLE_NS);
	}
	for (unsigned i = 0; i < HOGS && err == 0; i++) {
		err = add(hog, 0);
	}
	thread_set_nice(current_thread(), FAIR_NICE_MIN);
	before = READ_ONCE(shared.hogs);
	mutex_lock(&shared.mutex);
	during = READ_ONCE(shared.hogs) - before;
	mutex_unlock(&shared.mutex);
	thread_set_nice(current_thread(), 0);
	WRITE_ONCE(shared.end, true);
	crew_join(&crew);
	EXPECT_EQ(err, 0);
	EXPECT_EQ(shared.done, WORK);
	EXPECT(shared.restored);
	EXPECT(during < WORK);
}

static void wait_for_second(void *arg)
{
	(void)arg;
	WITH_MUTEX (&shared.second) {
		shared.done++;
	}
}

/* Until the mutex has waiters. */
static void wait_for_waiter(struct mutex *mutex)
{
	while ((READ_ONCE(mutex->owner) & MUTEX_WAITERS) == 0) {
		sched_sleep_ns(SETTLE_NS);
	}
}

KTEST(lend_two_mutexes, "a loan lasts until the last mutex is released that "
			"others wait for")
{
	struct thread *self = current_thread();
	bool lent, still, over;
	int err;

	start_over();
	thread_set_nice(self, 5);
	mutex_lock(&shared.mutex);
	mutex_lock(&shared.second);
	err = add(wait_for_second, -5);
	err = err ? err : add(owner, -10);
	wait_for_waiter(&shared.second);
	wait_for_waiter(&shared.mutex);
	lent = self->fair.factor == fair_factor(-10) && self->borrows == 2;
	mutex_unlock(&shared.second);
	still = self->fair.factor == fair_factor(-10) && self->borrows == 1;
	mutex_unlock(&shared.mutex);
	over = self->fair.factor == fair_factor(5) && self->borrows == 0 &&
	       self->debt == 0;
	thread_set_nice(self, 0);
	crew_join(&crew);
	EXPECT_EQ(err, 0);
	EXPECT(lent);
	EXPECT(still);
	EXPECT(over);
}

KTEST(lend_passes_on, "the next owner is lent by those who still wait")
{
	struct thread *self = current_thread();
	u32 inherited = 0;
	int err;

	start_over();
	mutex_lock(&shared.second);
	err = add(wait_for_second, FAIR_NICE_MAX);
	wait_for_waiter(&shared.second);
	err = err ? err : add(wait_for_second, -10);
	while (self->fair.factor != fair_factor(-10)) {
		sched_sleep_ns(SETTLE_NS);
	}
	WITH_PREEMPT_OFF () {
		mutex_unlock(&shared.second);
		inherited = READ_ONCE(crew.threads[0]->fair.factor);
	}
	crew_join(&crew);
	EXPECT_EQ(err, 0);
	EXPECT_EQ(shared.done, 2);
	EXPECT_EQ(inherited, fair_factor(-10));
}
