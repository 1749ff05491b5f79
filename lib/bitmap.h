/* SPDX-License-Identifier: MIT */
/*
 * Bit sets in arrays of u64, bit i in word i / 64.  Not atomic: the caller
 * guards them.  Range forms work a word at a time.
 */
#ifndef EXO_LIB_BITMAP_H
#define EXO_LIB_BITMAP_H

#include "lib/types.h"

#define BITMAP_WORDS(bits) DIV_ROUND_UP(bits, 64)

static inline bool bitmap_test(const u64 *map, size_t bit)
{
	return (map[bit / 64] >> (bit % 64)) & 1;
}

static inline void bitmap_set(u64 *map, size_t bit)
{
	map[bit / 64] |= 1ull << (bit % 64);
}

static inline void bitmap_clear(u64 *map, size_t bit)
{
	map[bit / 64] &= ~(1ull << (bit % 64));
}

/* Sets or clears `count` bits from `first`. */
void bitmap_set_range(u64 *map, size_t first, size_t count);
void bitmap_clear_range(u64 *map, size_t first, size_t count);

/* True if every one of `count` bits from `first` is set (clear). */
bool bitmap_all_set(const u64 *map, size_t first, size_t count);
bool bitmap_all_clear(const u64 *map, size_t first, size_t count);

/* The first set (clear) bit at or after `from`, or `bits` if there is none. */
size_t bitmap_find_set(const u64 *map, size_t bits, size_t from);
size_t bitmap_find_clear(const u64 *map, size_t bits, size_t from);

/* How many bits of the first `bits` are set. */
size_t bitmap_count(const u64 *map, size_t bits);

#endif
