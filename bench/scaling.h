/* SPDX-License-Identifier: MIT */
/*
 * What two processors do more than one.
 */
#ifndef EXO_BENCH_SCALING_H
#define EXO_BENCH_SCALING_H

/*
 * Prints a BENCH line for each job: the time of one processor, that of two
 * with twice the work, and the ratio.  Context: thread.
 */
void bench_scaling(void);

#endif
