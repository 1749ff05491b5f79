/* SPDX-License-Identifier: MIT */
/*
 * The buddy: power-of-two free lists above a bitmap.
 *
 * Nouns.  A *block* of order k is 2^k frames whose first frame number, the
 * block's name, is a multiple of 2^k.  Two blocks of order k that make up a
 * block of order k + 1 are each other's *buddy*: their names differ in bit k.
 * A block's *head* is the struct page of its first frame.
 *
 * Each node has lists of its own, and a lock for them and for its frames' bits
 * and struct pages.  A block lies in one node, and merges within it.
 *
 * Invariants, for each node under its lock:
 * I1  A frame's bit is set if and only if it lies in a free block, one that
 *     is in the list of its order.
 * I2  The head of a free block is valid: PAGE_FREE, the block's order, links.
 * I3  No free block's buddy is a free block of the same order (they merge).
 * I4  Bit k of `nonempty` is set if and only if list k is not empty.
 * I5  A struct page inside a free block is never PAGE_ALLOCATED or PAGE_SLAB,
 *     unless it was never written: a frame freed twice is recognised.
 *
 * The other struct pages hold whatever memory held at power-on.  Merging may
 * look at a buddy's head nevertheless.  Let b be the buddy of a block of order
 * k that is being freed.  If b's bit is clear, b is not free and its head is
 * not looked at.  If it is set, b lies in a free block B (I1).  B cannot be
 * larger than order k: it would hold the block that is being freed too.  So
 * B's size divides 2^k, of which b is a multiple: B begins at b, and the head
 * at b is valid (I2).  Its order tells whether all of the buddy is free.
 */
#include "mm/buddy.h"
#include "lib/assert.h"
#include "lib/bitmap.h"
#include "lib/string.h"

struct buddy buddies[NUMA_NODES_MAX];
u64 *frame_bitmap;
u64 frame_meta_count;

/* Which bits of its word a block of up to 64 frames has. */
static always_inline u64 block_mask(u32 frame, unsigned order)
{
	return ~0ull >> (64 - (1u << order)) << (frame % 64);
}

static noinline bool words_are(u32 frame, unsigned order, u64 want)
{
	const u64 *word = &frame_bitmap[frame / 64];
	const u64 *end = word + (1ul << (order - 6));

	while (word < end && *word == want) {
		word++;
	}
	return word == end;
}

/* True if the bits of all frames of the block say `free`. */
static always_inline bool bits_are(u32 frame, unsigned order, bool free)
{
	u64 want = free ? ~0ull : 0;

	if (unlikely(order > 6)) {
		return words_are(frame, order, want);
	}
	return ((frame_bitmap[frame / 64] ^ want) & block_mask(frame, order)) ==
	       0;
}

static always_inline void bits_write(u32 frame, unsigned order, bool free)
{
	u64 *word = &frame_bitmap[frame / 64];
	u64 mask;

	if (unlikely(order > 6)) {
		memset(word, free ? 0xff : 0, 1ul << (order - 3));
		return;
	}
	mask = block_mask(frame, order);
	*word = free ? *word | mask : *word & ~mask;
}

static void list_insert(struct buddy *buddy, u32 frame, unsigned order)
{
	struct page *page = page_of(frame);
	u32 next = buddy->head[order];

	page->state = PAGE_FREE;
	page->order = (u8)order;
	page->next = next;
	page->prev = 0;
	if (next != 0) {
		page_of(next)->prev = frame;
	}
	buddy->head[order] = frame;
	buddy->nonempty |= 1u << order;
}

static void list_delete(struct buddy *buddy, u32 frame, unsigned order)
{
	const struct page *page = page_of(frame);

	if (page->next != 0) {
		page_of(page->next)->prev = page->prev;
	}
	if (page->prev != 0) {
		page_of(page->prev)->next = page->next;
		return;
	}
	buddy->head[order] = page->next;
	if (page->next == 0) {
		buddy->nonempty &= ~(1u << order);
	}
}

