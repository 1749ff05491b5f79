/* SPDX-License-Identifier: MIT */
/*
 * Sorting (heapsort: in place, no recursion, no bad case) and percentiles.
 */
#include "bench/stats.h"

/* Lets the value at `at` sink to where no child of it is larger. */
static void sift_down(u64 *heap, u32 at, u32 count)
{
	u64 value = heap[at];

	for (u32 child = 2 * at + 1; child < count; child = 2 * at + 1) {
		if (child + 1 < count && heap[child + 1] > heap[child]) {
			child++;
		}
		if (heap[child] <= value) {
			break;
		}
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = value;
}

static void sort(u64 *values, u32 count)
{
	for (u32 i = count / 2; i > 0; i--) {
		sift_down(values, i - 1, count);
	}
	for (u32 end = count - 1; end > 0; end--) {
		u64 largest = values[0];

		values[0] = values[end];
		values[end] = largest;
		sift_down(values, 0, end);
	}
}

/* The smallest sample that `percent` of all samples do not exceed. */
static u64 percentile(const u64 *sorted, u32 count, u32 percent)
{
	return sorted[DIV_ROUND_UP((u64)count * percent, 100) - 1];
}

struct bench_stats bench_stats(u64 *samples, u32 count)
{
	u64 sum = 0;

	sort(samples, count);
	for (u32 i = 0; i < count; i++) {
		sum += samples[i];
	}
	return (struct bench_stats){
		.min = samples[0],
		.p50 = percentile(samples, count, 50),
		.p99 = percentile(samples, count, 99),
		.max = samples[count - 1],
		.mean = sum / count,
	};
}
