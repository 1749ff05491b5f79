/* SPDX-License-Identifier: MIT */
/*
 * What the boot runs before the first program on demand: benchmarks and
 * tests.  Upward calls, defined by bench/ and tests/, which nobody includes.
 */
#ifndef EXO_KERNEL_CHECKS_H
#define EXO_KERNEL_CHECKS_H

#include "lib/types.h"

/*
 * Runs the benchmarks that bench= names ("quick", "all" or one) and prints
 * BENCH lines and a table.  Context: thread.
 */
void bench_run(const char *which);

/*
 * Runs those of "quick" for a few samples each and reports nothing.  Context:
 * thread.
 */
void bench_rehearse(void);

/*
 * Runs "all" tests of the image, or the one with that id, in an order drawn
 * from `seed`, and reports them as KTAP on the console.  Returns how many
 * failed.  Context: thread.
 */
int ktest_run(const char *which, u64 seed);

#endif
