/* SPDX-License-Identifier: MIT */
/*
 * The frame allocator on machines of our choice (messy, tiny, huge, full), on
 * several processors at once, and where it must stop the machine.
 */
#include "mm/frame.h"

#include <pthread.h>

#include "arch/percpu.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "tests/ktest.h"
#include "tests/mm/host_child.h"

#define KB(n) ((u64)(n) << 10)
#define MB(n) ((u64)(n) << 20)
#define GB(n) ((u64)(n) << 30)

/* A link that each frame holds while a test owns it. */
struct owned {
	phys_t next;
};

/* Takes every block of `order`; returns how many there were. */
static u64 take_all(unsigned order, phys_t *chain)
{
	phys_t block = frame_alloc(order);
	u64 count = 0;

	while (!phys_is_none(block)) {
		((struct owned *)phys_to_virt(block))->next = *chain;
		*chain = block;
		count++;
		block = frame_alloc(order);
	}
	return count;
}

static void give_all(unsigned order, phys_t *chain)
{
	while (!phys_is_none(*chain)) {
		phys_t block = *chain;

		*chain = ((struct owned *)phys_to_virt(block))->next;
		frame_free(block, order);
	}
}

static const struct host_machine messy = {
	.usable = { RANGE(MB(1) + 7, MB(32) + 123), RANGE(0, KB(639)),
		    RANGE(MB(16), MB(48)), RANGE(MB(56), MB(60)) },
	.usable_count = 4,
	.reserved = { RANGE(MB(2) + 1, MB(3) - 1), RANGE(MB(2), MB(2) + 5),
		      RANGE(MB(40), MB(57)), RANGE(GB(3), GB(4)),
		      RANGE(KB(4), KB(8)) },
	.reserved_count = 5,
	.limit = { MB(64) },
};

static bool block_allowed(phys_t block, unsigned order)
{
	u64 from = block.pa;
	u64 to = from + (PAGE_SIZE << order);
	bool low = from >= KB(8) && to <= KB(636);
	bool mid = from >= MB(1) + KB(4) && to <= MB(2);
	bool high = from >= MB(3) && to <= MB(40);
	bool top = from >= MB(57) && to <= MB(60);

	return low || mid || high || top;
}

/* (636 - 8) KB, 1 MB less a frame, 37 MB and 3 MB. */
#define MESSY_FRAMES (157 + 255 + 37 * 256 + 3 * 256)

static void messy_body(void)
{
	phys_t chain = PHYS_NONE;
	struct frame_stats stats;

	EXPECT_EQ(host_machine_start(&messy), 0);
	frame_check();
	stats = frame_stats();
	EXPECT_EQ(stats.total + stats.meta, MESSY_FRAMES);
	EXPECT_EQ(stats.free, stats.total);
	EXPECT_EQ(frame_limit().pa, MB(60));
	/* Leave a frame and a block with this processor. */
	frame_free(frame_alloc(0), 0);
	frame_free(frame_alloc(3), 3);
	EXPECT_EQ(take_all(0, &chain), stats.total);
	EXPECT_EQ(frame_stats().free, 0);
	for (phys_t f = chain; !phys_is_none(f);
	     f = ((struct owned *)phys_to_virt(f))->next) {
		EXPECT(block_allowed(f, 0));
	}
	give_all(0, &chain);
	EXPECT_EQ(frame_stats().free, stats.total);
	frame_check();
}

KTEST(frame_messy_map, "of a messy map every allowed frame is handed out once")
{
	EXPECT(child_passes(messy_body));
}

/* Frees what the chain has between two addresses. */
static void give_between(phys_t *chain, u64 from, u64 to)
{
	phys_t others = PHYS_NONE;

	while (!phys_is_none(*chain)) {
		phys_t frame = *chain;
		struct owned *owned = phys_to_virt(frame);

		*chain = owned->next;
		if (frame.pa >= from && frame.pa < to) {
			frame_free(frame, 0);
			continue;
		}
		owned->next = others;
		others = frame;
	}
	*chain = others;
}

