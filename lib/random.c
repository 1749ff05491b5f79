/* SPDX-License-Identifier: MIT */
/*
 * xoshiro256** 1.0, its state filled by splitmix64, both by Blackman and
 * Vigna ("Scrambled linear pseudorandom number generators", ACM TOMS 47,
 * 2021), where the constants come from.
 */
#include "lib/random.h"

/* Bijective, so that of four successive outputs at most one is zero. */
static u64 splitmix64(u64 *state)
{
	*state += 0x9e3779b97f4a7c15ull;

	u64 z = *state;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

static u64 rotate_left(u64 x, int bits)
{
	return (x << bits) | (x >> (64 - bits));
}

void random_seed(struct random *r, u64 seed)
{
	for (size_t i = 0; i < ARRAY_SIZE(r->s); i++) {
		r->s[i] = splitmix64(&seed);
	}
}

u64 random_next(struct random *r)
{
	u64 *s = r->s;
	u64 result = rotate_left(s[1] * 5, 7) * 9;
	u64 shifted = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= shifted;
	s[3] = rotate_left(s[3], 45);
	return result;
}

/*
 * Draws as many bits as n - 1 has until they are below n: unbiased, without
 * a division, and fewer than two draws on average.
 */
u64 random_below(struct random *r, u64 n)
{
	u64 mask = n > 1 ? ~0ull >> __builtin_clzll(n - 1) : 0;
	u64 draw;

	do {
		draw = random_next(r) & mask;
	} while (draw >= n);
	return draw;
}
