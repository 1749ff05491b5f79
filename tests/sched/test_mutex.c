/* SPDX-License-Identifier: MIT */
/*
 * Mutexes: one owner at a time, and nobody is overtaken.
 */
#include "kernel/mutex.h"

#include "sched/sched.h"
#include "tests/ktest.h"
#include "tests/sched/crew.h"

#define WORKERS 8
#define ROUNDS  1500

static struct crew crew;

static struct {
	struct mutex mutex;
	unsigned inside; /* [mutex] */
	u64 count;       /* [mutex] */
	u64 wrong;       /* [a] */
} shared;

static void work(u64 round)
{
	u64 count = shared.count;

	if (shared.inside++ != 0 || !mutex_held(&shared.mutex)) {
		__atomic_fetch_add(&shared.wrong, 1, __ATOMIC_RELAXED);
	}
	if (round % 7 == 0) {
		sched_yield();
	}
	shared.count = count + 1;
	shared.inside--;
}

static void worker(void *arg)
{
	for (u64 i = 0; i < ROUNDS; i++) {
		WITH_MUTEX (&shared.mutex) {
			work((u64)arg + i);
		}
		if (mutex_held(&shared.mutex)) {
			__atomic_fetch_add(&shared.wrong, 1, __ATOMIC_RELAXED);
		}
		if (i % 5 == (u64)arg % 5) {
			sched_yield();
		}
	}
}

KTEST(mutex_torture, "only the owner is inside, whoever is preempted where")
{
	mutex_init(&shared.mutex, LOCK_TEST_OUTER);
	shared.inside = 0;
	shared.count = shared.wrong = 0;
	for (u64 i = 0; i < WORKERS; i++) {
		EXPECT_EQ(crew_add(&crew, worker, (void *)i), 0);
	}
	crew_join(&crew);
	EXPECT_EQ(shared.wrong, 0);
	EXPECT_EQ(shared.count, WORKERS * ROUNDS);
	EXPECT_EQ(shared.mutex.owner, 0);
}

static struct {
	struct mutex mutex;
	unsigned waiting; /* [a] */
	unsigned count;   /* [mutex] */
	u8 order[WORKERS];
} queue;

static void in_line(void *arg)
{
	__atomic_fetch_add(&queue.waiting, 1, __ATOMIC_RELAXED);
	WITH_MUTEX (&queue.mutex) {
		queue.order[queue.count++] = (u8)(u64)arg;
	}
}

/* Waits until as many threads sleep in the mutex's queue. */
static void wait_for_sleepers(unsigned wanted)
{
	unsigned sleeping;

	do {
		sleeping = 0;
		sched_yield();
		WITH_SPINLOCK_IRQ (&queue.mutex.waitq.lock) {
			list_for_each (link, &queue.mutex.waitq.waiters) {
				sleeping++;
			}
		}
	} while (sleeping < wanted);
}

KTEST(mutex_hands_over, "who releases and comes again stands behind who waited")
{
	mutex_init(&queue.mutex, LOCK_TEST_OUTER);
	queue.waiting = queue.count = 0;
	mutex_lock(&queue.mutex);
	for (u64 i = 0; i < WORKERS; i++) {
		EXPECT_EQ(crew_add(&crew, in_line, (void *)i), 0);
		wait_for_sleepers((unsigned)i + 1);
	}
	mutex_unlock(&queue.mutex);
	EXPECT(!mutex_held(&queue.mutex));
	mutex_lock(&queue.mutex);
	EXPECT_EQ(queue.count, WORKERS);
	mutex_unlock(&queue.mutex);
	crew_join(&crew);
	for (unsigned i = 0; i < WORKERS; i++) {
		EXPECT_EQ(queue.order[i], i);
	}
	EXPECT_EQ(queue.mutex.owner, 0);
}
