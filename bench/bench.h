/* SPDX-License-Identifier: MIT */
/*
 * What a benchmark is given and what it does: prepare, take samples until
 * there are enough, put everything back.
 *
 *	const char *bench_yield(struct bench *b)
 *	{
 *		BENCH_LOOP(b, 16, sched_yield());
 *		return NULL;
 *	}
 *
 * A sample is the time between two readings of the cycle counter, less what
 * the readings cost, over `batch` operations; results are for one operation.
 */
#ifndef EXO_BENCH_BENCH_H
#define EXO_BENCH_BENCH_H

#include "arch/cpu.h"
#include "lib/types.h"

/* Takes the samples that only user mode can take. */
#define BENCH_PROGRAM "/bin/bench"

#define BENCH_WARM_UP 100
#define BENCH_SAMPLES 1000
#define BENCH_ALL     (BENCH_WARM_UP + BENCH_SAMPLES)

struct bench {
	u64 cost;    /* of two readings */
	u32 batch;   /* operations in a sample */
	u32 taken;   /* samples so far, those of the warm-up included */
	u32 wanted;  /* of these */
	u64 *sample; /* [BENCH_SAMPLES] for one operation each */
};

/* Each benchmark.  NULL, or why it cannot be measured here. Context: thread. */
#define BENCH(name, set, cycles, instructions, what) \
	const char *bench_##name(struct bench *b);
#include "bench/bench.def"
#undef BENCH

/* Takes a sample of so many cycles. Context: any. */
void bench_add(struct bench *b, u64 cycles);

/* More samples are wanted. */
static inline bool bench_more(const struct bench *b)
{
	return READ_ONCE(b->taken) < b->wanted;
}

/*
 * The readings around an operation.  Neither is a copy of its file's own, so
 * that they cost everywhere what they cost where that is measured.
 */
static always_inline u64 bench_start(void)
{
	return arch_cycles_ordered();
}

void bench_stop(struct bench *b, u64 start);

/* All samples of an operation that needs nothing else, `count` in each. */
#define BENCH_LOOP(b, count, operation)                                        \
	do {                                                                   \
		(b)->batch = (count);                                          \
		while (bench_more(b)) {                                        \
			u64 start_ = bench_start();                            \
			_Pragma("GCC unroll 4") for (u32 i_ = 0; i_ < (count); \
						     i_++)                     \
			{                                                      \
				operation;                                     \
			}                                                      \
			bench_stop(b, start_);                                 \
		}                                                              \
	} while (0)

#endif
