// SPDX-License-Identifier: MIT
/*
 * A record of LTTng-UST: a buffer for each processor, the oldest overwritten
 * (scripts/bench_host.sh asks for that), as ours.
 */
#define LTTNG_UST_TRACEPOINT_CREATE_PROBES
#define LTTNG_UST_TRACEPOINT_DEFINE
#include "bench/host/trace_lttng.def"

#include "bench/host/host.h"

static const char *start(unsigned arg)
{
	(void)arg;
	return lttng_ust_tracepoint_enabled(exo, mark)
		       ? NULL
		       : "no session daemon of LTTng";
}

static void run(void)
{
	for (u64 i = 0; i < HOST_BATCH; i++) {
		lttng_ust_tracepoint(exo, mark, i, 0);
	}
}

static void run_amid(void)
{
	u64 sums[4] = { 0 };

	for (u64 i = 0; i < HOST_BATCH; i++) {
		host_work(sums);
		lttng_ust_tracepoint(exo, mark, i, 0);
	}
}

static void run_off(void)
{
	HOST_TURNS_OF_8 (i) {
		lttng_ust_tracepoint(exo, unwanted, i, 0);
	}
}

const struct contender lttng_trace = { start, run };
const struct contender lttng_trace_amid = { start, run_amid };
const struct contender lttng_trace_off = { start, run_off };
