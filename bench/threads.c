/* SPDX-License-Identifier: MIT */
/*
 * bench=threads: a crowd of up to a million threads, all alive at once.  It
 * grows from step to step; at each step threads yield to each other among the
 * sleeping crowd, and every member is woken, runs and sleeps again.  In the
 * end all end.
 *
 * A member sleeps in the middle of a function, with what it counts on its
 * stack: how often it ran, which must be as often as everybody was woken.
 */
#include "bench/bench.h"

#include "kernel/log.h"
#include "kernel/waitq.h"
#include "mm/frame.h"
#include "mm/kmem.h"
#include "sched/kstack.h"
#include "sched/sched.h"
#include "sched/thread.h"
#include "sched/worker.h"

#define CROWD_MAX 1000000ul

/* The crowd takes three quarters of memory at most, at so much a member. */
#define MEMBER_BYTES        1024
#define MEMORY_SHARE(bytes) ((bytes) / 4 * 3)

/* Threads that yield to each other, the measuring one among them. */
#define RING 10

/* A round of a large crowd is so many samples; members are made so many at
 * a time. */
#define ROUND_SAMPLES 1000

static const char too_few[] = "no memory for so many threads";
static const char lost[] = "a thread did not run as often as it was woken";

struct holding {
	u64 threads;
	u64 frames; /* free ones */
	u64 kmem_bytes;
};

static struct {
	struct waitq q; /* where members sleep; guards the counts */
	u64 size;       /* [q] members */
	u64 arrived;    /* [q] that went to sleep, all in all */
	u64 ended;      /* [q] */
	u64 round;      /* [q] how often everybody was woken */
	u64 wrong;      /* [q] times that a member ran out of turn */
	bool over;      /* [q] they shall end */
	bool ring_over; /* [a] */
	struct holding before;
} crowd;

static struct holding holding_now(void)
{
	worker_drain_memory();
	return (struct holding){ thread_count(), frame_stats().free,
				 kmem_held_bytes() };
}

static void member(void *arg)
{
	u64 flags = waitq_lock(&crowd.q);
	u64 round = crowd.round;

	(void)arg;
	thread_private_stack(true);
	for (; !crowd.over; round++) {
		crowd.wrong += round != crowd.round;
		crowd.arrived++;
		waitq_sleep(&crowd.q, WAITQ_FOREVER);
	}
	crowd.ended++;
	waitq_unlock(&crowd.q, flags);
}

/* Lets them run until a counter comes to what it shall be. */
static void await(const u64 *counter, u64 value)
{
	while (READ_ONCE(*counter) < value) {
		sched_yield();
	}
}

/* False if there is no memory for them. */
static bool grow_by(u64 count)
{
	u64 arrived = crowd.arrived;
	u64 made = 0;

	while (made < count && thread_spawn("crowd", member, NULL) == 0) {
		made++;
	}
	await(&crowd.arrived, arrived + made);
	crowd.size += made;
	return made == count;
}

/* As large a crowd as there should be, a multiple of ROUND_SAMPLES. */
static u64 size_max(void)
{
	u64 room = MEMORY_SHARE(frame_stats().total * PAGE_SIZE) / MEMBER_BYTES;
	u64 size = MIN(room, CROWD_MAX);

	return size - size % ROUND_SAMPLES;
}

static bool grow_to(u64 size)
{
	bool grown = size <= size_max();

	if (crowd.size == 0) {
		waitq_init(&crowd.q);
		crowd.before = holding_now();
	}
	while (grown && crowd.size < size) {
		grown = grow_by(MIN(size - crowd.size, (u64)ROUND_SAMPLES));
	}
	return grown;
}

static void wake(u64 count)
{
	for (u64 i = 0; i < count; i++) {
		waitq_wake_one(&crowd.q);
	}
}

static void ring_member(void *arg)
{
	(void)arg;
	while (!READ_ONCE(crowd.ring_over)) {
		sched_yield();
	}
}

