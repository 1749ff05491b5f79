/* SPDX-License-Identifier: MIT */
/*
 * Stacks that are put away while their threads sleep.
 */
#include "sched/keeper.h"

#include "arch/paging.h"
#include "kernel/clock.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/frame.h"
#include "sched/sched.h"
#include "sched/semaphore.h"
#include "tests/holdings.h"
#include "tests/ktest.h"
#include "tests/sched/crew.h"

#define SLEEPERS    100
#define ROUNDS      200
#define NOTES       24
#define NAP_NS      100000ul
#define LIMIT_NS    20000000000ul
#define DEADLINE_NS 3600000000000ul

static struct crew crew;

static struct {
	struct semaphore go[SLEEPERS];
	struct semaphore done;
	u64 limit_before;
	unsigned asleep; /* [a] */
	unsigned wrong;  /* [a] */
	u64 deadline;
	bool is_private;
	int result;
	struct waitq waitq;
} t;

static void start(void)
{
	memset(&t, 0, sizeof(t));
	for (unsigned i = 0; i < SLEEPERS; i++) {
		semaphore_init(&t.go[i], 0);
	}
	semaphore_init(&t.done, 0);
	waitq_init(&t.waitq);
	t.deadline = WAITQ_FOREVER;
	t.is_private = true;
	t.limit_before = keeper_set_limit(UINT64_MAX);
}

static void finish(void)
{
	keeper_set_limit(t.limit_before);
}

static bool is_away(const struct thread *thread)
{
	struct page_mapping mapping;
	u64 base = (u64)thread->kstack.base;

	return !arch_query_page(&kernel_page_table, base, &mapping) &&
	       !arch_query_page(&kernel_page_table, base + PAGE_SIZE, &mapping);
}

static unsigned away_count(void)
{
	unsigned count = 0;

	for (unsigned i = 0; i < crew.count; i++) {
		count += is_away(crew.threads[i]);
	}
	return count;
}

/* Asks the keeper until so many stacks are away; false if they do not go. */
static bool put_away(unsigned count)
{
	u64 end = clock_ns() + LIMIT_NS;

	while (away_count() < count) {
		if (clock_ns() > end) {
			return false;
		}
		keeper_set_limit(0);
		sched_sleep_ns(NAP_NS);
	}
	keeper_set_limit(UINT64_MAX);
	return true;
}

/* Sleeps in the middle of a function that has something on its stack. */
static void sleeper(void *arg)
{
	u64 self = (u64)arg;
	volatile u64 notes[NOTES];

	thread_private_stack(t.is_private);
	for (u64 i = 0; i < NOTES; i++) {
		notes[i] = self * NOTES + i;
	}
	__atomic_fetch_add(&t.asleep, 1, __ATOMIC_RELAXED);
	(void)semaphore_down(&t.go[self], t.deadline);
	for (u64 i = 0; i < NOTES; i++) {
		if (notes[i] != self * NOTES + i) {
			__atomic_fetch_add(&t.wrong, 1, __ATOMIC_RELAXED);
		}
	}
}

static bool crew_sleeps(void)
{
	for (u64 i = 0; i < SLEEPERS; i++) {
		if (crew_add(&crew, sleeper, (void *)i) != 0) {
			return false;
		}
	}
	while (READ_ONCE(t.asleep) < SLEEPERS) {
		sched_yield();
	}
	return true;
}

static void crew_goes_on(void)
{
	for (unsigned i = 0; i < SLEEPERS; i++) {
		semaphore_up(&t.go[i]);
	}
	crew_join(&crew);
}

KTEST(keeper_put_away,
      "a sleeper's stack goes and comes back with all that was on it")
{
	struct holdings before = holdings_now(threads_settled());
	struct holdings after;
	u64 mapped, unmapped;
	bool slept, went;

	start();
	slept = crew_sleeps();
	mapped = frame_stats().free;
	went = slept && put_away(SLEEPERS);
	unmapped = frame_stats().free;
	crew_goes_on();
	finish();
	after = holdings_now(before.threads);
	EXPECT(slept && went);
	EXPECT(unmapped - mapped > SLEEPERS);
	EXPECT_EQ(t.wrong, 0);
	EXPECT_EQ(after.kernel_stacks, before.kernel_stacks);
	EXPECT_EQ(after.kmem_bytes, before.kmem_bytes);
	EXPECT_EQ(after.free_frames, before.free_frames);
}

