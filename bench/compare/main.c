/* SPDX-License-Identifier: MIT */
/*
 * The benchmark program of `make compare`: measures the rows of rows.def, one
 * line of JSON each, on the kernel that it runs on.
 *
 *	compare [ROW...]
 *
 * As the first program of a machine it prepares what the rows need, tells at
 * what tick it began and what memory is free, and switches the machine off at
 * the end.  A tick is an instruction if an emulator counts them (main finds
 * out), else it is given in nanoseconds.
 */
#define _GNU_SOURCE
#include "bench/compare/compare.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WARM_UP     5
#define SAMPLES_MAX 64
#define PROBES      5
#define SETTLE_NS   300000000
#define CLOCK_NS    20000000

struct row {
	const char *name;
	int (*run)(long batch, uint64_t *ticks);
	long batch;
	unsigned samples;
};

static const struct row rows[] = {
#define ROW(name, batch, samples, goal, copy, what) \
	{ #name, row_##name, batch, samples },
#include "bench/compare/rows.def"
#undef ROW
};

const char *program_path;

static struct {
	bool counted;      /* a tick is an instruction */
	double ns_a_tick;  /* unless it is */
	uint64_t overhead; /* ticks of two readings of the counter */
} clock_kind;

static uint64_t probe(long rounds)
{
	uint64_t start = ticks_now();

	__asm__ volatile("1: dec %0; jnz 1b" : "+r"(rounds)::"cc");
	return ticks_now() - start;
}

/* The fewest ticks, which no interrupt has disturbed. */
static uint64_t least_probe(long rounds)
{
	uint64_t least = probe(rounds);

	for (int i = 0; i < PROBES; i++) {
		uint64_t found = probe(rounds);

		least = found < least ? found : least;
	}
	return least;
}

static uint64_t clock_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* A loop of two instructions shows whether the counter counts them. */
static void find_clock(void)
{
	uint64_t base = least_probe(100), ns, ticks;

	clock_kind.counted = least_probe(300) - base == 400 &&
			     least_probe(1100) - base == 2000;
	clock_kind.overhead = least_probe(1) - 2;
	ns = clock_now_ns();
	ticks = ticks_now();
	while (clock_now_ns() - ns < CLOCK_NS) {
	}
	clock_kind.ns_a_tick =
		(double)(clock_now_ns() - ns) / (double)(ticks_now() - ticks);
}

static int in_order(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Prints one row. Returns 0, or the status of a program that failed. */
static int measure(const struct row *row)
{
	double sample[SAMPLES_MAX], sum = 0;
	unsigned count = row->samples;
	int err = 0;

	for (unsigned i = 0; i < WARM_UP + count && err == 0; i++) {
		uint64_t ticks = 0;

		err = row->run(row->batch, &ticks);
		ticks -= ticks < clock_kind.overhead ? ticks
						     : clock_kind.overhead;
		if (i >= WARM_UP) {
			double one = (double)ticks / (double)row->batch;

			one *= clock_kind.counted ? 1 : clock_kind.ns_a_tick;
			sample[i - WARM_UP] = one;
			sum += one;
		}
	}
	if (err != 0) {
		printf("COMPARE {\"row\":\"%s\",\"unit\":\"none\","
		       "\"reason\":\"%s\"}\n",
		       row->name, err == -ENOSYS ? "absent" : strerror(-err));
		return err != -ENOSYS;
	}
	qsort(sample, count, sizeof(*sample), in_order);
	printf("COMPARE {\"row\":\"%s\",\"unit\":\"%s\",\"n\":%u,"
	       "\"min\":%.1f,\"p50\":%.1f,\"max\":%.1f,\"mean\":%.1f}\n",
	       row->name, clock_kind.counted ? "instructions" : "ns", count,
	       sample[0], sample[count / 2], sample[count - 1], sum / count);
	return 0;
}

/* In a process of its own, which takes its children with it. */
static int measure_apart(const struct row *row)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		setpgid(0, 0);
		status = measure(row);
		fflush(stdout);
		_exit(status);
	}
	if (child < 0 || waitpid(child, &status, 0) != child) {
		perror("compare: fork");
		return 1;
	}
	kill(-child, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR) {
	}
	if (WIFSIGNALED(status)) {
		printf("COMPARE {\"row\":\"%s\",\"unit\":\"none\","
		       "\"reason\":\"signal %d\"}\n",
		       row->name, WTERMSIG(status));
		fflush(stdout);
	}
	return status != 0;
}

/* What is mounted already stays; a row that needs what is missing says so. */
static void prepare_machine(void)
{
	struct timespec settle = { .tv_nsec = SETTLE_NS };

	mkdir("/tmp", 0777);
	mkdir("/proc", 0555);
	if (access("/dev/zero", F_OK) != 0) {
		mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	}
	mount("proc", "/proc", "proc", 0, NULL);
	mount("tmpfs", "/tmp", "tmpfs", 0, NULL);
	setenv("PATH", "/sbin:/usr/sbin:/bin:/usr/bin", 1);
	nanosleep(&settle, NULL);
}

static void tell_machine(uint64_t began)
{
	struct sysinfo info;

	printf("COMPARE {\"row\":\"began\",\"unit\":\"%s\",\"p50\":%lu}\n",
	       clock_kind.counted ? "instructions" : "ticks", began);
	if (sysinfo(&info) == 0) {
		printf("COMPARE {\"row\":\"free\",\"unit\":\"kb\","
		       "\"p50\":%lu}\n",
		       info.freeram * info.mem_unit / 1024);
	}
	fflush(stdout);
}

static bool is_chosen(const struct row *row, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], row->name) == 0) {
			return true;
		}
	}
	return argc < 2;
}

int main(int argc, char **argv)
{
	uint64_t began = ticks_now();
	bool first = getpid() == 1;
	int failed = 0;

	if (argc == 2 && strcmp(argv[1], EXIT_ARGUMENT) == 0) {
		return 0;
	}
	program_path = argv[0];
	if (first) {
		prepare_machine();
	}
	find_clock();
	if (first) {
		tell_machine(began);
	}
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (is_chosen(&rows[i], argc, argv)) {
			failed |= measure_apart(&rows[i]);
		}
	}
	printf("COMPARE {\"row\":\"end\",\"failed\":%d}\n", failed);
	fflush(stdout);
	if (first) {
		reboot(RB_POWER_OFF);
	}
	return failed;
}
