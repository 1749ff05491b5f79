/* SPDX-License-Identifier: MIT */
/*
 * The boot-time memory map as runs of whole frames: what is usable and not
 * reserved, in rising order, whatever the order and overlaps of the ranges
 * that firmware and boot loader gave.  Private to mm/; no state.
 */
#ifndef EXO_MM_FRAME_MAP_H
#define EXO_MM_FRAME_MAP_H

#include "mm/frame.h"

/*
 * Frame numbers stay below this (8 TB), so that they and their sums fit in
 * 32 bits; memory above is not used.
 */
#define FRAME_COUNT_MAX (1ull << 31)

struct frame_map {
	const struct frame_range *usable;
	size_t usable_count;
	const struct frame_range *reserved;
	size_t reserved_count;
};

/* Frames first <= n < end; empty if they are equal. */
struct frame_run {
	u64 first;
	u64 end;
};

/* The whole frames inside the range (touched by the range). */
struct frame_run frame_run_inside(struct frame_range range);
struct frame_run frame_run_around(struct frame_range range);

/*
 * The first run of usable, not reserved frames at or after `from`, as long as
 * it can be; an empty one if there is none.
 */
struct frame_run frame_map_next(const struct frame_map *map, u64 from);

/* One past the highest usable frame, reserved or not. */
u64 frame_map_end(const struct frame_map *map);

#endif
