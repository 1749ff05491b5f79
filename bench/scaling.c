/* SPDX-License-Identifier: MIT */
/*
 * bench=scaling: the work that one processor does, and two at once, by the wall
 * clock in one run.
 *
 * Each processor repeats a piece of work and notes when each is done.  What
 * counts is the window of time in which most pieces were done by all together:
 * a host that is busy takes a processor away now and then, and a window is
 * short enough to lie between.  Two that share nothing do twice as much in
 * theirs as one does in its own.  The first jobs share nothing: their ratios
 * are what the host gives, and nothing is known of the others beyond them.
 * Processors that are threads of one core do a loop of dependent steps side by
 * side, and share what independent steps need: that is the job "width".
 */
#include "bench/scaling.h"

#include "bench/bench.h"
#include "fs/file.h"
#include "kernel/clock.h"
#include "kernel/log.h"
#include "lib/errno.h"
#include "lib/random.h"
#include "lib/string.h"
#include "mm/frame.h"
#include "mm/kmem.h"
#include "posix/process.h"
#include "sched/sched.h"
#include "sched/thread.h"

#define CPUS      2
#define TRIES     120
#define LIMIT_NS  32000000000ul /* however slow the host is */
#define PIECES    1000
#define WINDOW_NS 1000000ul

/* Pieces are of 5 to 15 us each by an emulator. */
#define LOOP_ROUNDS   1000
#define SERIES        4 /* of random numbers */
#define WIDTH_ROUNDS  60
#define COUNTER_READS 400
#define SWITCHES      40
#define FRAMES        48
#define KMALLOCS      60
#define SCRUBBED      60
#define CALLS_OPTION  "60"
#define YIELDS_OPTION "3"
#define FAULTS_OPTION "3"
#define PIECES_OPTION "1000"

/* When the pieces of one worker were done, and by which processors. */
struct account {
	u32 count;
	u32 on[CPUS];
	u64 done[PIECES]; /* arch_cycles() */
};

struct job {
	const char *name;
	void (*piece)(void); /* or */
	const char *what;    /* of user/bench.c */
	const char *batch;
};

/* The jobs take turns, so that all of them see the same host. */
struct result {
	u32 most[CPUS]; /* pieces in a window, of one processor and of both */
	u32 on[CPUS];   /* pieces done by each while both were at it */
	int err;
};

struct worker {
	const struct job *job;
	struct account *account;
	struct thread *thread;
	struct thread *partner; /* NULL unless the job is to yield to one */
	struct process_start start;
	const char *argv[7]; /* of the process, for as long as it runs */
	bool done;           /* [a] for the partner */
};

static void note(struct account *account)
{
	if (account->count < PIECES) {
		account->on[cpu_id() % CPUS]++;
		account->done[account->count++] = arch_cycles();
	}
}

static void piece_loop(void)
{
	for (volatile u32 i = 0; i < LOOP_ROUNDS;) {
		i = i + 1;
	}
}

/* Each addition waits for the one before; these numbers wait for nobody. */
static void piece_width(void)
{
	struct random r[SERIES];

	for (u32 i = 0; i < SERIES; i++) {
		random_seed(&r[i], i);
	}
	for (u32 round = 0; round < WIDTH_ROUNDS; round++) {
		for (u32 i = 0; i < SERIES; i++) {
			(void)random_next(&r[i]);
		}
	}
}

/* Shares nothing of ours either, but QEMU 7.2 reads it under one lock. */
static void piece_counter(void)
{
	for (u32 i = 0; i < COUNTER_READS; i++) {
		(void)arch_cycles_ordered();
	}
}

/* Each reads the counter once: as the job "counter", more than is ours. */
static void piece_switch(void)
{
	for (u32 i = 0; i < SWITCHES; i++) {
		sched_yield();
	}
}

static void piece_frame(void)
{
	phys_t frames[FRAMES];

	for (u32 i = 0; i < FRAMES; i++) {
		frames[i] = frame_alloc(0);
	}
	for (u32 i = 0; i < FRAMES; i++) {
		if (!phys_is_none(frames[i])) {
			frame_free(frames[i], 0);
		}
	}
}