static void last_resort_body(void)
{
	phys_t chain = PHYS_NONE;
	phys_t block;

	EXPECT_EQ(host_machine_start(&messy), 0);
	EXPECT(take_all(0, &chain) > 0);
	give_between(&chain, MB(8), MB(8) + KB(128));
	EXPECT_EQ(frame_stats().cached, 32);
	block = frame_alloc(5);
	EXPECT_EQ(block.pa, MB(8));
	EXPECT_EQ(frame_stats().free, 0);
	frame_free(block, 5);
	give_all(0, &chain);
	frame_check();
}

KTEST(frame_last_resort, "cached frames merge when only they make up a block")
{
	EXPECT(child_passes(last_resort_body));
}

/* Free blocks of each order, found by taking them from the largest down. */
static void census(u64 *count)
{
	phys_t chain[FRAME_MAX_ORDER + 1];

	for (unsigned order = FRAME_MAX_ORDER + 1; order-- > 0;) {
		chain[order] = PHYS_NONE;
		count[order] = take_all(order, &chain[order]);
	}
	for (unsigned order = 0; order <= FRAME_MAX_ORDER; order++) {
		give_all(order, &chain[order]);
	}
	frame_drain();
}

static void merge_body(void)
{
	u64 before[FRAME_MAX_ORDER + 1];
	u64 after[FRAME_MAX_ORDER + 1];
	phys_t even = PHYS_NONE;
	phys_t odd = PHYS_NONE;

	EXPECT_EQ(host_machine_start(&messy), 0);
	census(before);
	for (int i = 0; i < 5000; i++) {
		phys_t frame = frame_alloc(0);
		phys_t *chain = ktest_random() % 2 == 0 ? &even : &odd;

		((struct owned *)phys_to_virt(frame))->next = *chain;
		*chain = frame;
	}
	give_all(0, &odd);
	frame_drain();
	frame_check();
	give_all(0, &even);
	frame_drain();
	frame_check();
	census(after);
	EXPECT(memcmp(before, after, sizeof(before)) == 0);
}

KTEST(frame_merges_back, "freed in any order, memory is as whole as at first")
{
	EXPECT(child_passes(merge_body));
}

static void tiny_body(void)
{
	static const struct host_machine machine = {
		.usable = { RANGE(0, KB(12)) },
		.usable_count = 1,
		.limit = { KB(12) },
	};
	phys_t frame;

	EXPECT_EQ(host_machine_start(&machine), 0);
	EXPECT_EQ(frame_stats().total, 1);
	frame = frame_alloc(0);
	EXPECT_EQ(frame.pa, KB(8));
	EXPECT(phys_is_none(frame_alloc(0)));
	EXPECT(phys_is_none(frame_alloc(1)));
	frame_free(frame, 0);
	EXPECT_EQ(frame_stats().free, 1);
	frame_check();
}

KTEST(frame_tiny_machine, "a machine of three frames has one to give")
{
	EXPECT(child_passes(tiny_body));
}

static void nowhere_body(void)
{
	static const struct host_machine none = { .limit = { GB(1) } };
	static const struct host_machine above = {
		.usable = { RANGE(GB(1), GB(2)) },
		.usable_count = 1,
		.limit = { GB(1) },
	};
	static const struct host_machine covered = {
		.usable = { RANGE(0, MB(8)) },
		.usable_count = 1,
		.reserved = { RANGE(0, MB(8)) },
		.reserved_count = 1,
		.limit = { GB(1) },
	};

	EXPECT_EQ(host_machine_start(&none), -ENOMEM);
	EXPECT_EQ(host_machine_start(&above), -ENOMEM);
	EXPECT_EQ(host_machine_start(&covered), -ENOMEM);
}

KTEST(frame_no_machine, "memory that cannot hold its own map is refused")
{
	EXPECT(child_passes(nowhere_body));
}

static const struct host_machine huge = {
	.usable = { RANGE(0, KB(640)), RANGE(MB(1), GB(3)),
		    RANGE(GB(4), GB(64)) },
	.usable_count = 3,
	.limit = { HOST_RAM_BYTES },
};

