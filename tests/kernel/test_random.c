/* SPDX-License-Identifier: MIT */
/*
 * Random bytes: what is handed out once does not come again.
 */
#include "kernel/random.h"

#include "lib/string.h"
#include "tests/ktest.h"

/* More than is made at once, in pieces that do not divide it. */
#define WORDS 192

KTEST(random_never_again, "no draw, short or long, has what another one had")
{
	static u64 words[WORDS];
	static u8 long_draw[1000];
	unsigned zero_count = 0;

	for (unsigned i = 0; i < WORDS; i++) {
		u8 piece[8 + 5];

		random_bytes(piece, sizeof(piece));
		memcpy(&words[i], piece, sizeof(words[i]));
		for (unsigned j = 0; j < i; j++) {
			EXPECT(words[i] != words[j]);
		}
	}
	random_bytes(long_draw, sizeof(long_draw));
	for (unsigned i = 0; i < sizeof(long_draw); i++) {
		zero_count += long_draw[i] == 0;
	}
	EXPECT(zero_count < sizeof(long_draw) / 16);
	for (unsigned i = 0; i + 8 <= sizeof(long_draw); i++) {
		u64 word;

		memcpy(&word, long_draw + i, sizeof(word));
		for (unsigned j = 0; j < WORDS; j++) {
			EXPECT(word != words[j]);
		}
	}
}
