/* SPDX-License-Identifier: MIT */
/*
 * Averages of how many threads want to run, over 1, 5 and 15 minutes: each
 * LOAD_NS the old average counts by e^(-LOAD_NS / minutes), what is now by the
 * rest.  Arithmetic in 1/LOAD_ONE, without state.
 */
#ifndef EXO_SCHED_LOAD_H
#define EXO_SCHED_LOAD_H

#include "lib/types.h"

#define LOAD_NS    5000000000ul
#define LOAD_SHIFT 11
#define LOAD_ONE   (1u << LOAD_SHIFT)

enum load {
	LOAD_1_MIN,
	LOAD_5_MIN,
	LOAD_15_MIN,
	LOAD_COUNT,
};

/* The average after LOAD_NS more, at whose end `active` wanted to run. */
static inline u32 load_after(u32 load, enum load which, u64 active)
{
	/* LOAD_ONE * e^(-5 s / 60 s), 300 s, 900 s */
	static const u16 decay[LOAD_COUNT] = { 1884, 2014, 2037 };
	u64 sum = (u64)load * decay[which] + active * (LOAD_ONE - decay[which]);

	/* Rounded up while it grows and down while not, so that it arrives. */
	return (u32)((sum + (active >= load ? LOAD_ONE - 1 : 0)) / LOAD_ONE);
}

#endif
