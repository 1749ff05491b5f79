/* SPDX-License-Identifier: MIT */
/*
 * The host's benchmark: takes the samples of each row in turns, one of each
 * contender a round, pinned to one processor, and prints a table and a file of
 * JSON lines.
 *
 *	host_bench ROUNDS FILE [PATTERN of rows]
 *
 * Figures are ticks of the cycle counter for one operation, loop included.
 * Others may use the processor, too: the least of many short samples tells
 * what the operation costs, the median how much the host was disturbed.
 */
#include "bench/host/host.h"

#include <fnmatch.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/stats.h"

#define PEERS_MAX  8
#define ROUNDS_MAX 10000

static const struct line {
	const char *row; /* a row begins; else NULL */
	const char *name;
	const struct contender *contender;
	unsigned arg;
	unsigned goal;
} lines[] = {
#define ROW(name, what)           { #name, what, NULL, 0, 0 },
#define PEER(who, how, arg, goal) { NULL, #who, &how, arg, goal },
#include "bench/host/rows.def"
#undef ROW
#undef PEER
};

struct result {
	const char *reason; /* why it was not measured */
	struct bench_stats stats;
};

static struct {
	FILE *json;
	unsigned rounds;
	u64 samples[PEERS_MAX][ROUNDS_MAX];
} host;

/* After all that stands before it, before all that stands behind it. */
static u64 ticks(void)
{
	u64 lo, hi;

	__asm__ volatile("lfence; rdtsc; lfence"
			 : "=a"(lo), "=d"(hi)::"memory");
	return hi << 32 | lo;
}

/* One sample of one contender, or why there is none. */
static const char *sample(const struct line *peer, u64 *took)
{
	const char *reason = peer->contender->start(peer->arg);
	u64 start;

	if (reason != NULL) {
		return reason;
	}
	peer->contender->run();
	start = ticks();
	peer->contender->run();
	*took = ticks() - start;
	return NULL;
}

/* Ticks of a batch, as those of one operation with two decimals. */
static const char *per_operation(char text[24], u64 batch_ticks)
{
	u64 hundredths = batch_ticks * 100 / HOST_BATCH;

	snprintf(text, 24, "%lu.%02lu", hundredths / 100, hundredths % 100);
	return text;
}

static void show_json(const struct line *row, const struct line *peer,
		      const struct result *r)
{
	char min[24], p50[24];

	fprintf(host.json, "{\"row\":\"%s\",\"who\":\"%s\",", row->row,
		peer->name);
	if (r->reason != NULL) {
		fprintf(host.json,
			"\"unit\":\"none\",\"n\":0,\"reason\":\"%s\"}\n",
			r->reason);
		return;
	}
	fprintf(host.json,
		"\"unit\":\"ticks\",\"n\":%u,\"batch\":%u,\"min\":%s,"
		"\"p50\":%s}\n",
		host.rounds, HOST_BATCH, per_operation(min, r->stats.min),
		per_operation(p50, r->stats.p50));
}

static void show_line(const struct line *peer, const struct result *r,
		      const struct result *ours)
{
	char min[24], p50[24];

	if (r->reason != NULL) {
		printf("  %-14s not measured: %s\n", peer->name, r->reason);
		return;
	}
	printf("  %-14s %9s %9s", peer->name, per_operation(min, r->stats.min),
	       per_operation(p50, r->stats.p50));
	if (r != ours && ours->reason == NULL) {
		u64 ratio = ours->stats.min * 1000 / r->stats.min;

		printf("%8lu.%03lu", ratio / 1000, ratio % 1000);
	}
	if (peer->goal != 0) {
		printf("%3u.%03u", peer->goal / 1000, peer->goal % 1000);
	}
	printf("\n");
}

static const struct line *row_end(const struct line *row)
{
	do {
		row++;
	} while (row < lines + ARRAY_SIZE(lines) && row->row == NULL);
	return row;
}

/* Measures and shows the row at `row`. */
static void run_row(const struct line *row)
{
	const struct line *end = row_end(row);
	struct result results[PEERS_MAX] = { 0 };

	for (unsigned round = 0; round < host.rounds; round++) {
		for (const struct line *peer = row + 1; peer < end; peer++) {
			long i = peer - row - 1;

			results[i].reason =
				sample(peer, &host.samples[i][round]);
		}
	}
	printf("%s: %s\n", row->row, row->name);
	for (const struct line *peer = row + 1; peer < end; peer++) {
		struct result *r = &results[peer - row - 1];

		r->stats = bench_stats(host.samples[r - results], host.rounds);
		show_line(peer, r, results);
		show_json(row, peer, r);
	}
}

/* Wherever it runs now, it stays; no peer is measured on another core. */
static bool pin(void)
{
	cpu_set_t here;

	CPU_ZERO(&here);
	CPU_SET((unsigned)sched_getcpu(), &here);
	return sched_setaffinity(0, sizeof(here), &here) == 0;
}

int main(int argc, char **argv)
{
	const char *wanted = argc == 4 ? argv[3] : "*";

	host.rounds = argc >= 3 && argc <= 4
			      ? (unsigned)strtoul(argv[1], NULL, 10)
			      : 0;
	if (host.rounds == 0 || host.rounds > ROUNDS_MAX) {
		fprintf(stderr, "usage: %s ROUNDS(1..%u) FILE [ROWS]\n",
			argv[0], ROUNDS_MAX);
		return 2;
	}
	host.json = fopen(argv[2], "w");
	if (host.json == NULL || !pin()) {
		perror(argv[2]);
		return 1;
	}
	printf("%-16s %9s %9s  ours to it  goal\n", "ticks", "min", "median");
	for (const struct line *row = lines; row < lines + ARRAY_SIZE(lines);
	     row = row_end(row)) {
		if (fnmatch(wanted, row->row, 0) == 0) {
			run_row(row);
		}
	}
	return fclose(host.json) != 0;
}
