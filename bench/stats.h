/* SPDX-License-Identifier: MIT */
/*
 * What many measurements of one thing say.  No state, runs on any host.
 */
#ifndef EXO_BENCH_STATS_H
#define EXO_BENCH_STATS_H

#include "lib/types.h"

struct bench_stats {
	u64 min;
	u64 p50; /* half of the samples are at most this */
	u64 p99;
	u64 max;
	u64 mean; /* rounded down */
};

/*
 * Sorts `samples` in place and sums them up; count >= 1, and the sum must fit
 * 64 bits.  Percentiles are samples, never values in between.
 */
struct bench_stats bench_stats(u64 *samples, u32 count);

#endif
