/* SPDX-License-Identifier: MIT */
/*
 * What two processors do more than one.
 */
#ifndef EXO_BENCH_SCALING_H
#define EXO_BENCH_SCALING_H

/*
 * Prints a BENCH line for each job: what one processor does in its best window
 * of time, what two do, and the ratio.  Context: thread.
 */
void bench_scaling(void);

#endif
