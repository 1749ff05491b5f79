/* SPDX-License-Identifier: MIT */
/*
 * ChaCha20 against the key stream of RFC 8439's appendix A.1.
 */
#include "lib/chacha.h"
#include "tests/ktest.h"

KTEST(chacha_zero_key, "the all-zero key gives the standard's key stream")
{
	static const u32 key[CHACHA_KEY_WORDS];
	u32 out[CHACHA_BLOCK_WORDS];

	chacha_block(key, 0, out);
	EXPECT_EQ(out[0], 0xade0b876);
	EXPECT_EQ(out[15], 0x8665eeb2);
	chacha_block(key, 1, out);
	EXPECT_EQ(out[0], 0xbee7079f);
	EXPECT_EQ(out[15], 0x78c0a06b);
}
