/* SPDX-License-Identifier: MIT */
/*
 * Benchmarks of frames, kernel objects, page tables and copies.
 */
#include "bench/bench.h"

#include "arch/paging.h"
#include "lib/string.h"
#include "mm/frame.h"
#include "mm/kmem.h"

#define DEEP       64
#define ORDER_256K 6

static const char no_memory[] = "no memory";

const char *bench_kmalloc_64(struct bench *b)
{
	BENCH_LOOP(b, 64, kfree(kmalloc(64)));
	return NULL;
}

static always_inline const char *frame_order(struct bench *b, unsigned order)
{
	b->batch = DEEP;
	while (bench_more(b)) {
		u64 start = bench_start();

		for (u32 i = 0; i < DEEP; i++) {
			phys_t block = frame_alloc(order);

			if (phys_is_none(block)) {
				return no_memory;
			}
			frame_free(block, order);
		}
		bench_stop(b, start);
	}
	return NULL;
}

const char *bench_frame(struct bench *b)
{
	return frame_order(b, 0);
}

const char *bench_frame_order3(struct bench *b)
{
	return frame_order(b, 3);
}

/* Takes `count` frames and gives them back; false if there were not enough. */
static bool frames_cycle(phys_t *frames, u32 count)
{
	u32 taken = 0;

	while (taken < count) {
		frames[taken] = frame_alloc(0);
		if (phys_is_none(frames[taken])) {
			break;
		}
		taken++;
	}
	for (u32 i = 0; i < taken; i++) {
		frame_free(frames[i], 0);
	}
	return taken == count;
}

const char *bench_frame_64(struct bench *b)
{
	phys_t *frames = kmalloc(DEEP * sizeof(*frames));
	bool ok = frames != NULL;

	b->batch = DEEP;
	while (ok && bench_more(b)) {
		u64 start = bench_start();

		ok = frames_cycle(frames, DEEP);
		bench_stop(b, start);
	}
	kfree(frames);
	return ok ? NULL : no_memory;
}

/* A frame holds where the one taken before it is. Returns false: none left. */
static bool frame_hold(phys_t *held)
{
	phys_t frame = frame_alloc(0);

	if (phys_is_none(frame)) {
		return false;
	}
	*(phys_t *)phys_to_virt(frame) = *held;
	*held = frame;
	return true;
}

/*
 * Between samples so many are taken that hardly any is left at the end, now one
 * more, now one less: the samples shall not keep time with a batch.
 */
const char *bench_frame_fill(struct bench *b)
{
	u64 free = frame_stats().free, step = (free - free / 16) / b->wanted;
	phys_t held = PHYS_NONE, frame;
	bool ok = true;

	while (ok && bench_more(b)) {
		u64 start = bench_start();

		frame = frame_alloc(0);
		if (!phys_is_none(frame)) {
			frame_free(frame, 0);
		}
		bench_stop(b, start);
		for (u64 i = b->taken % 2; i < step && ok; i++) {
			ok = frame_hold(&held);
		}
	}
	while (!phys_is_none(held)) {
		frame = held;
		held = *(phys_t *)phys_to_virt(frame);
		frame_free(frame, 0);
	}
	return ok ? NULL : no_memory;
}

static bool pages_map(struct page_table *table, phys_t frame)
{
	bool ok = true;

	for (u32 i = 0; i < DEEP; i++) {
		ok &= arch_map_page(table, USER_START + i * PAGE_SIZE, frame,
				    PROT_PAGE_USER) == 0;
	}
	return ok;
}

static void pages_unmap(struct page_table *table)
{
	struct page_mapping old;

	for (u32 i = 0; i < DEEP; i++) {
		arch_unmap_page(table, USER_START + i * PAGE_SIZE, &old);
	}
}

/* A table that no processor has loaded: entries alone, no TLB. */
static const char *paging(struct bench *b, bool map)
{
	struct page_table table;
	bool ok = arch_table_create(&table) == 0;
	phys_t frame = table.root;

	if (!ok) {
		return no_memory;
	}
	b->batch = DEEP;
	while (ok && bench_more(b)) {
		u64 start = bench_start();
		u64 middle;

		ok = pages_map(&table, frame);
		middle = bench_start();
		pages_unmap(&table);
		bench_add(b, map ? middle - start : bench_start() - middle);
	}
	arch_table_destroy(&table, frame_put);
	return ok ? NULL : no_memory;
}

const char *bench_page_map(struct bench *b)
{
	return paging(b, true);
}

const char *bench_page_unmap(struct bench *b)
{
	return paging(b, false);
}

/* Copies or sets the second half of a block, whose first half is the source. */
static const char *move(struct bench *b, unsigned order, bool copy)
{
	phys_t block = frame_alloc(order + 1);
	size_t len = PAGE_SIZE << order;
	u8 *memory = phys_to_virt(block);

	if (phys_is_none(block)) {
		return no_memory;
	}
	while (bench_more(b)) {
		u64 start = bench_start();

		if (copy) {
			memcpy(memory + len, memory, len);
		} else {
			memset(memory + len, 0, len);
		}
		bench_stop(b, start);
	}
	frame_free(block, order + 1);
	return NULL;
}

const char *bench_memory_copy_4k(struct bench *b)
{
	return move(b, 0, true);
}

const char *bench_memory_set_4k(struct bench *b)
{
	return move(b, 0, false);
}

const char *bench_memory_copy_256k(struct bench *b)
{
	return move(b, ORDER_256K, true);
}

const char *bench_memory_set_256k(struct bench *b)
{
	return move(b, ORDER_256K, false);
}
