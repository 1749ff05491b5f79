/* SPDX-License-Identifier: MIT */
/* The averages of the load (sched/load.h). */
#include "sched/load.h"
#include "tests/ktest.h"

/* How often, until it does not change any more. */
static unsigned steps_to(u32 *load, enum load which, u64 active)
{
	unsigned steps = 0;
	u32 before;

	do {
		before = *load;
		*load = load_after(before, which, active);
		steps++;
	} while (*load != before && steps < 100000);
	return steps;
}

KTEST(load_arrives, "a load that stays is the average in the end")
{
	for (enum load i = LOAD_1_MIN; i < LOAD_COUNT; i++) {
		u32 load = 0;

		EXPECT(steps_to(&load, i, 3 * LOAD_ONE) < 5000);
		EXPECT_EQ(load, 3 * LOAD_ONE);
		EXPECT(steps_to(&load, i, 0) < 5000);
		EXPECT_EQ(load, 0);
	}
}

/* 1 - 1/e = 0.632, to 1 %. */
KTEST(load_minutes, "after its minutes an average has gone 63 % of the way")
{
	static const unsigned minutes[LOAD_COUNT] = { 1, 5, 15 };

	for (enum load i = LOAD_1_MIN; i < LOAD_COUNT; i++) {
		u32 load = 0;

		for (u64 ns = 0; ns < minutes[i] * 60 * 1000000000ul;
		     ns += LOAD_NS) {
			load = load_after(load, i, 100 * LOAD_ONE);
		}
		EXPECT(load > 62 * LOAD_ONE && load < 65 * LOAD_ONE);
	}
}
