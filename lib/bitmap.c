/* SPDX-License-Identifier: MIT */
/*
 * Ranges and searches in bit sets.  The frame allocator leans on these: each
 * works a word at a time.
 */
#include "lib/bitmap.h"

#define WORD_BITS 64

/* The bits of word number `word` that lie in [first, end); not none. */
static u64 mask_of(size_t word, size_t first, size_t end)
{
	size_t base = word * WORD_BITS;
	u64 mask = ~0ull;

	if (first > base) {
		mask <<= first - base;
	}
	if (end - base < WORD_BITS) {
		mask &= (1ull << (end - base)) - 1;
	}
	return mask;
}

void bitmap_set_range(u64 *map, size_t first, size_t count)
{
	size_t end = first + count;
	size_t words = DIV_ROUND_UP(end, WORD_BITS);

	for (size_t word = first / WORD_BITS; word < words; word++) {
		map[word] |= mask_of(word, first, end);
	}
}

void bitmap_clear_range(u64 *map, size_t first, size_t count)
{
	size_t end = first + count;
	size_t words = DIV_ROUND_UP(end, WORD_BITS);

	for (size_t word = first / WORD_BITS; word < words; word++) {
		map[word] &= ~mask_of(word, first, end);
	}
}

/* True if the range of `map`, each word xored with `flip`, is all clear. */
static bool range_is_clear(const u64 *map, size_t first, size_t count, u64 flip)
{
	size_t end = first + count;
	size_t words = DIV_ROUND_UP(end, WORD_BITS);

	for (size_t word = first / WORD_BITS; word < words; word++) {
		if ((map[word] ^ flip) & mask_of(word, first, end)) {
			return false;
		}
	}
	return true;
}

bool bitmap_all_set(const u64 *map, size_t first, size_t count)
{
	return range_is_clear(map, first, count, ~0ull);
}

bool bitmap_all_clear(const u64 *map, size_t first, size_t count)
{
	return range_is_clear(map, first, count, 0);
}

/* The first set bit of `map`, each word xored with `flip`. */
static size_t find(const u64 *map, size_t bits, size_t from, u64 flip)
{
	size_t word = from / WORD_BITS;
	u64 candidates;

	if (from >= bits) {
		return bits;
	}
	candidates = (map[word] ^ flip) & (~0ull << (from % WORD_BITS));
	while (candidates == 0) {
		word++;
		if (word * WORD_BITS >= bits) {
			return bits;
		}
		candidates = map[word] ^ flip;
	}
	size_t bit = word * WORD_BITS + (size_t)__builtin_ctzll(candidates);

	return MIN(bit, bits);
}

size_t bitmap_find_set(const u64 *map, size_t bits, size_t from)
{
	return find(map, bits, from, 0);
}

size_t bitmap_find_clear(const u64 *map, size_t bits, size_t from)
{
	return find(map, bits, from, ~0ull);
}

/*
 * Sums pairs, nibbles, then bytes in place; the multiplication adds up the
 * bytes in the top one.  (The compiler's builtin calls libgcc.)
 */
static size_t count_ones(u64 word)
{
	word -= (word >> 1) & 0x5555555555555555ull;
	word = (word & 0x3333333333333333ull) +
	       ((word >> 2) & 0x3333333333333333ull);
	word = (word + (word >> 4)) & 0x0f0f0f0f0f0f0f0full;
	return (word * 0x0101010101010101ull) >> 56;
}

size_t bitmap_count(const u64 *map, size_t bits)
{
	size_t words = DIV_ROUND_UP(bits, WORD_BITS);
	size_t count = 0;

	for (size_t word = 0; word < words; word++) {
		count += count_ones(map[word] & mask_of(word, 0, bits));
	}
	return count;
}
