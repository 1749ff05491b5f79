/* SPDX-License-Identifier: MIT */
/*
 * lib/bitmap.h against a model of one bool a bit.
 */
#include "lib/bitmap.h"
#include "tests/ktest.h"

/* Not a multiple of 64, and long enough for ranges over whole words. */
#define BITS   300
#define ROUNDS 300

static struct {
	u64 map[BITMAP_WORDS(BITS)];
	bool bit[BITS];
} model;

/* Sets about one bit in `sparseness` of both the map and the model. */
static void fill_model(u64 sparseness)
{
	for (size_t i = 0; i < ARRAY_SIZE(model.map); i++) {
		model.map[i] = 0;
	}
	for (size_t i = 0; i < BITS; i++) {
		model.bit[i] = ktest_random() % sparseness == 0;
		if (model.bit[i]) {
			bitmap_set(model.map, i);
		}
	}
}

static bool model_agrees(void)
{
	for (size_t i = 0; i < BITS; i++) {
		if (bitmap_test(model.map, i) != model.bit[i]) {
			return false;
		}
	}
	return true;
}

/* The first bit from `from` that is `value`, or BITS. */
static size_t model_find(size_t from, bool value)
{
	while (from < BITS && model.bit[from] != value) {
		from++;
	}
	return from;
}

static size_t model_count(size_t bits)
{
	size_t count = 0;

	for (size_t i = 0; i < bits; i++) {
		count += model.bit[i];
	}
	return count;
}

KTEST(bitmap_single_bits, "set and clear change one bit and no other")
{
	fill_model(2);
	EXPECT(model_agrees());
	for (int round = 0; round < ROUNDS; round++) {
		size_t at = ktest_random() % BITS;

		model.bit[at] = round & 1;
		if (model.bit[at]) {
			bitmap_set(model.map, at);
		} else {
			bitmap_clear(model.map, at);
		}
	}
	EXPECT(model_agrees());
}

KTEST(bitmap_ranges, "a range is set and cleared as a whole, exactly")
{
	fill_model(2);
	for (int round = 0; round < ROUNDS; round++) {
		size_t first = ktest_random() % (BITS + 1);
		size_t count = ktest_random() % (BITS + 1 - first);

		for (size_t i = first; i < first + count; i++) {
			model.bit[i] = round & 1;
		}
		if (round & 1) {
			bitmap_set_range(model.map, first, count);
		} else {
			bitmap_clear_range(model.map, first, count);
		}
		EXPECT(model_agrees());
	}
}

KTEST(bitmap_all_tests, "all_set and all_clear hold for uniform ranges only")
{
	for (int round = 0; round < ROUNDS; round++) {
		size_t first = ktest_random() % (BITS + 1);
		size_t count = ktest_random() % (BITS + 1 - first);
		bool value;

		fill_model(round % 2 ? 200 : 2);
		value = first < BITS && model.bit[first];

		size_t end = model_find(first, !value);
		bool uniform = end - first >= count;

		EXPECT_EQ(bitmap_all_set(model.map, first, count),
			  count == 0 || (uniform && value));
		EXPECT_EQ(bitmap_all_clear(model.map, first, count),
			  count == 0 || (uniform && !value));
	}
}

KTEST(bitmap_finds_next, "a search stops at the next bit or at the end")
{
	static const u64 sparseness[] = { 1, 2, 50, 1000 };

	for (size_t i = 0; i < ARRAY_SIZE(sparseness); i++) {
		fill_model(sparseness[i]);
		for (size_t from = 0; from <= BITS; from++) {
			EXPECT_EQ(bitmap_find_set(model.map, BITS, from),
				  model_find(from, true));
			EXPECT_EQ(bitmap_find_clear(model.map, BITS, from),
				  model_find(from, false));
		}
	}
}

KTEST(bitmap_find_ignores_rest, "bits behind the last one are never found")
{
	u64 map[1] = { 1ull << 40 };

	EXPECT_EQ(bitmap_find_set(map, 40, 0), 40);
	EXPECT_EQ(bitmap_find_set(map, 41, 0), 40);
	EXPECT_EQ(bitmap_find_set(map, 0, 0), 0);
	map[0] = ~map[0];
	EXPECT_EQ(bitmap_find_clear(map, 40, 0), 40);
}

KTEST(bitmap_find_whole_words, "no word behind the last bit is looked at")
{
	u64 map[1] = { 0 };

	EXPECT_EQ(bitmap_find_set(map, 64, 0), 64);
	EXPECT_EQ(bitmap_find_set(map, 64, 64), 64);
	bitmap_set_range(map, 0, 64);
	EXPECT(bitmap_all_set(map, 0, 64));
	EXPECT_EQ(bitmap_find_clear(map, 64, 0), 64);
	EXPECT_EQ(bitmap_find_clear(map, 64, 64), 64);
}

KTEST(bitmap_counts, "the count is of the first bits alone")
{
	fill_model(2);
	for (size_t bits = 0; bits <= BITS; bits++) {
		EXPECT_EQ(bitmap_count(model.map, bits), model_count(bits));
	}
	bitmap_set_range(model.map, 0, BITS);
	EXPECT_EQ(bitmap_count(model.map, BITS), BITS);
}