/* Nothing above the arena may be touched: there is no memory behind it. */
static void huge_body(void)
{
	u64 low_frames;
	phys_t block;

	EXPECT_EQ(host_machine_start(&huge), 0);
	frame_check();
	EXPECT_EQ(frame_limit().pa, GB(64));
	low_frames = frame_stats().total;
	EXPECT(low_frames < HOST_RAM_BYTES >> PAGE_SHIFT);
	EXPECT(phys_is_none(frame_alloc(FRAME_MAX_ORDER)));
	frame_init_high(huge.usable, huge.usable_count, NULL, 0);
	frame_check();
	EXPECT_EQ(frame_stats().total - low_frames,
		  (GB(63) - HOST_RAM_BYTES) >> PAGE_SHIFT);
	block = frame_alloc(FRAME_MAX_ORDER);
	EXPECT(block.pa >= GB(4));
	EXPECT(IS_ALIGNED(block.pa, GB(4)));
	frame_free(block, FRAME_MAX_ORDER);
	frame_check();
}

KTEST(frame_huge_machine, "64 GB with holes: low memory first, the rest later")
{
	EXPECT(child_passes(huge_body));
}

static void release_body(void)
{
	u64 before;

	EXPECT_EQ(host_machine_start(&messy), 0);
	before = frame_stats().free;
	frame_release_range((struct frame_range)RANGE(MB(2), MB(3)));
	EXPECT_EQ(frame_stats().free, before + 256);
	EXPECT_EQ(frame_stats().total, before + 256);
	frame_release_range((struct frame_range)RANGE(MB(41) + 1, MB(41) + 9));
	EXPECT_EQ(frame_stats().free, before + 256);
	frame_check();
}

static void release_twice(void)
{
	EXPECT_EQ(host_machine_start(&messy), 0);
	frame_release_range((struct frame_range)RANGE(MB(2), MB(3)));
	frame_release_range((struct frame_range)RANGE(MB(2), MB(3)));
}

KTEST(frame_release, "a released range is free memory, in whole frames")
{
	EXPECT(child_passes(release_body));
	EXPECT(child_stops(release_twice, "bitmap_all_clear"));
}

static void share_body(void)
{
	const struct frame_range range = RANGE(MB(41) + 5, MB(42));
	phys_t frame = phys(MB(41) + PAGE_SIZE);
	u64 before;

	EXPECT_EQ(host_machine_start(&messy), 0);
	before = frame_stats().free;
	frame_share_range(range);
	EXPECT_EQ(frame_refs(phys(MB(41))), 1);
	EXPECT_EQ(frame_refs(phys(MB(42) - PAGE_SIZE)), 1);
	frame_get(frame);
	EXPECT_EQ(frame_refs(frame), 2);
	frame_put(frame);
	EXPECT_EQ(frame_stats().free, before);
	frame_check();
}

static void share_over_put(void)
{
	EXPECT_EQ(host_machine_start(&messy), 0);
	frame_share_range((struct frame_range)RANGE(MB(41), MB(42)));
	frame_put(phys(MB(41)));
}

KTEST(frame_share, "a reserved frame can be referenced and is never freed")
{
	EXPECT(child_passes(share_body));
	EXPECT(child_stops(share_over_put, "PAGE_ALLOCATED"));
}

static void free_twice(void)
{
	phys_t frame = frame_alloc(0);

	frame_free(frame, 0);
	frame_free(frame, 0);
}

static void free_twice_drained(void)
{
	phys_t frame = frame_alloc(0);

	frame_free(frame, 0);
	frame_drain();
	frame_free(frame, 0);
}

static void free_twice_block(void)
{
	phys_t block = frame_alloc(4);

	frame_free(block, 4);
	frame_free(block, 4);
}

static void free_shared(void)
{
	phys_t frame = frame_alloc(0);

	frame_get(frame);
	frame_free(frame, 0);
}

