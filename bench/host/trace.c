/* SPDX-License-Identifier: MIT */
/*
 * A record of the trace.  What reading the time costs is in each of them.
 */
#include "trace/trace.h"

#include "arch/cpu.h"
#include "bench/host/host.h"

/* As many as boot/steps.c gives a processor. */
#define RECORDS 1024

static struct arch_record records[RECORDS];

static const char *exo_start(unsigned arg)
{
	static bool started;

	(void)arg;
	if (!started) {
		started = true;
		trace_init();
		trace_set_ring(records, RECORDS);
	}
	return NULL;
}

static void exo_run(void)
{
	for (u64 i = 0; i < HOST_BATCH; i++) {
		trace(TRACE_MARK, i, 0);
	}
}

static void exo_run_amid(void)
{
	u64 sums[4] = { 0 };

	for (u64 i = 0; i < HOST_BATCH; i++) {
		host_work(sums);
		trace(TRACE_MARK, i, 0);
	}
}

/* An event of a group that is off unless somebody asks for it. */
static void exo_run_off(void)
{
	HOST_TURNS_OF_8 (i) {
		trace(TRACE_BELL, i, 0);
	}
}

const struct contender exo_trace = { exo_start, exo_run };
const struct contender exo_trace_amid = { exo_start, exo_run_amid };
const struct contender exo_trace_off = { exo_start, exo_run_off };

static const char *nothing_start(unsigned arg)
{
	(void)arg;
	return NULL;
}

static void rdtsc_run(void)
{
	for (u64 i = 0; i < HOST_BATCH; i++) {
		arch_cycles();
	}
}

static void rdtsc_run_amid(void)
{
	u64 sums[4] = { 0 };

	for (u64 i = 0; i < HOST_BATCH; i++) {
		host_work(sums);
		arch_cycles();
	}
}

static void loop_run(void)
{
	for (u64 i = 0; i < HOST_BATCH; i++) {
		barrier();
	}
}

const struct contender rdtsc_trace = { nothing_start, rdtsc_run };
const struct contender rdtsc_trace_amid = { nothing_start, rdtsc_run_amid };
const struct contender loop_trace = { nothing_start, loop_run };
