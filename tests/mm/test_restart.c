/* SPDX-License-Identifier: MIT */
/*
 * Objects and frames taken and given back by threads that lose their processor
 * at any instruction.
 */
#include "arch/restart.h"

#include "arch/cpu.h"
#include "arch/probe.h"
#include "kernel/clock.h"
#include "kernel/timer.h"
#include "mm/frame.h"
#include "mm/kmem.h"
#include "tests/ktest.h"
#include "tests/sched/crew.h"

#define FUNCTION_BYTES 160

/* Instructions of a function that begin anew; they are one operation. */
struct anew {
	u64 to;    /* where they begin */
	u64 first; /* the first byte behind that */
	u64 bytes; /* and how many */
};

static struct anew anew_of(u64 function)
{
	const struct arch_record_ring ring = { 0 };
	struct anew anew = { 0 };

	for (u64 at = function; at < function + FUNCTION_BYTES; at++) {
		u64 to = at;

		if (arch_probe_restart(&to, 0, &ring) != NULL || to == at) {
			continue;
		}
		if (anew.bytes == 0) {
			anew = (struct anew){ to, at, 0 };
		}
		anew.bytes += to == anew.to && at == anew.first + anew.bytes;
	}
	return anew;
}

KTEST(restart_operations,
      "to take and to give an object or a frame begin anew, up to the end")
{
	const u64 functions[] = {
		(u64)kmem_class_alloc,
		(u64)frame_alloc_single,
		(u64)frame_free_single,
	};

	for (size_t i = 0; i < ARRAY_SIZE(functions); i++) {
		struct anew anew = anew_of(functions[i]);

		EXPECT_EQ(anew.first, anew.to + 1);
		EXPECT(anew.bytes > 16 && anew.bytes < 48);
	}
}

#define THREADS      3 /* on each processor */
#define HELD         4 /* objects and frames at a time */
#define ROUNDS       2000
#define OBJECT_BYTES 16
#define AGAIN_NS     5000

static struct {
	struct timer timers[MAX_CPUS];
	u64 left;  /* [a] threads that still work */
	u64 wrong; /* [a] what somebody else had, too */
} task;

/* Whoever runs here gives way, wherever he is. */
static void give_way(struct timer *timer)
{
	arch_preempt_want();
	if (READ_ONCE(task.left) != 0) {
		timer_arm(timer, clock_ns() + AGAIN_NS);
	}
}

struct holding {
	u64 *objects[HELD];
	phys_t frames[HELD];
};

static void take(struct holding *h)
{
	for (unsigned i = 0; i < HELD; i++) {
		h->objects[i] = kmalloc(OBJECT_BYTES);
		h->frames[i] = frame_alloc(0);
		if (h->objects[i] != NULL) {
			WRITE_ONCE(*h->objects[i], (u64)&h->objects[i]);
		}
		if (!phys_is_none(h->frames[i])) {
			WRITE_ONCE(*(u64 *)phys_to_virt(h->frames[i]),
				   (u64)&h->frames[i]);
		}
	}
}

/* Returns how many bear another's mark. */
static u64 give(const struct holding *h)
{
	u64 wrong = 0;

	for (unsigned i = 0; i < HELD; i++) {
		if (h->objects[i] != NULL) {
			wrong += READ_ONCE(*h->objects[i]) !=
				 (u64)&h->objects[i];
			kfree(h->objects[i]);
		}
		if (!phys_is_none(h->frames[i])) {
			wrong +=
				READ_ONCE(*(u64 *)phys_to_virt(h->frames[i])) !=
				(u64)&h->frames[i];
			frame_free(h->frames[i], 0);
		}
	}
	return wrong;
}

static void take_and_give(void *arg)
{
	struct holding h;
	u64 wrong = 0;

	(void)arg;
	for (int i = 0; i < ROUNDS; i++) {
		take(&h);
		wrong += give(&h);
	}
	__atomic_add_fetch(&task.wrong, wrong, __ATOMIC_RELAXED);
	__atomic_sub_fetch(&task.left, 1, __ATOMIC_RELEASE);
}

/* The first of each processor; timers are its own. */
static void take_and_disturb(void *arg)
{
	struct timer *timer = arg;

	timer_init(timer, give_way);
	timer_arm(timer, clock_ns());
	take_and_give(NULL);
	timer_cancel(timer);
}

KTEST(restart_under_way,
      "threads that lose their processor at any instruction share no memory")
{
	static struct crew crew;
	u64 cpus = cpu_count();
	int err = 0;

	task.left = 0;
	task.wrong = 0;
	for (u64 i = 0; i < cpus * THREADS && err == 0; i++) {
		crew.affinity = nth_cpu(i);
		__atomic_add_fetch(&task.left, 1, __ATOMIC_RELAXED);
		err = crew_add(&crew,
			       i < cpus ? take_and_disturb : take_and_give,
			       &task.timers[i % MAX_CPUS]);
	}
	crew_join(&crew);
	crew.affinity = 0;
	EXPECT_EQ(err, 0);
	EXPECT_EQ(task.wrong, 0);
	kmem_check();
	frame_check();
}
