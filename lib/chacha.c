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

static void quarter_round(u32 s[CHACHA_BLOCK_WORDS], const u8 at[4])
{
	static const u8 bits[4] = { 16, 12, 8, 7 };

	for (unsigned i = 0; i < 4; i++) {
		u32 *sum = &s[at[i & 1 ? 2 : 0]];
		u32 *mix = &s[at[i & 1 ? 1 : 3]];

		*sum += s[at[i & 1 ? 3 : 1]];
		*mix = rotate(*mix ^ *sum, bits[i]);
	}
}

void chacha_block(const u32 key[CHACHA_KEY_WORDS], u64 counter,
		  u32 out[CHACHA_BLOCK_WORDS])
{
	/* Columns, then diagonals. */
	static const u8 quarters[8][4] = {
		{ 0, 4, 8, 12 },  { 1, 5, 9, 13 },  { 2, 6, 10, 14 },
		{ 3, 7, 11, 15 }, { 0, 5, 10, 15 }, { 1, 6, 11, 12 },
		{ 2, 7, 8, 13 },  { 3, 4, 9, 14 },
	};
	/* "expand 32-byte k", the constant of the specification. */
	u32 start[CHACHA_BLOCK_WORDS] = { 0x61707865, 0x3320646e, 0x79622d32,
					  0x6b206574 };

	memcpy(start + 4, key, CHACHA_KEY_WORDS * sizeof(u32));
	start[12] = (u32)counter;
	start[13] = (u32)(counter >> 32);
	memcpy(out, start, sizeof(start));
	for (unsigned i = 0; i < 10 * ARRAY_SIZE(quarters); i++) {
		quarter_round(out, quarters[i % ARRAY_SIZE(quarters)]);
	}
	for (unsigned i = 0; i < CHACHA_BLOCK_WORDS; i++) {
		out[i] += start[i];
	}
}
