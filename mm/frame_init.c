/* SPDX-License-Identifier: MIT */
/*
 * Memory at boot: where the bitmap and the struct pages stand, and what of the
 * memory map goes to the buddies.  Costs a few steps for each range and a few
 * bytes of bitmap for each MB; no struct page is written but the heads of
 * blocks.
 */
#include "mm/buddy.h"
#include "arch/paging.h"
#include "lib/assert.h"
#include "lib/bitmap.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/frame_map.h"

#ifdef OWNER_HERE
u8 *frame_owners;

#define OWNER_BYTES 1 /* beside each struct page */
#else
#define OWNER_BYTES 0
#endif

struct frame_table frame_table;
struct table_note *arch_table_notes;

/* The two are one thing, seen from two floors. */
static_assert(sizeof(struct page) == sizeof(struct table_note) &&
		      offsetof(struct page, table_entries) ==
			      offsetof(struct table_note, entries) &&
		      offsetof(struct page, refs) ==
			      offsetof(struct table_note, refs) &&
		      offsetof(struct page, table_lines) ==
			      offsetof(struct table_note, lines),
	      "arch_table_notes");

/* Where frame_init() stopped and frame_init_high() goes on. */
static u64 high_first;

/* The largest block that begins at `first` and ends within the run. */
static cold unsigned run_order(u64 first, u64 end)
{
	unsigned fits = 63 - (unsigned)__builtin_clzll(end - first);
	unsigned is_aligned = (unsigned)__builtin_ctzll(first);

	return MIN(MIN(fits, is_aligned), FRAME_MAX_ORDER);
}

/* Frames of one node. */
static cold void span_add(u64 first, u64 end)
{
	struct buddy *buddy = buddy_of((u32)first);

	WITH_SPINLOCK (&buddy->lock) {
		buddy->total += end - first;
		while (first < end) {
			unsigned order = run_order(first, end);

			buddy_join(buddy, (u32)first, order);
			first += 1ull << order;
		}
	}
}

/*
 * Hands reserved frames to their buddies, in blocks that double and halve.
 * The caller knows that none of them is free.
 */
static cold void run_add(u64 first, u64 end)
{
	end = MIN(end, frame_table.count);
	first = MIN(MAX(first, 1), end);
	while (first < end) {
		u64 border = numa_span_end(phys_of((u32)first)).pa;

		span_add(first, MIN(end, border >> PAGE_SHIFT));
		first = MIN(end, border >> PAGE_SHIFT);
	}
}

/* Hands out the map's frames from `from` to `to`, but not those of `hole`. */
static cold void map_add(const struct frame_map *map, u64 from, u64 to,
			 struct frame_run hole)
{
	struct frame_run run = frame_map_next(map, from);

	while (run.first < MIN(run.end, to)) {
		if (run.first == hole.first) {
			run.first = hole.end;
		}
		run_add(run.first, MIN(run.end, to));
		run = frame_map_next(map, run.end);
	}
}

/* The first run that `count` frames fit in, below `limit`. */
static cold struct frame_run meta_place(const struct frame_map *map, u64 count,
					u64 limit)
{
	struct frame_run run = frame_map_next(map, 1);

	while (run.first < MIN(run.end, limit)) {
		if (run.first + count <= MIN(run.end, limit)) {
			return (struct frame_run){ run.first,
						   run.first + count };
		}
		run = frame_map_next(map, run.end);
	}
	return (struct frame_run){ 0, 0 };
}

/* The struct pages are left as they are; the bitmap says: nothing is free. */
static cold void meta_init(struct frame_run meta, u64 count)
{
	u64 bitmap_bytes = BITMAP_WORDS(count) * sizeof(u64);
	char *start = phys_to_virt(phys(meta.first << PAGE_SHIFT));

	memset(buddies, 0, sizeof(buddies));
	for (u32 node = 0; node < NUMA_NODES_MAX; node++) {
		spin_init(&buddies[node].lock, LOCK_FRAME);
	}
	frame_meta_count = meta.end - meta.first;
	frame_bitmap = (u64 *)start;
	memset(start, 0, bitmap_bytes);
	/* A struct page must not straddle cache lines. */
	frame_table.pages = (struct page *)(start + ALIGN_UP(bitmap_bytes, 64));
	frame_table.count = count;
	frame_table.pages[0].state = PAGE_RESERVED;
	arch_table_notes = (struct table_note *)frame_table.pages;
#ifdef OWNER_HERE
	frame_owners = (u8 *)&frame_table.pages[count];
	memset(frame_owners, OWNER_none, count);
#endif
}

int frame_init(const struct frame_range *usable, size_t usable_count,
	       const struct frame_range *reserved, size_t reserved_count,
	       phys_t limit)
{
	const struct frame_map map = { usable, usable_count, reserved,
				       reserved_count };
	u64 count = frame_map_end(&map);
	u64 bytes = ALIGN_UP(BITMAP_WORDS(count) * sizeof(u64), 64) +
		    count * (sizeof(struct page) + OWNER_BYTES);
	struct frame_run meta = meta_place(&map, DIV_ROUND_UP(bytes, PAGE_SIZE),
					   limit.pa >> PAGE_SHIFT);

	if (meta.first == meta.end) {
		return -ENOMEM;
	}
	meta_init(meta, count);
	high_first = limit.pa >> PAGE_SHIFT;
	map_add(&map, 1, high_first, meta);
	return 0;
}

void frame_init_high(const struct frame_range *usable, size_t usable_count,
		     const struct frame_range *reserved, size_t reserved_count)
{
	const struct frame_map map = { usable, usable_count, reserved,
				       reserved_count };

	map_add(&map, high_first, frame_table.count,
		(struct frame_run){ 0, 0 });
}

void frame_release_range(struct frame_range range)
{
	struct frame_run run = frame_run_inside(range);

	ASSERT(run.end <= frame_table.count);
	ASSERT(bitmap_all_clear(frame_bitmap, run.first, run.end - run.first));
	run_add(run.first, run.end);
}

void frame_share_range(struct frame_range range)
{
	struct frame_run run = frame_run_around(range);

	ASSERT(run.end <= frame_table.count);
	for (u64 frame = run.first; frame < run.end; frame++) {
		ASSERT(!bitmap_test(frame_bitmap, frame));
		*page_of((u32)frame) =
			(struct page){ .state = PAGE_RESERVED, .refs = 1 };
	}
}
