/* SPDX-License-Identifier: MIT */
/*
 * Events that are recorded on demand: allocation, and locks.
 */
#include "trace/trace.h"

#include "arch/cpu.h"
#include "kernel/mutex.h"
#include "kernel/spinlock.h"
#include "mm/frame.h"
#include "mm/kmem.h"
#include "sched/runq.h"
#include "sched/sched.h"
#include "sched/worker.h"
#include "tests/ktest.h"
#include "tests/sched/crew.h"

#define OBJECT_BYTES 200

/* Looked for in the dump: `event` about `a`. */
static struct {
	enum trace_event event;
	u64 a;
	u64 found;
	u64 b; /* of the newest found */
} wanted;

static void look(const struct arch_record *r)
{
	if (r->event == wanted.event && r->a == wanted.a) {
		wanted.found++;
		wanted.b = r->b;
	}
}

/* How many records of `event` about `a` are among the newest. */
static u64 recorded(enum trace_event event, u64 a)
{
	wanted.event = event;
	wanted.a = a;
	wanted.found = 0;
	trace_dump(TRACE_DUMP_MAX, look);
	return wanted.found;
}

/* How often each was seen taken and given back. */
static struct {
	u64 frames, frames_free, frame_order;
	u64 objects, objects_free, object_bytes;
} seen;

static void use_memory(void)
{
	phys_t frame = frame_alloc(1);
	void *object = kmalloc(OBJECT_BYTES);

	kfree(object);
	frame_free(frame, 1);
	seen.frames = recorded(TRACE_FRAMES, frame.pa);
	seen.frame_order = wanted.b;
	seen.frames_free = recorded(TRACE_FRAMES_FREE, frame.pa);
	seen.objects = recorded(TRACE_OBJECT, (u64)object);
	seen.object_bytes = wanted.b;
	seen.objects_free = recorded(TRACE_OBJECT_FREE, (u64)object);
}

KTEST(trace_allocation, "each frame and object is told while that is asked for")
{
	u32 groups = trace_groups;

	trace_groups = TRACE_FRAMES_MASK;
	worker_drain_memory();
	use_memory();
	trace_groups = groups;
	EXPECT_EQ(seen.frames, 1);
	EXPECT_EQ(seen.frame_order, 1);
	EXPECT_EQ(seen.frames_free, 1);
	EXPECT(seen.objects >= 1);
	EXPECT_EQ(seen.objects, seen.objects_free);
	EXPECT(seen.object_bytes >= OBJECT_BYTES);
	kmem_check();
	frame_check();
}

static struct crew crew;
static struct mutex mutex;

static void take_mutex(void *arg)
{
	(void)arg;
	WITH_MUTEX (&mutex) {
	}
	WRITE_ONCE(trace_groups, 0); /* what comes now is of no interest */
}

/* Lets another thread wait for a mutex that we hold, then gives it. */
static int make_wait(void)
{
	int err;

	mutex_init(&mutex, LOCK_TEST_INNER);
	mutex_lock(&mutex);
	err = crew_add(&crew, take_mutex, NULL);
	while (err == 0 && !(READ_ONCE(mutex.owner) & MUTEX_WAITERS)) {
		sched_yield();
	}
	mutex_unlock(&mutex);
	crew_join(&crew);
	return err;
}

KTEST(trace_mutex, "the wait for a mutex is told, and how long it was held")
{
	u32 groups = trace_groups;
	u64 waits, holds;
	int err;

	WRITE_ONCE(trace_groups, TRACE_LOCK_WAIT_MASK);
	err = make_wait();
	waits = recorded(TRACE_LOCK_WAIT, LOCK_TEST_INNER);
	holds = recorded(TRACE_LOCK_HELD, LOCK_TEST_INNER);
	trace_groups = groups;
	EXPECT_EQ(err, 0);
	EXPECT_EQ(waits, 1);
	EXPECT(holds > 0);
}

static struct spinlock lock = SPINLOCK_INIT(LOCK_TEST_OUTER);
static bool held; /* [a] */

/* Holds the lock until somebody waits for it. */
static void hold_lock(void *arg)
{
	(void)arg;
	WITH_SPINLOCK (&lock) {
		WRITE_ONCE(held, true);
		while ((u16)(READ_ONCE(lock.next) - READ_ONCE(lock.owner)) <
		       2) {
			arch_relax();
		}
	}
}

static int wait_for_lock(void)
{
	int err;

	held = false;
	err = crew_add(&crew, hold_lock, NULL);
	while (err == 0 && !READ_ONCE(held)) {
		sched_yield();
	}
	WITH_SPINLOCK (&lock) {
	}
	WRITE_ONCE(trace_groups, 0);
	return err;
}

KTEST(trace_spinlock, "the wait for a spinlock is told, and that it was held")
{
	u32 groups = trace_groups;
	u64 others, waits, holds;
	int err;

	crew_pin_here(&crew);
	others = READ_ONCE(online_cpus) & ~crew.affinity;
	if (others == 0) {
		crew_join(&crew);
		ktest_skip("one processor");
		return;
	}
	crew.affinity = 1ull << __builtin_ctzll(others);
	WRITE_ONCE(trace_groups, TRACE_LOCK_WAIT_MASK);
	err = wait_for_lock();
	waits = recorded(TRACE_LOCK_WAIT, LOCK_TEST_OUTER);
	holds = recorded(TRACE_LOCK_HELD, LOCK_TEST_OUTER);
	crew_join(&crew);
	WRITE_ONCE(trace_groups, groups);
	EXPECT_EQ(err, 0);
	EXPECT_EQ(waits, 1);
	EXPECT(holds > 0);
}
