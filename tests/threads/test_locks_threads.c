/* SPDX-License-Identifier: MIT */
/*
 * Locks, mutexes, semaphores and pollers between processors that run side by
 * side: what they guard is written without atomics, so ThreadSanitizer sees
 * every order that they do not keep.
 */
#include "kernel/clock.h"
#include "kernel/mutex.h"
#include "kernel/spinlock.h"
#include "sched/poll.h"
#include "sched/semaphore.h"
#include "tests/ktest.h"
#include "tests/threads/threads.h"

#define ROUNDS   3000
#define SLOTS    3
#define POLLED   5
#define PATIENCE 20000000000ul

static struct spinlock lock = SPINLOCK_INIT(LOCK_TEST_OUTER);
static u64 guarded; /* [lock], [mutex] */

static void lock_and_count(unsigned cpu)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		if ((i + cpu) % 3 != 0) {
			WITH_SPINLOCK_IRQ (&lock) {
				guarded++;
			}
			continue;
		}
		while (!spin_trylock(&lock)) {
			arch_relax();
		}
		guarded++;
		spin_unlock(&lock);
	}
}

KTEST(threads_spinlock, "a spinlock orders what its holders do")
{
	guarded = 0;
	run_on_processors(lock_and_count);
	EXPECT_EQ(guarded, PROCESSORS * ROUNDS);
	EXPECT_EQ(lock.next, lock.owner);
}

static struct mutex mutex;

static void mutex_and_count(unsigned cpu)
{
	(void)cpu;
	for (unsigned i = 0; i < ROUNDS; i++) {
		WITH_MUTEX (&mutex) {
			guarded++;
		}
	}
}

KTEST(threads_mutex, "a mutex orders what its owners do")
{
	guarded = 0;
	mutex_init(&mutex, LOCK_TEST_OUTER);
	run_on_processors(mutex_and_count);
	EXPECT_EQ(guarded, PROCESSORS * ROUNDS);
	EXPECT_EQ(mutex.owner, 0);
}

static struct {
	struct semaphore empty, full;
	u64 slots[SLOTS];
	u64 put, got; /* by the one producer, by the one consumer */
	u64 sum;      /* the consumer's */
} market;

static void trade(unsigned cpu)
{
	for (u64 i = 0; cpu < 2 && i < ROUNDS; i++) {
		if (cpu == 0) {
			semaphore_down(&market.empty, WAITQ_FOREVER);
			market.slots[market.put++ % SLOTS] = i;
			semaphore_up(&market.full);
		} else {
			semaphore_down(&market.full, WAITQ_FOREVER);
			market.sum += market.slots[market.got++ % SLOTS];
			semaphore_up(&market.empty);
		}
	}
}

KTEST(threads_semaphore, "a unit carries with it what was done before")
{
	market.put = market.got = market.sum = 0;
	semaphore_init(&market.empty, SLOTS);
	semaphore_init(&market.full, 0);
	run_on_processors(trade);
	EXPECT_EQ(market.sum, (u64)ROUNDS * (ROUNDS - 1) / 2);
}

static struct {
	struct pollq q;
	u64 ready; /* [a] */
} polled[POLLED];
static u64 missed; /* [a] */

/* The last processor waits for each of the objects, the others make them so. */
static void poll_all(void)
{
	for (u64 left = (PROCESSORS - 1) * (u64)ROUNDS; left > 0;) {
		struct poller poller;
		u64 got = 0;
		int err = 0;

		poller_init(&poller);
		for (unsigned i = 0; i < POLLED; i++) {
			poller_watch(&poller, &polled[i].q);
			got += __atomic_exchange_n(&polled[i].ready, 0,
						   __ATOMIC_ACQUIRE);
		}
		while (got == 0 && err == 0) {
			err = poller_sleep(&poller, clock_ns() + PATIENCE);
			for (unsigned i = 0; i < POLLED; i++) {
				got += __atomic_exchange_n(&polled[i].ready, 0,
							   __ATOMIC_ACQUIRE);
			}
		}
		poller_end(&poller);
		missed += err != 0;
		left = err ? 0 : left - got;
	}
}

static void poll_or_ready(unsigned cpu)
{
	if (cpu == PROCESSORS - 1) {
		poll_all();
		return;
	}
	for (unsigned i = 0; i < ROUNDS; i++) {
		__atomic_fetch_add(&polled[(i + cpu) % POLLED].ready, 1,
				   __ATOMIC_RELEASE);
		pollq_wake(&polled[(i + cpu) % POLLED].q);
	}
}

KTEST(threads_poll, "a poller misses no change of what it watches")
{
	for (unsigned i = 0; i < POLLED; i++) {
		pollq_init(&polled[i].q);
		polled[i].ready = 0;
	}
	missed = 0;
	run_on_processors(poll_or_ready);
	EXPECT_EQ(missed, 0);
}
