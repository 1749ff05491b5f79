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

const struct contender exo_trace = { exo_start, exo_run };

static const char *rdtsc_start(unsigned arg)
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

const struct contender rdtsc_trace = { rdtsc_start, rdtsc_run };
