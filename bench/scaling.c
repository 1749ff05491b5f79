/* SPDX-License-Identifier: MIT */
/*
 * bench=scaling: the same work done by one processor and then by two at once,
 * by the wall clock in one run.  Each job is a fixed amount of work for one
 * processor; two that shared nothing would take as long for two of them, a
 * ratio of 2.  The shortest of some tries counts: a busy host only adds time.
 * The first job shares nothing: its ratio is what the host gives.
 */
#include "bench/scaling.h"

#include "bench/bench.h"
#include "fs/file.h"
#include "kernel/clock.h"
#include "kernel/log.h"
#include "lib/errno.h"
#include "mm/frame.h"
#include "mm/kmem.h"
#include "posix/process.h"
#include "sched/sched.h"
#include "sched/thread.h"

#define CPUS         2
#define TRIES        3
#define ROUNDS       50000
#define LOOP_ROUNDS  100
#define DEEP         48
#define PARTNERS     2
#define USER_SAMPLES "2000"
#define CALL_BATCH   "100"
#define FAULT_BATCH  "10"

/* Shares nothing: what the host lets two processors do in this run. */
static void job_loop(void)
{
	for (volatile u32 i = 0; i < ROUNDS * LOOP_ROUNDS;) {
		i = i + 1;
	}
}

/* Two to a processor take turns. */
static void job_yield(void)
{
	for (u32 i = 0; i < ROUNDS; i++) {
		sched_yield();
	}
}

static void job_frame(void)
{
	phys_t frames[DEEP];

	for (u32 i = 0; i < 4 * ROUNDS / DEEP; i++) {
		for (u32 f = 0; f < DEEP; f++) {
			frames[f] = frame_alloc(0);
		}
		for (u32 f = 0; f < DEEP; f++) {
			if (!phys_is_none(frames[f])) {
				frame_free(frames[f], 0);
			}
		}
	}
}

static void job_kmalloc(void)
{
	for (u32 i = 0; i < ROUNDS; i++) {
		kfree(kmalloc(64));
	}
}

static const struct job {
	const char *name;
	void (*fn)(void); /* or */
	const char *what; /* of user/bench.c */
	const char *batch;
	u32 threads; /* to a processor */
} jobs[] = {
	{ "loop", job_loop, NULL, NULL, 1 },
	{ "yield", job_yield, NULL, NULL, PARTNERS },
	{ "frame", job_frame, NULL, NULL, 1 },
	{ "kmalloc_64", job_kmalloc, NULL, NULL, 1 },
	{ "null_call", NULL, "call", CALL_BATCH, 1 },
	{ "page_fault", NULL, "fault", FAULT_BATCH, 1 },
};

static void run_job(void *arg)
{
	const struct job *job = arg;

	job->fn();
}

/* On the first processors; joins them all, whether or not all could start. */
static int run_threads(const struct job *job, u32 cpus)
{
	struct thread *threads[CPUS * PARTNERS];
	u32 count = 0;

	while (count < cpus * job->threads) {
		struct thread *t =
			thread_create("scaling", run_job, (void *)job);

		if (t == NULL) {
			break;
		}
		t->affinity = 1ull << count % cpus;
		threads[count++] = t;
		thread_start(t);
	}
	for (u32 i = 0; i < count; i++) {
		thread_join(threads[i]);
	}
	return count == cpus * job->threads ? 0 : -ENOMEM;
}

static long swallow(struct file *file, uaddr_t src, size_t len_bytes)
{
	(void)file;
	(void)src;
	return (long)len_bytes;
}

static const struct file_ops sink = { .write = swallow };

/* As many processes; the balancer gives each a processor. */
static int run_processes(const struct job *job, u32 cpus)
{
	const char *argv[] = { BENCH_PROGRAM, job->what, USER_SAMPLES,
			       job->batch, NULL };
	struct process_start start[CPUS] = { 0 };
	u32 count = 0;
	int err = 0;

	while (count < cpus && err == 0) {
		start[count].path = BENCH_PROGRAM;
		start[count].argv = argv;
		start[count].envp = &argv[4];
		start[count].stdio = file_create(&sink, FILE_WRITE);
		err = start[count].stdio ? process_start(&start[count])
					 : -ENOMEM;
		count += err == 0;
	}
	while (count > 0) {
		err |= process_wait(start[--count].process);
	}
	return err;
}

/* How long it takes; 0 if it failed. */
static u64 time_job(const struct job *job, u32 cpus)
{
	u64 start = clock_ns();
	int err = job->fn ? run_threads(job, cpus) : run_processes(job, cpus);

	return err ? 0 : clock_ns() - start;
}

static void measure(const struct job *job)
{
	u64 best[CPUS + 1] = { 0, UINT64_MAX, UINT64_MAX };
	u64 percent;

	for (u32 i = 0; i < TRIES; i++) {
		for (u32 cpus = 1; cpus <= CPUS; cpus++) {
			best[cpus] = MIN(best[cpus], time_job(job, cpus));
		}
	}
	if (best[1] == 0 || best[2] == 0) {
		log_raw("BENCH {\"name\":\"scaling_%s\",\"unit\":\"none\","
			"\"n\":0,\"reason\":\"it failed\"}\n",
			job->name);
		return;
	}
	percent = 100 * CPUS * best[1] / best[2];
	log_raw("BENCH {\"name\":\"scaling_%s\",\"unit\":\"ratio\",\"n\":%u,"
		"\"one_ns\":%lu,\"two_ns\":%lu,\"ratio\":%lu.%02lu,"
		"\"target\":1.80,\"pass\":%s}\n",
		job->name, TRIES, best[1], best[2], percent / 100,
		percent % 100, percent >= 180 ? "true" : "false");
}

void bench_scaling(void)
{
	if (!sched_online(CPUS - 1)) {
		log_warn("bench=scaling needs two processors");
		return;
	}
	for (u32 i = 0; i < ARRAY_SIZE(jobs); i++) {
		measure(&jobs[i]);
	}
}
