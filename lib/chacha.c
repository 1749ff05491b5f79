/* SPDX-License-Identifier: MIT */
/*
 * ChaCha20: ten double rounds over a square of sixteen words.
 */
#include "lib/chacha.h"

#include "lib/string.h"

static inline u32 rotate(u32 v, unsigned bits)
{
	return v << bits | v >> (32 - bits);
}

static inline void quarter_round(u32 *a, u32 *b, u32 *c, u32 *d)
{
	*a += *b;
	*d = rotate(*d ^ *a, 16);
	*c += *d;
	*b = rotate(*b ^ *c, 12);
	*a += *b;
	*d = rotate(*d ^ *a, 8);
	*c += *d;
	*b = rotate(*b ^ *c, 7);
}

/* The columns with skew 0, with skew 1 the diagonals. */
static inline void four_quarters(u32 s[CHACHA_BLOCK_WORDS], unsigned skew)
{
	for (unsigned i = 0; i < 4; i++) {
		quarter_round(&s[i], &s[4 + (i + skew) % 4],
			      &s[8 + (i + 2 * skew) % 4],
			      &s[12 + (i + 3 * skew) % 4]);
	}
}

void chacha_block(const u32 key[CHACHA_KEY_WORDS], u64 counter,
		  u32 out[CHACHA_BLOCK_WORDS])
{
	/* "expand 32-byte k", the constant of the specification. */
	u32 start[CHACHA_BLOCK_WORDS] = { 0x61707865, 0x3320646e, 0x79622d32,
					  0x6b206574 };

	memcpy(start + 4, key, CHACHA_KEY_WORDS * sizeof(u32));
	start[12] = (u32)counter;
	start[13] = (u32)(counter >> 32);
	memcpy(out, start, sizeof(start));
	for (unsigned i = 0; i < 10; i++) {
		four_quarters(out, 0);
		four_quarters(out, 1);
	}
	for (unsigned i = 0; i < CHACHA_BLOCK_WORDS; i++) {
		out[i] += start[i];
	}
}
