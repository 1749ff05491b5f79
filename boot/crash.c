/* SPDX-License-Identifier: MIT */
/*
 * The ways to die.
 */
#include "boot/crash.h"

#include "arch/cpu.h"
#include "kernel/clock.h"
#include "arch/thread.h"
#include "kernel/log.h"
#include "kernel/mutex.h"
#include "kernel/panic.h"
#include "kernel/spinlock.h"
#include "kernel/timer.h"
#include "lib/string.h"
#include "sched/runq.h"
#include "sched/sched.h"
#include "sched/thread.h"

#define HOUR_NS 3600000000000ul

static void crash_thread(void)
{
	panic("crash=thread");
}

static void timer_panics(struct timer *timer)
{
	(void)timer;
	panic("crash=irq");
}

static void crash_irq(void)
{
	static struct timer timer;

	timer_init(&timer, timer_panics);
	timer_arm(&timer, clock_ns());
	sched_sleep_ns(1000000000);
}

static void crash_locked(void)
{
	static struct spinlock lock = SPINLOCK_INIT(LOCK_TEST_OUTER);

	WITH_SPINLOCK (&lock) {
		panic("crash=locked");
	}
}

static void crash_runq(void)
{
	WITH_SPINLOCK_IRQ (&this_cpu_ptr(runq)->lock) {
		panic("crash=runq");
	}
}

/* On the last of the other processors, if there are any; we stay on ours. */
static void start_elsewhere(void (*fn)(void *))
{
	struct thread *thread = thread_create("crash", fn, NULL);

	if (thread != NULL) {
		WITH_PREEMPT_OFF () {
			u64 here = 1ull << cpu_id();
			u64 others = online_cpus & ~here;

			current_thread()->affinity = here;
			thread->affinity =
				others ? 1ull << (63 - __builtin_clzll(others))
				       : here;
		}
		thread_start(thread);
	}
}

static void panics(void *arg)
{
	(void)arg;
	panic("crash=other");
}

static void crash_other(void)
{
	start_elsewhere(panics);
	sched_sleep_ns(HOUR_NS);
}

static void panics_second(void *arg)
{
	(void)arg;
	panic("crash=twice, on the other processor");
}

/* Neither reports before both are at it. */
static void crash_twice(void)
{
	panic_expect(2);
	start_elsewhere(panics_second);
	panic("crash=twice");
}

/* Nobody asks for that depth: it ends in the guard page. */
static noinline u64 endless(u64 depth)
{
	volatile u64 frame[16] = { depth };

	return depth == UINT64_MAX ? 0 : endless(depth + 1) + frame[1];
}

static void crash_stack(void)
{
	log_info("%lu frames deep", endless(0));
}

static void crash_double(void)
{
	arch_double_fault();
}

/* Writes over its own return address. */
static noinline void crash_smash(void)
{
	volatile size_t len = 64;
	u8 small[16];

	memset(small, 0x5a, len);
	log_info("%u", small[len % sizeof(small)]);
}

#ifdef EXO_DEBUG
static struct spinlock outer = SPINLOCK_INIT(LOCK_TEST_OUTER);
static struct spinlock inner = SPINLOCK_INIT(LOCK_TEST_INNER);
static struct mutex mutex;

static void crash_order(void)
{
	spin_lock(&inner);
	spin_lock(&outer);
}

static void crash_sleeps(void)
{
	spin_lock(&outer);
	sched_sleep_ns(1);
}

static void holds_mutex(void *arg)
{
	(void)arg;
	mutex_lock(&mutex);
	sched_sleep_ns(HOUR_NS);
	mutex_unlock(&mutex);
}

static void holds_spinlock(void *arg)
{
	(void)arg;
	spin_lock(&outer);
	for (;;) {
		arch_relax();
	}
}

/* No death: the watchdog tells of a wait that does not end. */
static void crash_hangs_mutex(void)
{
	mutex_init(&mutex, LOCK_TEST_INNER);
	start_elsewhere(holds_mutex);
	while (READ_ONCE(mutex.owner) == 0) {
		sched_yield();
	}
	mutex_lock(&mutex);
	mutex_unlock(&mutex); /* never, but our name is among the calls */
}

static void crash_hangs_spinlock(void)
{
	start_elsewhere(holds_spinlock);
	while (READ_ONCE(outer.next) == 0) {
		sched_yield();
	}
	spin_lock(&outer);
	spin_unlock(&outer);
}

static void crash_mutex_atomic(void)
{
	mutex_init(&mutex, LOCK_TEST_INNER);
	spin_lock(&outer);
	mutex_lock(&mutex);
}

static void crash_leaves_spinlock(void)
{
	spin_lock(&outer);
	arch_enter_user(0, 0);
}

static void crash_leaves_mutex(void)
{
	mutex_init(&mutex, LOCK_TEST_INNER);
	mutex_lock(&mutex);
	arch_enter_user(0, 0);
}

static void crash_leaves_preempt(void)
{
	preempt_off();
	arch_enter_user(0, 0);
}
#endif

/* The checks of the debug kernel are ways of its own. */
static const struct {
	const char *name;
	void (*fn)(void);
} ways[] = {
#ifdef EXO_DEBUG
	{ "order", crash_order },
	{ "sleeps", crash_sleeps },
	{ "mutex_atomic", crash_mutex_atomic },
	{ "hangs_mutex", crash_hangs_mutex },
	{ "hangs_spinlock", crash_hangs_spinlock },
	{ "leaves_spinlock", crash_leaves_spinlock },
	{ "leaves_mutex", crash_leaves_mutex },
	{ "leaves_preempt", crash_leaves_preempt },
#endif
	{ "thread", crash_thread },
	{ "irq", crash_irq },
	{ "locked", crash_locked },
	{ "runq", crash_runq },
	{ "other", crash_other },
	{ "twice", crash_twice },
	{ "stack", crash_stack },
	{ "double", crash_double },
	{ "smash", crash_smash },
};

void crash_before_memory(const char *how)
{
	if (how != NULL && strcmp(how, "early") == 0) {
		panic("crash=early");
	}
}

void crash_on_purpose(const char *how)
{
	if (how == NULL) {
		return;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(ways); i++) {
		if (strcmp(how, ways[i].name) == 0) {
			ways[i].fn();
		}
	}
	log_warn("crash=%s: there is no such way", how);
}
