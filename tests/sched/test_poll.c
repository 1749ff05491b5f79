/* SPDX-License-Identifier: MIT */
/*
 * Interruptible sleep and pollers: no interruption and no change is missed.
 */
#include "sched/poll.h"

#include "kernel/clock.h"
#include "lib/errno.h"
#include "sched/sched.h"
#include "tests/holdings.h"
#include "tests/ktest.h"
#include "tests/sched/crew.h"

#define INTERRUPTS   2000
#define POLL_ROUNDS  10000
#define POLL_OBJECTS 8

static struct crew crew;

static struct {
	struct waitq q;
	u64 asked;    /* [a] interruptions */
	u64 answered; /* [a] sleeps that ended by one */
} interrupts;

static void interrupted_sleeper(void *arg)
{
	(void)arg;
	for (unsigned i = 0; i < ktest_rounds(INTERRUPTS); i++) {
		u64 flags = waitq_lock(&interrupts.q);

		while (waitq_sleep_interruptible(&interrupts.q,
						 WAITQ_FOREVER) != -EINTR) {
		}
		waitq_unlock(&interrupts.q, flags);
		thread_interrupt_clear();
		__atomic_fetch_add(&interrupts.answered, 1, __ATOMIC_SEQ_CST);
	}
}

static void interrupter(void *arg)
{
	(void)arg;
	for (u64 i = 0; i < ktest_rounds(INTERRUPTS); i++) {
		while (__atomic_load_n(&interrupts.answered, __ATOMIC_SEQ_CST) <
		       i) {
			sched_yield();
		}
		thread_interrupt(crew.threads[0]);
	}
}

KTEST(waitq_interrupt_storm,
      "each of thousands of interruptions ends one sleep")
{
	waitq_init(&interrupts.q);
	interrupts.answered = 0;
	EXPECT_EQ(crew_add(&crew, interrupted_sleeper, NULL), 0);
	EXPECT_EQ(crew_add(&crew, interrupter, NULL), 0);
	crew_join(&crew);
	EXPECT_EQ(interrupts.answered, ktest_rounds(INTERRUPTS));
}

static bool uninterruptible_done;

static void uninterruptible(void *arg)
{
	thread_interrupt(current_thread());
	sched_sleep_ns(*(u64 *)arg);
	uninterruptible_done = true;
}

KTEST(waitq_sleep_goes_on, "an interruption does not end a plain sleep")
{
	u64 ns = 2000000;
	u64 start = clock_ns();

	uninterruptible_done = false;
	EXPECT_EQ(crew_add(&crew, uninterruptible, &ns), 0);
	thread_interrupt(crew.threads[0]);
	crew_join(&crew);
	EXPECT(uninterruptible_done);
	EXPECT(clock_ns() - start >= ns);
}

static struct {
	struct pollq q;
	u64 value; /* [a] */
} objects[POLL_OBJECTS];

static u64 seen_sum(struct poller *poller)
{
	u64 sum = 0;

	for (unsigned i = 0; i < POLL_OBJECTS; i++) {
		poller_watch(poller, &objects[i].q);
		sum += __atomic_load_n(&objects[i].value, __ATOMIC_ACQUIRE);
	}
	return sum;
}

static void poll_reader(void *arg)
{
	u64 *result = arg;
	u64 sum = 0;

	while (sum < (u64)POLL_ROUNDS * 2) {
		struct poller poller;
		u64 now;

		poller_init(&poller);
		now = seen_sum(&poller);
		while (now == sum && *result == 0) {
			*result = (u64)-poller_sleep(&poller, WAITQ_FOREVER);
			now = seen_sum(NULL);
		}
		poller_end(&poller);
		sum = now;
	}
}

static void poll_writer(void *arg)
{
	u64 self = (u64)arg;

	for (u64 i = 0; i < POLL_ROUNDS; i++) {
		unsigned n = (self + i * 3) % POLL_OBJECTS;

		__atomic_fetch_add(&objects[n].value, 1, __ATOMIC_RELEASE);
		pollq_wake(&objects[n].q);
		if (i % 16 == self) {
			sched_yield();
		}
	}
}

KTEST(poll_misses_nothing, "two pollers see each change of eight objects")
{
	static u64 results[2];

	threads_settled();
	for (unsigned i = 0; i < POLL_OBJECTS; i++) {
		pollq_init(&objects[i].q);
		objects[i].value = 0;
	}
	for (u64 i = 0; i < 2; i++) {
		results[i] = 0;
		EXPECT_EQ(crew_add(&crew, poll_reader, &results[i]), 0);
		EXPECT_EQ(crew_add(&crew, poll_writer, (void *)i), 0);
	}
	crew_join(&crew);
	EXPECT_EQ(results[0] | results[1], 0);
	for (unsigned i = 0; i < POLL_OBJECTS; i++) {
		EXPECT(list_empty(&objects[i].q.watches));
	}
}

KTEST(poll_times_out, "a poller that nobody wakes returns at its deadline")
{
	struct poller poller;
	u64 deadline = clock_ns() + 1000000;

	poller_init(&poller);
	pollq_init(&objects[0].q);
	poller_watch(&poller, &objects[0].q);
	EXPECT_EQ(poller_sleep(&poller, deadline), -ETIMEDOUT);
	EXPECT(clock_ns() >= deadline);
	poller_end(&poller);
}
