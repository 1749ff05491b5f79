/* SPDX-License-Identifier: MIT */
/*
 * What the files of the benchmark program share.  The program is plain C on
 * Linux's system calls and runs on Linux and on Exo-OS alike.
 */
#ifndef EXO_BENCH_COMPARE_H
#define EXO_BENCH_COMPARE_H

#include <errno.h>
#include <stdint.h>

#define PAGE_BYTES 4096

/*
 * Each row of rows.def: does `batch` operations and tells in `*ticks` what
 * they took.  A row runs in a process of its own, which is killed with its
 * children afterwards: what it sets up at its first call stays.  Returns 0 or
 * a negative errno; -ENOSYS says that this kernel lacks the call.
 */
#define ROW(name, batch, samples, goal, copy, what) \
	int row_##name(long batch_size, uint64_t *ticks);
#include "bench/compare/rows.def"
#undef ROW

/* The path of this program, for the rows that start it. */
extern const char *program_path;

/* What the program is started with to do nothing but end. */
#define EXIT_ARGUMENT "--exit"

/* The cycle counter, after all that stands before it. */
static inline uint64_t ticks_now(void)
{
	uint32_t lo, hi;

	__asm__ volatile("lfence; rdtsc; lfence"
			 : "=a"(lo), "=d"(hi)::"memory");
	return (uint64_t)hi << 32 | lo;
}

/* 0, or the negative errno if `result` is an error. */
static inline int error_of(long result)
{
	return result < 0 ? -errno : 0;
}

/*
 * Does `operation` (< 0: it failed, see errno) `batch` times and tells the
 * ticks; its value is what a row returns.
 */
#define MEASURE(batch, ticks, operation)               \
	({                                             \
		uint64_t start_ = ticks_now();         \
		long left_ = (batch), result_;         \
                                                       \
		do {                                   \
			result_ = (long)(operation);   \
		} while (result_ >= 0 && --left_ > 0); \
		*(ticks) = ticks_now() - start_;       \
		error_of(result_);                     \
	})

#endif
