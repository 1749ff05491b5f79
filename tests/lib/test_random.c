/* SPDX-License-Identifier: MIT */
/*
 * lib/random.h: the published sequences, and an even spread.
 */
#include "lib/random.h"
#include "tests/ktest.h"

KTEST(random_is_xoshiro256, "the state 1, 2, 3, 4 gives the known numbers")
{
	static const u64 known[] = {
		11520,
		0,
		1509978240,
		1215971899390074240,
		1216172134540287360,
		607988272756665600,
	};
	struct random r = { .s = { 1, 2, 3, 4 } };

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		EXPECT_EQ(random_next(&r), known[i]);
	}
}

KTEST(random_seed_is_splitmix64, "a seed fills the state by splitmix64")
{
	struct random r;

	random_seed(&r, 1234567);
	EXPECT_EQ(r.s[0], 6457827717110365317ull);
	EXPECT_EQ(r.s[1], 3203168211198807973ull);
	EXPECT_EQ(r.s[2], 9817491932198370423ull);
	EXPECT_EQ(r.s[3], 4593380528125082431ull);
}

KTEST(random_below_bounds, "a draw below n is below n, from n = 1 to 2^64 - 1")
{
	struct random r;

	random_seed(&r, ktest_random());
	for (int shift = 0; shift < 64; shift++) {
		u64 n = ~0ull >> shift;

		EXPECT(random_below(&r, n) < n);
		EXPECT(random_below(&r, n / 2 + 1) < n / 2 + 1);
	}
	EXPECT_EQ(random_below(&r, 1), 0);
}

KTEST(random_below_wastes_nothing, "a power of two takes one draw's low bits")
{
	struct random bounded, plain;

	random_seed(&bounded, ktest_random());
	plain = bounded;
	for (int shift = 0; shift < 64; shift++) {
		u64 n = 1ull << shift;

		EXPECT_EQ(random_below(&bounded, n),
			  random_next(&plain) & (n - 1));
	}
	EXPECT_EQ(random_below(&bounded, ~0ull), random_next(&plain));
}

KTEST(random_below_spreads, "each of seven faces comes up about equally often")
{
	enum { FACES = 7, DRAWS = 7000 };
	u32 seen[FACES] = { 0 };
	struct random r;

	random_seed(&r, 1);
	for (int i = 0; i < DRAWS; i++) {
		seen[random_below(&r, FACES)]++;
	}
	for (int face = 0; face < FACES; face++) {
		EXPECT(seen[face] > DRAWS / FACES * 9 / 10);
		EXPECT(seen[face] < DRAWS / FACES * 11 / 10);
	}
}