static void piece_kmalloc(void)
{
	for (u32 i = 0; i < KMALLOCS; i++) {
		kfree(kmalloc(64));
	}
}

/*
 * Memory that is this processor's alone.  Frames that processes left behind lie
 * among another's, and four struct pages share a line.  And an emulator makes
 * stores slow into a page that it took code from, until all of that is written
 * over.
 */
static void take_own_memory(void)
{
	void *objects[SCRUBBED];

	for (u32 i = 0; i < SCRUBBED; i++) {
		objects[i] = kzalloc(64);
	}
	for (u32 i = 0; i < SCRUBBED; i++) {
		kfree(objects[i]);
	}
	frame_drain();
}

static const struct job jobs[] = {
	{ "loop", piece_loop, NULL, NULL },
	{ "width", piece_width, NULL, NULL },
	{ "counter", piece_counter, NULL, NULL },
	{ "switch", piece_switch, NULL, NULL },
	{ "frame", piece_frame, NULL, NULL },
	{ "kmalloc_64", piece_kmalloc, NULL, NULL },
	{ "null_call", NULL, "call", CALLS_OPTION },
	{ "yield", NULL, "yield", YIELDS_OPTION },
	{ "page_fault", NULL, "fault", FAULTS_OPTION },
};

static void work(void *arg)
{
	struct worker *w = arg;

	take_own_memory();
	while (w->account->count < PIECES) {
		w->job->piece();
		note(w->account);
	}
	WRITE_ONCE(w->done, true);
}

static void take_turns(void *arg)
{
	const struct worker *w = arg;

	while (!READ_ONCE(w->done)) {
		sched_yield();
	}
}

static struct thread *thread_on(unsigned cpu, void (*fn)(void *), void *arg)
{
	struct thread *thread = thread_create("scaling", fn, arg);

	if (thread != NULL) {
		thread->affinity = 1ull << cpu;
		thread_start(thread);
	}
	return thread;
}

/* The program says after each piece that it is done. */
static long piece_written(struct file *file, uaddr_t src, size_t len_bytes)
{
	(void)src;
	note(file->data);
	return (long)len_bytes;
}

static const struct file_ops written = { .write = piece_written };

/* Errors: -ENOMEM. */
static int start_process(struct worker *w)
{
	w->start = (struct process_start){ .path = BENCH_PROGRAM,
					   .argv = w->argv,
					   .envp = &w->argv[6],
					   .stdio = file_create(&written,
								FILE_WRITE) };
	if (w->start.stdio == NULL) {
		return -ENOMEM;
	}
	w->start.stdio->data = w->account;
	return process_start(&w->start);
}

static int start_threads(struct worker *w, unsigned cpu)
{
	w->thread = thread_on(cpu, work, w);
	if (w->thread != NULL && w->job->piece == piece_switch) {
		w->partner = thread_on(cpu, take_turns, w);
	}
	return w->thread == NULL ? -ENOMEM : 0;
}

static int wait_for(struct worker *w)
{
	if (w->start.process != NULL) {
		return process_wait(w->start.process);
	}
	if (w->thread != NULL) {
		thread_join(w->thread);
	}
	if (w->partner != NULL) {
		thread_join(w->partner);
	}
	return w->account->count == PIECES ? 0 : -ENOMEM;
}

/*
 * Fills `count` accounts, the first by processor `first`; waits for all,
 * whatever happens.
 */
static noinline int run(const struct job *job, struct account *accounts,
			u32 first, u32 count)
{
	struct worker workers[CPUS] = { 0 };
	int err = 0;

	for (u32 i = 0; i < count && err == 0; i++) {
		struct worker *w = &workers[i];
		u32 cpu = (first + i) % CPUS;

		*w = (struct worker){
			.job = job,
			.account = &accounts[i],
			.argv = { BENCH_PROGRAM, job->what, PIECES_OPTION,
				  job->batch, "1", cpu ? "1" : "0", NULL },
		};
		w->account->count = 0;
		err = job->piece ? start_threads(w, cpu) : start_process(w);
	}
	for (u32 i = 0; i < count; i++) {
		if (workers[i].account != NULL) {
			err |= wait_for(&workers[i]);
		}
	}
	return err;
}