/* Yields that come back have gone once round the ring. */
static const char *switch_among(struct bench *b, u64 size)
{
	u64 threads = thread_count();
	bool made = grow_to(size);

	crowd.ring_over = false;
	b->batch = RING;
	for (u32 i = 1; i < RING && made; i++) {
		made = thread_spawn("ring", ring_member, NULL) == 0;
	}
	while (made && bench_more(b)) {
		u64 start = bench_start();

		sched_yield();
		bench_stop(b, start);
	}
	WRITE_ONCE(crowd.ring_over, true);
	while (thread_count() > MAX(threads, crowd.before.threads + size)) {
		sched_yield();
	}
	return made ? NULL : too_few;
}

/* Everybody once, in samples of `batch`; more of them if they are wanted. */
static void round(struct bench *b)
{
	WITH_SPINLOCK_IRQ (&crowd.q.lock) {
		crowd.round++;
	}
	for (u64 done = 0; done < crowd.size; done += b->batch) {
		u64 arrived = crowd.arrived;
		u64 start = bench_start();

		wake(b->batch);
		await(&crowd.arrived, arrived + b->batch);
		bench_stop(b, start);
	}
}

static const char *rounds(struct bench *b, u64 size)
{
	if (!grow_to(size)) {
		return too_few;
	}
	b->batch = (u32)MAX(size / ROUND_SAMPLES, (u64)RING);
	while (bench_more(b)) {
		round(b);
	}
	return crowd.wrong == 0 ? NULL : lost;
}

const char *bench_threads_switch_10(struct bench *b)
{
	return switch_among(b, 10);
}

const char *bench_threads_round_10(struct bench *b)
{
	return rounds(b, 10);
}

const char *bench_threads_switch_1000(struct bench *b)
{
	return switch_among(b, 1000);
}

const char *bench_threads_round_1000(struct bench *b)
{
	return rounds(b, 1000);
}

const char *bench_threads_switch_100000(struct bench *b)
{
	return switch_among(b, 100000);
}

const char *bench_threads_round_100000(struct bench *b)
{
	return rounds(b, 100000);
}

const char *bench_threads_create(struct bench *b)
{
	u64 left = size_max() - MIN(crowd.size, size_max());
	bool grown = true;

	b->batch = (u32)(left / BENCH_ALL);
	while (b->batch > 0 && grown && bench_more(b)) {
		u64 start = bench_start();

		grown = grow_by(b->batch);
		bench_stop(b, start);
	}
	return grown && grow_to(size_max()) ? NULL : too_few;
}

const char *bench_threads_switch_all(struct bench *b)
{
	return switch_among(b, size_max());
}

/* What a member takes once all sleep again. */
static void show_memory(u64 rounds_run)
{
	struct holding now = holding_now();
	u64 bytes = (crowd.before.frames - now.frames) * PAGE_SIZE;

	log_raw("[bench] %lu threads alive, %lu stacks mapped, %lu bytes each; "
		"each ran %lu times more\n",
		now.threads - crowd.before.threads, kstack_here_count(),
		bytes / MAX(crowd.size, 1ul), rounds_run);
}

const char *bench_threads_round_all(struct bench *b)
{
	u64 before = crowd.round;
	const char *reason = rounds(b, size_max());

	show_memory(crowd.round - before);
	return reason;
}

static void end(u64 count)
{
	u64 ended = crowd.ended;

	wake(count);
	await(&crowd.ended, ended + count);
	crowd.size -= count;
}

static void show_left(void)
{
	struct holding now;

	while (thread_count() > crowd.before.threads) {
		sched_yield();
	}
	now = holding_now();
	log_raw("[bench] all ended: %lu frames, %lu bytes of objects and %lu "
		"threads more than before\n",
		crowd.before.frames - now.frames,
		now.kmem_bytes - crowd.before.kmem_bytes,
		now.threads - crowd.before.threads);
}

const char *bench_threads_end(struct bench *b)
{
	b->batch = (u32)(crowd.size / BENCH_ALL);
	WITH_SPINLOCK_IRQ (&crowd.q.lock) {
		crowd.over = true;
	}
	while (b->batch > 0 && bench_more(b)) {
		u64 start = bench_start();

		end(b->batch);
		bench_stop(b, start);
	}
	end(crowd.size);
	show_left();
	crowd.over = false;
	return b->batch > 0 ? NULL : too_few;
}
