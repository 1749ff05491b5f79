/* SPDX-License-Identifier: MIT */
/*
 * Runs the benchmarks of bench/bench.def and reports: first what the clock
 * means, then a BENCH line each, then a table for people.
 *
 * The cycle counter tells cycles on a processor (KVM included).  QEMU's
 * emulation has a counter too, which says nothing about hardware; when an
 * emulator counts instructions, the counter tells exactly those.
 */
#include "bench/bench.h"

#include "bench/scaling.h"
#include "bench/stats.h"
#include "kernel/checks.h"
#include "kernel/log.h"
#include "lib/string.h"
#include "mm/kmem.h"

/* What the emulator says it is in CPUID. */
#define TCG_NAME "TCGTCGTCGTCG"

/* Rounds of the two loops whose difference must be exact. */
#define PROBE_SHORT 100
#define PROBE_LONG  300
#define PROBE_TRIES 3

/* None of them is noted. */
#define REHEARSED 20
static_assert(REHEARSED <= BENCH_WARM_UP, "there is no room for samples");

enum clock_kind { CLOCK_CYCLES, CLOCK_EMULATED, CLOCK_INSTRUCTIONS };

static const struct {
	const char *unit;
	const char *name;
	const char *meaning;
} clocks[] = {
	[CLOCK_CYCLES] = { "cycles", "hardware", "cycles of the processor" },
	[CLOCK_EMULATED] = { "cycles", "emulated",
			     "an emulator's cycles, which say nothing about "
			     "hardware" },
	[CLOCK_INSTRUCTIONS] = { "instructions", "counted",
				 "instructions, counted exactly" },
};

enum bench_set { SET_QUICK, SET_ALL, SET_THREADS };

