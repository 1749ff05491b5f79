/* SPDX-License-Identifier: MIT */
/*
 * The frame allocator as its callers see it: on the memory of the machine that
 * runs the tests, which is as it was when a test ends.
 */
#include "mm/frame.h"

#include "lib/string.h"
#include "tests/ktest.h"

/* Blocks that the model test holds at most, and frames in all of them. */
#define BLOCKS_MAX 128
#define FRAMES_MAX 768

struct block {
	phys_t at; /* PHYS_NONE: the slot is empty */
	unsigned order;
	u64 tag;
};

static struct block blocks[BLOCKS_MAX];

static u64 block_bytes(const struct block *b)
{
	return PAGE_SIZE << b->order;
}

/* Writes, or compares, the tag at both ends of each frame. */
static void block_mark(const struct block *b)
{
	for (u64 at = 0; at < block_bytes(b); at += PAGE_SIZE) {
		u64 *frame = phys_to_virt(phys_add(b->at, at));

		frame[0] = b->tag + at;
		frame[PAGE_SIZE / 8 - 1] = ~b->tag;
	}
}

static bool block_intact(const struct block *b)
{
	for (u64 at = 0; at < block_bytes(b); at += PAGE_SIZE) {
		const u64 *frame = phys_to_virt(phys_add(b->at, at));

		if (frame[0] != b->tag + at ||
		    frame[PAGE_SIZE / 8 - 1] != ~b->tag) {
			return false;
		}
	}
	return true;
}

static bool block_overlaps(const struct block *b)
{
	for (size_t i = 0; i < BLOCKS_MAX; i++) {
		const struct block *o = &blocks[i];

		if (o != b && !phys_is_none(o->at) &&
		    o->at.pa < b->at.pa + block_bytes(b) &&
		    b->at.pa < o->at.pa + block_bytes(o)) {
			return true;
		}
	}
	return false;
}

/* One step of the model; returns false where the allocator is wrong. */
static bool model_step(u64 *held)
{
	struct block *b = &blocks[ktest_random() % BLOCKS_MAX];

	if (!phys_is_none(b->at)) {
		bool good = block_intact(b);

		frame_free(b->at, b->order);
		*held -= 1ull << b->order;
		b->at = PHYS_NONE;
		return good;
	}
	b->order = (unsigned)__builtin_ctzll(ktest_random() | 1 << 6);
	if (*held + (1ull << b->order) > FRAMES_MAX) {
		return true;
	}
	b->at = frame_alloc(b->order);
	if (phys_is_none(b->at)) {
		return true;
	}
	b->tag = ktest_random();
	*held += 1ull << b->order;
	block_mark(b);
	return IS_ALIGNED(b->at.pa, block_bytes(b)) && !block_overlaps(b) &&
	       b->at.pa + block_bytes(b) <= frame_limit().pa;
}

static bool model_free_all(void)
{
	bool good = true;

	for (size_t i = 0; i < BLOCKS_MAX; i++) {
		if (!phys_is_none(blocks[i].at)) {
			good &= block_intact(&blocks[i]);
			frame_free(blocks[i].at, blocks[i].order);
			blocks[i].at = PHYS_NONE;
		}
	}
	return good;
}

KTEST(frame_model, "random blocks are aligned, apart, intact and all come back")
{
	u64 before = frame_stats().free;
	u64 held = 0;

	for (int step = 0; step < 6000; step++) {
		EXPECT(model_step(&held));
		if (step % 500 == 0) {
			frame_check();
			EXPECT_EQ(frame_stats().free + held, before);
		}
	}
	EXPECT(model_free_all());
	frame_check();
	EXPECT_EQ(frame_stats().free, before);
}

KTEST(frame_burst, "64 frames at once are distinct and come back")
{
	u64 before = frame_stats().free;
	phys_t frame[64];

	for (u64 i = 0; i < ARRAY_SIZE(frame); i++) {
		frame[i] = frame_alloc(0);
		EXPECT(!phys_is_none(frame[i]));
		*(u64 *)phys_to_virt(frame[i]) = i;
	}
	for (u64 i = 0; i < ARRAY_SIZE(frame); i++) {
		EXPECT_EQ(*(u64 *)phys_to_virt(frame[i]), i);
		frame_free(frame[i], 0);
	}
	EXPECT_EQ(frame_stats().free, before);
}

KTEST(frame_drain_empties, "after a drain no frame is cached here")
{
	u64 cached = frame_stats().cached;
	phys_t frame = frame_alloc(0);

	EXPECT(!phys_is_none(frame));
	frame_free(frame, 0);
	EXPECT(frame_stats().cached > 0);
	frame_drain();
	EXPECT(frame_stats().cached <= cached);
	frame_check();
}

KTEST(frame_zeroed, "a zeroed frame is all zeroes, whatever it held")
{
	phys_t frame = frame_alloc(0);
	const u64 *word;

	EXPECT(!phys_is_none(frame));
	memset(phys_to_virt(frame), 0xff, PAGE_SIZE);
	frame_free(frame, 0);
	frame = frame_alloc_zeroed();
	EXPECT(!phys_is_none(frame));
	word = phys_to_virt(frame);
	for (size_t i = 0; i < PAGE_SIZE / 8; i++) {
		EXPECT_EQ(word[i], 0);
	}
	frame_free(frame, 0);
}

KTEST(frame_zeroes_kept,
      "a frame given back as zeroes is free, and zeroes again")
{
	phys_t first = frame_alloc_zeroed(), again;
	u64 before = frame_stats().free;

	EXPECT(!phys_is_none(first));
	frame_free_zeroed(first);
	EXPECT_EQ(frame_stats().free, before + 1);
	frame_check();
	again = frame_alloc_zeroed();
	EXPECT(!phys_is_none(again));
	EXPECT_EQ(*(const u64 *)phys_to_virt(again), 0);
	frame_free(again, 0);
	frame_drain();
	EXPECT_EQ(frame_stats().free, before + 1);
}

KTEST(frame_references, "the last reference frees the frame, no other")
{
	u64 before = frame_stats().free;
	phys_t frame = frame_alloc(0);

	EXPECT(!phys_is_none(frame));
	EXPECT_EQ(frame_refs(frame), 1);
	frame_get(frame);
	frame_get(frame);
	EXPECT_EQ(frame_refs(frame), 3);
	frame_put(frame);
	frame_put(frame);
	EXPECT_EQ(frame_refs(frame), 1);
	EXPECT_EQ(frame_stats().free, before - 1);
	frame_put(frame);
	EXPECT_EQ(frame_stats().free, before);
}

KTEST(frame_too_large, "an order beyond the largest is refused")
{
	EXPECT(phys_is_none(frame_alloc(FRAME_MAX_ORDER + 1)));
	EXPECT(phys_is_none(frame_alloc(~0u)));
}