static void free_as_other(void)
{
	phys_t block = frame_alloc(3);

	frame_free(block, 2);
}

static void put_freed(void)
{
	phys_t frame = frame_alloc(0);

	frame_put(frame);
	frame_put(frame);
}

KTEST(frame_misuse_stops, "freeing twice, shared or as another order stops")
{
	EXPECT(child_stops(free_twice, "owned_word"));
	EXPECT(child_stops(free_twice_drained, "owned_word"));
	EXPECT(child_stops(free_twice_block, "owned_word"));
	EXPECT(child_stops(free_shared, "owned_word"));
	EXPECT(child_stops(free_as_other, "owned_word"));
	EXPECT(child_stops(put_freed, "assertion failed"));
}

/* Only the bitmap can tell: the struct page says that it is allocated. */
static void free_twice_forged(void)
{
	phys_t block = frame_alloc(4);
	struct page owned = *frame_page(block);

	frame_free(block, 4);
	*frame_page(block) = owned;
	frame_free(block, 4);
}

static void check_forged(void)
{
	phys_t block = frame_alloc(4);

	frame_free(block, 4);
	frame_page(block)->state = PAGE_ALLOCATED;
	frame_check();
	frame_drain();
	frame_check();
	frame_page(block)->order = 3;
	frame_free(block, 3);
}

KTEST(frame_bitmap_is_truth, "what a struct page claims, the bitmap denies")
{
	EXPECT(child_stops(free_twice_forged, "bits_are"));
	EXPECT(child_stops(check_forged, "assertion failed"));
}

#define THREADS      3
#define EXCHANGE     64
#define THREAD_STEPS 1000

static phys_t exchange[EXCHANGE];
static pthread_barrier_t barrier;

/* Frees what another processor has left and leaves a frame of its own. */
static void exchange_one(u64 random, unsigned cpu)
{
	u64 *slot = &exchange[random % EXCHANGE].pa;
	phys_t mine = frame_alloc(0);
	phys_t theirs;

	if (!phys_is_none(mine)) {
		*(u64 *)phys_to_virt(mine) = mine.pa + cpu % 2;
	}
	theirs = phys(__atomic_exchange_n(slot, mine.pa, __ATOMIC_ACQ_REL));
	if (!phys_is_none(theirs)) {
		u64 word = *(u64 *)phys_to_virt(theirs);

		if ((word & ~1ull) != theirs.pa) {
			ktest_fail(__FILE__, __LINE__, "intact", word,
				   theirs.pa);
		}
		frame_free(theirs, 0);
	}
}

static void *processor(void *arg)
{
	unsigned cpu = (unsigned)(uintptr_t)arg;
	u64 random = cpu * 0x9e3779b97f4a7c15ull;

	this_cpu(percpu_head).cpu = cpu;
	pthread_barrier_wait(&barrier);
	for (int step = 0; step < THREAD_STEPS; step++) {
		phys_t block;

		random = random * 6364136223846793005ull + 1442695040888963407;
		exchange_one(random >> 33, cpu);
		block = frame_alloc((random >> 60) % 5);
		if (!phys_is_none(block)) {
			frame_free(block, frame_page(block)->order);
		}
		if ((random >> 40) % 1024 == 0) {
			frame_drain();
		}
	}
	frame_drain();
	return NULL;
}

KTEST(frame_processors, "processors trade frames and lose none")
{
	u64 before = frame_stats().free;
	pthread_t thread[THREADS];

	pthread_barrier_init(&barrier, NULL, THREADS);
	for (uintptr_t i = 0; i < THREADS; i++) {
		EXPECT_EQ(pthread_create(&thread[i], NULL, processor,
					 (void *)(i + 1)),
			  0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(thread[i], NULL);
	}
	for (int i = 0; i < EXCHANGE; i++) {
		if (!phys_is_none(exchange[i])) {
			frame_free(exchange[i], 0);
			exchange[i] = PHYS_NONE;
		}
	}
	EXPECT_EQ(frame_stats().free, before);
	frame_check();
}