static const struct {
	const char *name;
	const char *(*fn)(struct bench *b);
	u32 cycles;
	u32 instructions : 30;
	u32 set : 2;
} benches[] = {
#define BENCH(name, set, cycles, instructions, what) \
	{ #name, bench_##name, cycles, instructions, SET_##set },
#include "bench/bench.def"
#undef BENCH
};

struct result {
	bool chosen;
	const char *reason; /* why it was not measured */
	u32 batch;
	u64 target;
	struct bench_stats stats;
};

struct session {
	enum clock_kind clock;
	u64 cost;
	u64 samples[BENCH_SAMPLES];
	struct result results[ARRAY_SIZE(benches)];
};

void bench_add(struct bench *b, u64 cycles)
{
	if (b->taken >= BENCH_WARM_UP && bench_more(b)) {
		cycles -= MIN(cycles, b->cost);
		b->sample[b->taken - BENCH_WARM_UP] = cycles / b->batch;
	}
	b->taken++;
}

noinline void bench_stop(struct bench *b, u64 start)
{
	bench_add(b, arch_cycles_ordered() - start);
}

static u64 probe(u64 rounds)
{
	u64 start = arch_cycles_ordered();

	arch_counted_loop(rounds);
	return arch_cycles_ordered() - start;
}

/* The counter moves by one for each instruction, always. */
static bool counts_instructions(void)
{
	u64 flags = arch_irq_save();
	bool exact = true;

	for (u32 i = 0; i < PROBE_TRIES; i++) {
		u64 base = probe(PROBE_SHORT);

		exact &= probe(PROBE_LONG) - base ==
			 (PROBE_LONG - PROBE_SHORT) * ARCH_COUNTED_LOOP;
	}
	arch_irq_restore(flags);
	return exact;
}

static enum clock_kind clock_kind(void)
{
	if (counts_instructions()) {
		return CLOCK_INSTRUCTIONS;
	}
	return strcmp(arch_hypervisor(), TCG_NAME) == 0 ? CLOCK_EMULATED
							: CLOCK_CYCLES;
}

/* Two readings with nothing in between. An emulator may tell less at times. */
static u64 reading_cost(u64 *samples)
{
	struct bench b = { .batch = 1, .sample = samples, .wanted = BENCH_ALL };

	while (bench_more(&b)) {
		bench_stop(&b, bench_start());
	}
	return bench_stats(samples, BENCH_SAMPLES).p50;
}

static void measure(struct session *s, u32 i)
{
	struct bench b = { .cost = s->cost,
			   .batch = 1,
			   .sample = s->samples,
			   .wanted = BENCH_ALL };
	struct result *r = &s->results[i];

	r->target = s->clock == CLOCK_INSTRUCTIONS ? benches[i].instructions
						   : benches[i].cycles;
	r->reason = benches[i].fn(&b);
	if (r->reason == NULL && bench_more(&b)) {
		r->reason = "it ended early";
	}
	if (r->reason != NULL) {
		log_raw("BENCH {\"name\":\"%s\",\"unit\":\"none\",\"n\":0,"
			"\"reason\":\"%s\"}\n",
			benches[i].name, r->reason);
		return;
	}
	r->batch = b.batch;
	r->stats = bench_stats(s->samples, BENCH_SAMPLES);
	log_raw("BENCH {\"name\":\"%s\",\"unit\":\"%s\",\"n\":%u,"
		"\"min\":%lu,\"p50\":%lu,\"p99\":%lu,\"max\":%lu,"
		"\"mean\":%lu,\"target\":%lu,\"pass\":%s,\"batch\":%u,"
		"\"clock\":\"%s\"}\n",
		benches[i].name, clocks[s->clock].unit, BENCH_SAMPLES,
		r->stats.min, r->stats.p50, r->stats.p99, r->stats.max,
		r->stats.mean, r->target,
		r->stats.p50 <= r->target ? "true" : "false", r->batch,
		clocks[s->clock].name);
}

static void table_row(const struct session *s, u32 i)
{
	const struct result *r = &s->results[i];
	const char *verdict = r->stats.p50 <= r->target ? "yes" : "no";

	if (r->reason != NULL) {
		log_raw("%-16s not measured: %s\n", benches[i].name, r->reason);
		return;
	}
	log_raw("%-16s %9lu %9lu %9lu %9lu %9lu  %s\n", benches[i].name,
		r->stats.min, r->stats.p50, r->stats.p99, r->stats.max,
		r->target, s->clock == CLOCK_EMULATED ? "-" : verdict);
}

static void table(const struct session *s)
{
	log_raw("%-16s %9s %9s %9s %9s %9s  met\n", clocks[s->clock].unit,
		"min", "median", "99 %", "max", "target");
	for (u32 i = 0; i < ARRAY_SIZE(benches); i++) {
		if (s->results[i].chosen) {
			table_row(s, i);
		}
	}
}

/* The benchmarks of threads build on one another: all or none. */
static bool is_chosen(u32 i, const char *which)
{
	if (benches[i].set == SET_THREADS) {
		return strcmp(which, "threads") == 0;
	}
	return strcmp(which, "all") == 0 ||
	       strcmp(which, benches[i].name) == 0 ||
	       (benches[i].set == SET_QUICK && strcmp(which, "quick") == 0);
}

/* Marks what `which` names; how many. */
static u32 choose(struct session *s, const char *which)
{
	u32 count = 0;

	for (u32 i = 0; i < ARRAY_SIZE(benches); i++) {
		s->results[i].chosen = is_chosen(i, which);
		count += s->results[i].chosen;
	}
	return count;
}

static void run(struct session *s)
{
	s->clock = clock_kind();
	s->cost = reading_cost(s->samples);
	log_raw("[bench] clock: %s; two readings cost %lu\n",
		clocks[s->clock].meaning, s->cost);
	for (u32 i = 0; i < ARRAY_SIZE(benches); i++) {
		if (s->results[i].chosen) {
			measure(s, i);
		}
	}
	table(s);
}

void bench_run(const char *which)
{
	struct session *s;

	if (which == NULL || strcmp(which, "off") == 0) {
		return;
	}
	if (strcmp(which, "scaling") == 0) {
		bench_scaling();
		return;
	}
	s = kzalloc(sizeof(*s));
	if (s == NULL) {
		log_warn("bench: no memory");
	} else if (choose(s, which) == 0) {
		log_warn("bench=%s is no benchmark", which);
	} else {
		run(s);
	}
	kfree(s);
}

void bench_rehearse(void)
{
	for (u32 i = 0; i < ARRAY_SIZE(benches); i++) {
		struct bench b = { .batch = 1, .wanted = REHEARSED };

		if (benches[i].set == SET_QUICK) {
			(void)benches[i].fn(&b);
		}
	}
}
