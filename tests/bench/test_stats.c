/* SPDX-License-Identifier: MIT */
/*
 * bench/stats.c: sorting and percentiles, against what is known beforehand.
 */
#include "bench/stats.h"
#include "tests/ktest.h"

#define MANY 1000

/* Exchanges each value with another one drawn at random. */
static void shuffle(u64 *values, u32 count)
{
	for (u32 i = 0; i < count; i++) {
		u32 other = (u32)(ktest_random() % count);
		u64 value = values[i];

		values[i] = values[other];
		values[other] = value;
	}
}

KTEST(bench_stats_known, "1 to 1000 in any order: 1, 500, 990, 1000, mean 500")
{
	static u64 values[MANY];
	struct bench_stats s;

	for (u32 i = 0; i < MANY; i++) {
		values[i] = i + 1;
	}
	shuffle(values, MANY);
	s = bench_stats(values, MANY);
	EXPECT_EQ(s.min, 1);
	EXPECT_EQ(s.p50, 500);
	EXPECT_EQ(s.p99, 990);
	EXPECT_EQ(s.max, 1000);
	EXPECT_EQ(s.mean, 500);
}

KTEST(bench_stats_sorts, "every short array of equal and unequal values sorts")
{
	for (u32 count = 1; count <= 40; count++) {
		u64 values[40];
		u64 sum = 0, sum_sorted = 0;

		for (u32 i = 0; i < count; i++) {
			values[i] = ktest_random() % (count / 2 + 1);
			sum += values[i];
		}
		(void)bench_stats(values, count);
		for (u32 i = 0; i < count; i++) {
			EXPECT(i == 0 || values[i - 1] <= values[i]);
			sum_sorted += values[i];
		}
		EXPECT_EQ(sum, sum_sorted);
	}
}

KTEST(bench_stats_few, "percentiles of few samples are samples")
{
	u64 one[] = { 7 };
	u64 two[] = { 9, 4 };
	struct bench_stats s = bench_stats(one, 1);

	EXPECT(s.min == 7 && s.p50 == 7 && s.p99 == 7 && s.max == 7);
	s = bench_stats(two, 2);
	EXPECT(s.min == 4 && s.p50 == 4 && s.p99 == 9 && s.max == 9);
	EXPECT_EQ(s.mean, 6);
}
