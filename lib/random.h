/* SPDX-License-Identifier: MIT */
/*
 * Seeded pseudo-random numbers (xoshiro256**): the same seed gives the same
 * sequence on every machine.  For tests, schedulers that explore, and
 * benchmarks; nothing here is secret or safe against guessing.  The caller
 * guards the state.
 */
#ifndef EXO_LIB_RANDOM_H
#define EXO_LIB_RANDOM_H

#include "lib/types.h"

struct random {
	u64 s[4]; /* never all zero */
};

/* Starts the sequence of `seed`; every seed is as good as another. */
void random_seed(struct random *r, u64 seed);

/* The next 64 bits. */
u64 random_next(struct random *r);

/* A number below `n` (> 0), each equally likely. */
u64 random_below(struct random *r, u64 n);

#endif