/*
 * Takes a block from the lowest list that has one, and returns the upper
 * halves that are too much.  0 if there is none.
 */
u32 buddy_take(struct buddy *buddy, unsigned order)
{
	u32 usable = buddy->nonempty >> order;
	unsigned have;
	u32 frame;

	if (usable == 0) {
		return 0;
	}
	have = order + (unsigned)__builtin_ctz(usable);
	frame = buddy->head[have];
	list_delete(buddy, frame, have);
	while (have > order) {
		have--;
		list_insert(buddy, frame + (1u << have), have);
	}
	ASSERT(bits_are(frame, order, true));
	bits_write(frame, order, false);
	buddy->free -= 1ull << order;
	return frame;
}

/* True if a block, the buddy of one being freed, is all free (see above). */
static bool is_free_block(const struct buddy *buddy, u32 frame, unsigned order)
{
	return frame < frame_table.count && buddy_of(frame) == buddy &&
	       bitmap_test(frame_bitmap, frame) &&
	       page_of(frame)->order == order;
}

/* Puts a block into the lists, merged with every free buddy-> */
void buddy_join(struct buddy *buddy, u32 frame, unsigned order)
{
	bits_write(frame, order, true);
	buddy->free += 1ull << order;
	page_of(frame)->state = PAGE_FREE;
	while (order < FRAME_MAX_ORDER) {
		u32 other = frame ^ (1u << order);

		if (!is_free_block(buddy, other, order)) {
			break;
		}
		list_delete(buddy, other, order);
		frame &= ~(1u << order);
		order++;
	}
	list_insert(buddy, frame, order);
}

/* Takes a block back; a set bit is a frame that was freed twice. */
void buddy_give(struct buddy *buddy, u32 frame, unsigned order)
{
	ASSERT(bits_are(frame, order, false));
	buddy_join(buddy, frame, order);
}

bool buddy_lacks(u32 frame, unsigned order)
{
	return bits_are(frame, order, false);
}

/* I1 to I3 for one free block. */
static cold void check_block(const struct buddy *buddy, u32 frame,
			     unsigned order, u32 prev)
{
	const struct page *page = page_of(frame);

	ASSERT(frame != 0 && IS_ALIGNED(frame, 1u << order));
	ASSERT(frame + (1ull << order) <= frame_table.count);
	ASSERT(page->state == PAGE_FREE);
	ASSERT(page->order == order);
	ASSERT(page->prev == prev);
	ASSERT(bitmap_all_set(frame_bitmap, frame, 1ul << order));
	ASSERT(order == FRAME_MAX_ORDER ||
	       !is_free_block(buddy, frame ^ (1u << order), order));
}

/* Returns the number of frames in the list. */
static cold u64 check_list(const struct buddy *buddy, unsigned order)
{
	u64 count = 0;
	u32 prev = 0;

	ASSERT(((buddy->nonempty >> order) & 1) == (buddy->head[order] != 0));
	for (u32 f = buddy->head[order]; f != 0; f = page_of(f)->next) {
		check_block(buddy, f, order, prev);
		count += 1ull << order;
		ASSERT(count <= buddy->free); /* else the list is a circle */
		prev = f;
	}
	return count;
}

/* The bits of the buddy's own frames. */
static cold u64 count_bits(const struct buddy *buddy)
{
	u64 count = 0;
	u64 end;

	for (u64 frame = 0; frame < frame_table.count; frame = end) {
		end = MIN(numa_span_end(phys_of((u32)frame)).pa >> PAGE_SHIFT,
			  frame_table.count);
		if (buddy_of((u32)frame) == buddy) {
			count += bitmap_count(&frame_bitmap[frame / 64],
					      end - frame);
		}
	}
	return count;
}

void buddy_check(const struct buddy *buddy)
{
	u64 count = 0;

	for (unsigned order = 0; order <= FRAME_MAX_ORDER; order++) {
		count += check_list(buddy, order);
	}
	ASSERT(count == buddy->free);
	ASSERT(count == count_bits(buddy));
	ASSERT(count <= buddy->total);
}