KTEST(keeper_leaves_shared,
      "a stack that others may use stays, and so does one that has a timer")
{
	bool slept;

	for (unsigned timed = 0; timed < 2; timed++) {
		start();
		t.is_private = timed;
		t.deadline = timed ? clock_ns() + DEADLINE_NS : WAITQ_FOREVER;
		slept = crew_sleeps();
		for (unsigned i = 0; i < SLEEPERS; i++) {
			keeper_set_limit(0);
			sched_sleep_ns(NAP_NS);
			t.wrong += away_count();
		}
		crew_goes_on();
		finish();
		EXPECT(slept);
		EXPECT_EQ(t.wrong, 0);
	}
}

/* Each wakes the next, round and round. */
static void runner(void *arg)
{
	u64 self = (u64)arg;

	thread_private_stack(true);
	for (u64 i = 0; i < ROUNDS; i++) {
		(void)semaphore_down(&t.go[self], WAITQ_FOREVER);
		__atomic_fetch_add(&t.asleep, 1, __ATOMIC_RELAXED);
		semaphore_up(&t.go[(self + 1) % SLEEPERS]);
	}
	semaphore_up(&t.done);
}

KTEST(keeper_storm, "no wake-up is lost while stacks come and go")
{
	unsigned ended = 0;
	int err = 0;

	start();
	for (u64 i = 0; i < SLEEPERS && err == 0; i++) {
		err = crew_add(&crew, runner, (void *)i);
	}
	EXPECT_EQ(err, 0);
	for (unsigned i = 0; i < SLEEPERS; i += 5) {
		semaphore_up(&t.go[i]);
	}
	while (ended < SLEEPERS) {
		keeper_set_limit(0);
		ended += semaphore_down(&t.done, clock_ns() + NAP_NS) == 0;
	}
	crew_join(&crew);
	finish();
	EXPECT_EQ(t.asleep, SLEEPERS * ROUNDS);
}

static void interruptible(void *arg)
{
	u64 flags;

	(void)arg;
	thread_private_stack(true);
	flags = waitq_lock(&t.waitq);
	do {
		t.result = waitq_sleep_interruptible(&t.waitq, WAITQ_FOREVER);
	} while (t.result == 0);
	waitq_unlock(&t.waitq, flags);
	thread_interrupt_clear();
}

KTEST(keeper_interrupt, "an interruption reaches a sleeper without a stack")
{
	bool went;

	start();
	EXPECT_EQ(crew_add(&crew, interruptible, NULL), 0);
	went = put_away(1);
	thread_interrupt(crew.threads[0]);
	thread_interrupt(crew.threads[0]);
	crew_join(&crew);
	finish();
	EXPECT(went);
	EXPECT_EQ(t.result, -EINTR);
}

#ifdef EXO_DEBUG
static unsigned ended_count(void)
{
	unsigned count = 0;

	for (unsigned i = 0; i < crew.count; i++) {
		count += READ_ONCE(crew.threads[i]->exited);
	}
	return count;
}

KTEST(keeper_cannot_save, "a stack that there is no memory to save stays")
{
	bool slept;

	start();
	slept = crew_sleeps();
	frame_fail_after(0);
	keeper_set_limit(0);
	sched_sleep_ns(NAP_NS);
	frame_fail_after(FRAME_FAIL_NEVER);
	crew_goes_on();
	finish();
	EXPECT(slept);
	EXPECT_EQ(t.wrong, 0);
}

KTEST(keeper_without_frames,
      "a thread that cannot have its stack yet wakes up when there is memory")
{
	bool ready;
	unsigned early;

	start();
	ready = crew_sleeps() && put_away(SLEEPERS);
	frame_fail_after(0);
	for (unsigned i = 0; i < SLEEPERS; i++) {
		semaphore_up(&t.go[i]);
	}
	sched_sleep_ns(NAP_NS);
	early = ended_count();
	frame_fail_after(FRAME_FAIL_NEVER);
	crew_join(&crew);
	finish();
	EXPECT(ready);
	EXPECT_EQ(early, 0);
	EXPECT_EQ(t.wrong, 0);
}
#endif