/* The most pieces in a window that ends with one of this account. */
static u32 most_until(const struct account *ends, const struct account *all,
		      u32 count, u64 window)
{
	u32 from[CPUS] = { 0 };
	u32 to[CPUS] = { 0 };
	u32 most = 0;

	for (u32 i = 0; i < ends->count; i++) {
		u64 end = ends->done[i];
		u32 sum = 0;

		for (u32 a = 0; a < count; a++) {
			const u64 *done = all[a].done;

			while (to[a] < all[a].count && done[to[a]] <= end) {
				to[a]++;
			}
			while (from[a] < to[a] &&
			       done[from[a]] + window <= end) {
				from[a]++;
			}
			sum += to[a] - from[a];
		}
		most = MAX(most, sum);
	}
	return most;
}

static u32 busiest_window(const struct account *accounts, u32 count)
{
	u64 window = arch_cycles_hz() / 1000000 * (WINDOW_NS / 1000);
	u32 most = 0;

	for (u32 i = 0; i < count; i++) {
		most = MAX(most,
			   most_until(&accounts[i], accounts, count, window));
	}
	return most;
}

/*
 * Each job on one processor, then on both; the one takes turns, for an emulator
 * can make stores to one page slow, by code that it once held.
 */
static void measure(struct result *result, const struct job *job,
		    struct account *accounts, u32 first)
{
	for (u32 cpus = 1; cpus <= CPUS; cpus++) {
		u32 *most = &result->most[cpus - 1];

		memset(accounts, 0, CPUS * sizeof(*accounts));
		result->err |= run(job, accounts, first, cpus);
		*most = MAX(*most, busiest_window(accounts, cpus));
	}
	for (u32 i = 0; i < CPUS; i++) {
		result->on[i] += accounts[0].on[i] + accounts[1].on[i];
	}
}

static void report(const struct result *result, const char *name, u32 tries)
{
	u32 one = result->most[0];
	u32 two = result->most[1];
	u32 percent;

	if (result->err != 0 || one == 0) {
		log_raw("BENCH {\"name\":\"scaling_%s\",\"unit\":\"none\","
			"\"n\":0,\"reason\":\"it failed\"}\n",
			name);
		return;
	}
	percent = 100 * two / one;
	log_raw("BENCH {\"name\":\"scaling_%s\",\"unit\":\"ratio\",\"n\":%u,"
		"\"one\":%u,\"two\":%u,\"ratio\":%u.%02u,\"on_first\":%u,"
		"\"on_second\":%u,\"target\":1.80,\"pass\":%s}\n",
		name, tries, one, two, percent / 100, percent % 100,
		result->on[0], result->on[1],
		percent >= 180 ? "true" : "false");
}

void bench_scaling(void)
{
	struct result results[ARRAY_SIZE(jobs)] = { 0 };
	u64 end = clock_ns() + LIMIT_NS;
	struct account *accounts;
	u32 tries = 0;

	if (!sched_online(CPUS - 1)) {
		log_warn("bench=scaling needs two processors");
		return;
	}
	accounts = kmalloc(CPUS * sizeof(*accounts));
	if (accounts == NULL) {
		log_warn("bench: no memory");
		return;
	}
	do {
		for (u32 i = 0; i < ARRAY_SIZE(jobs); i++) {
			measure(&results[i], &jobs[i], accounts, tries % CPUS);
		}
	} while (++tries < TRIES && clock_ns() < end);
	for (u32 i = 0; i < ARRAY_SIZE(jobs); i++) {
		report(&results[i], jobs[i].name, tries);
	}
	kfree(accounts);
}
