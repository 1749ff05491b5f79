/* SPDX-License-Identifier: MIT */
/*
 * Benchmarks of threads, locks and waking up.  Where it takes two, the other
 * one is a partner that lives as long as the benchmark.
 */
#include "bench/bench.h"

#include "kernel/mutex.h"
#include "sched/sched.h"
#include "sched/semaphore.h"
#include "sched/thread.h"

static const char no_thread[] = "no memory for a thread";

struct pair {
	struct bench *b;
	bool done; /* [a] the partner shall end */
	bool ends; /* [I] the partner takes the samples */
	u64 start;
	struct semaphore ping;
	struct semaphore pong;
};

static void yield_partner(void *arg)
{
	const struct pair *pair = arg;

	while (!READ_ONCE(pair->done)) {
		sched_yield();
	}
}

/* A yield that returns has switched twice. */
const char *bench_context_switch(struct bench *b)
{
	struct pair pair = { .b = b };
	struct thread *partner = thread_create("bench", yield_partner, &pair);

	if (partner == NULL) {
		return no_thread;
	}
	b->batch = 2;
	thread_start(partner);
	while (bench_more(b)) {
		u64 start = bench_start();

		sched_yield();
		bench_stop(b, start);
	}
	WRITE_ONCE(pair.done, true);
	thread_join(partner);
	return NULL;
}

const char *bench_yield(struct bench *b)
{
	BENCH_LOOP(b, 16, sched_yield());
	return NULL;
}

static void semaphore_partner(void *arg)
{
	struct pair *pair = arg;

	for (;;) {
		(void)semaphore_down(&pair->ping, WAITQ_FOREVER);
		if (pair->done) {
			break;
		}
		if (pair->ends) {
			bench_stop(pair->b, pair->start);
		}
		semaphore_up(&pair->pong);
	}
}

static const char *ping_pong(struct bench *b, bool one_way)
{
	struct pair pair = { .b = b, .ends = one_way };
	struct thread *partner;

	semaphore_init(&pair.ping, 0);
	semaphore_init(&pair.pong, 0);
	partner = thread_create("bench", semaphore_partner, &pair);
	if (partner == NULL) {
		return no_thread;
	}
	thread_start(partner);
	while (bench_more(b)) {
		pair.start = bench_start();
		semaphore_up(&pair.ping);
		(void)semaphore_down(&pair.pong, WAITQ_FOREVER);
		if (!one_way) {
			bench_stop(b, pair.start);
		}
	}
	pair.done = true;
	semaphore_up(&pair.ping);
	thread_join(partner);
	return NULL;
}

const char *bench_wake_to_run(struct bench *b)
{
	return ping_pong(b, true);
}

const char *bench_semaphore_pair(struct bench *b)
{
	return ping_pong(b, false);
}

const char *bench_mutex(struct bench *b)
{
	struct mutex mutex;

	mutex_init(&mutex, LOCK_PROCESS);
	BENCH_LOOP(b, 64, {
		mutex_lock(&mutex);
		mutex_unlock(&mutex);
	});
	return NULL;
}

static void nothing(void *arg)
{
	(void)arg;
}

const char *bench_thread(struct bench *b)
{
	while (bench_more(b)) {
		u64 start = bench_start();
		struct thread *thread = thread_create("bench", nothing, NULL);

		if (thread == NULL) {
			return no_thread;
		}
		thread_start(thread);
		thread_join(thread);
		bench_stop(b, start);
	}
	return NULL;
}
