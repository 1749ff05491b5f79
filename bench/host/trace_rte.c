// SPDX-License-Identifier: MIT
/*
 * A record of DPDK's rte_trace: a buffer for each thread, the oldest
 * overwritten, as ours.  Its library wants to be started as a whole; it gets
 * neither huge pages nor devices, and the processor that we are pinned to.
 */
#include "bench/host/trace_rte.def"

#include <sched.h>
#include <stdio.h>
#include <string.h>

#include <rte_eal.h>

/* Both have it. */
#undef container_of

#include "bench/host/host.h"

static bool start_library(void)
{
	static char words[][24] = {
		"host_bench",
		"--no-huge",
		"--no-shconf",
		"--no-pci",
		"--no-hpet",
		"--no-telemetry",
		"--log-level=4",
		"--iova-mode=va",
		"-m",
		"8",
		"--trace=exo.*",
		"--lcores=0@",
	};
	char *argv[ARRAY_SIZE(words)];
	char *here = words[ARRAY_SIZE(words) - 1] + strlen("--lcores=0@");

	sprintf(here, "%d", sched_getcpu());
	for (unsigned i = 0; i < ARRAY_SIZE(words); i++) {
		argv[i] = words[i];
	}
	return rte_eal_init(ARRAY_SIZE(argv), argv) >= 0;
}

static const char *start(unsigned on)
{
	static enum { NEW, WORKS, FAILED } library;

	if (library == NEW) {
		library = start_library() ? WORKS : FAILED;
	}
	if (library == FAILED) {
		return "rte_eal_init() failed";
	}
	if (on) {
		rte_trace_point_enable(&__rte_mark);
	} else {
		rte_trace_point_disable(&__rte_mark);
	}
	return rte_trace_point_is_enabled(&__rte_mark) == (on != 0)
		       ? NULL
		       : "rte_trace does not do as told";
}

static void run(void)
{
	for (u64 i = 0; i < HOST_BATCH; i++) {
		rte_mark(i, 0);
	}
}

static void run_amid(void)
{
	u64 sums[4] = { 0 };

	for (u64 i = 0; i < HOST_BATCH; i++) {
		host_work(sums);
		rte_mark(i, 0);
	}
}

static void run_off(void)
{
	HOST_TURNS_OF_8 (i) {
		rte_mark(i, 0);
	}
}

const struct contender rte_trace = { start, run };
const struct contender rte_trace_amid = { start, run_amid };
const struct contender rte_trace_off = { start, run_off };
