/* SPDX-License-Identifier: MIT */
/*
 * The other core: a thread that is pinned to another processor than the one
 * that measures, and sleeps but in the samples that need it.
 */
#ifndef EXO_BENCH_HOST_CORES_H
#define EXO_BENCH_HOST_CORES_H

/*
 * For a contender's start(): the other core will do `job` beside each run(),
 * as soon as that calls cores_go().  NULL, or why there is none.
 */
const char *cores_start(void (*job)(void));

/* The other core begins. */
void cores_go(void);

/* Waits until it has done its job. */
void cores_wait(void);

#endif
