/* SPDX-License-Identifier: MIT */
/*
 * Runs of free memory out of a messy map.  The ranges are never sorted or
 * copied: each step asks all of them, which is quick for the few dozen that a
 * machine has and needs no memory before there is an allocator.
 */
#include "mm/frame_map.h"

static u64 range_end(struct frame_range range)
{
	u64 end = range.base.pa + range.len_bytes;

	return end < range.base.pa ? ~0ull : end;
}

static struct frame_run run_clipped(u64 first, u64 end)
{
	end = MIN(end, FRAME_COUNT_MAX);
	return (struct frame_run){ MIN(first, end), end };
}

struct frame_run frame_run_inside(struct frame_range range)
{
	u64 first = range.base.pa >> PAGE_SHIFT;

	if (!IS_ALIGNED(range.base.pa, PAGE_SIZE)) {
		first++;
	}
	return run_clipped(first, range_end(range) >> PAGE_SHIFT);
}

struct frame_run frame_run_around(struct frame_range range)
{
	u64 first = range.base.pa >> PAGE_SHIFT;
	u64 end = range_end(range);

	if (range.len_bytes == 0) {
		return run_clipped(first, first);
	}
	return run_clipped(first, ((end - 1) >> PAGE_SHIFT) + 1);
}

static bool run_has(struct frame_run run, u64 frame)
{
	return run.first <= frame && frame < run.end;
}

/* Where the reserved memory around `at` ends; `at` if it is not reserved. */
static u64 reserved_end(const struct frame_map *map, u64 at)
{
	for (size_t i = 0; i < map->reserved_count;) {
		struct frame_run run = frame_run_around(map->reserved[i++]);

		if (run_has(run, at)) {
			at = run.end;
			i = 0;
		}
	}
	return at;
}

/* Where the usable memory around `at` ends; `at` if it is not usable. */
static u64 usable_end(const struct frame_map *map, u64 at)
{
	for (size_t i = 0; i < map->usable_count;) {
		struct frame_run run = frame_run_inside(map->usable[i++]);

		if (run_has(run, at)) {
			at = run.end;
			i = 0;
		}
	}
	return at;
}

/* The lowest first frame of a reserved range above `at`, or `end`. */
static u64 next_reserved(const struct frame_map *map, u64 at, u64 end)
{
	for (size_t i = 0; i < map->reserved_count; i++) {
		struct frame_run run = frame_run_around(map->reserved[i]);

		if (run.first > at && run.first < run.end) {
			end = MIN(end, run.first);
		}
	}
	return end;
}

/* The lowest first frame of a usable range above `at`, or the maximum. */
static u64 next_usable(const struct frame_map *map, u64 at)
{
	u64 next = FRAME_COUNT_MAX;

	for (size_t i = 0; i < map->usable_count; i++) {
		struct frame_run run = frame_run_inside(map->usable[i]);

		if (run.first > at && run.first < run.end) {
			next = MIN(next, run.first);
		}
	}
	return next;
}

struct frame_run frame_map_next(const struct frame_map *map, u64 from)
{
	u64 at = reserved_end(map, from);
	u64 end = usable_end(map, at);

	while (end == at && at < FRAME_COUNT_MAX) {
		at = reserved_end(map, next_usable(map, at));
		end = usable_end(map, at);
	}
	return (struct frame_run){ at, next_reserved(map, at, end) };
}

u64 frame_map_end(const struct frame_map *map)
{
	u64 end = 0;

	for (size_t i = 0; i < map->usable_count; i++) {
		struct frame_run run = frame_run_inside(map->usable[i]);

		if (run.first < run.end) {
			end = MAX(end, run.end);
		}
	}
	return end;
}
