/* SPDX-License-Identifier: MIT */
/*
 * The buddy below mm/frame.c: free blocks in lists, the bitmap that tells the
 * truth.  Private to mm/; all calls with the lock held of the buddy that the
 * frames belong to.
 */
#ifndef EXO_MM_BUDDY_H
#define EXO_MM_BUDDY_H

#include "kernel/numa.h"
#include "kernel/spinlock.h"
#include "mm/frame.h"

/*
 * One for each node, with the frames of its memory.  Marks: I immutable after
 * frame_init(), the rest by the lock.
 */
extern struct buddy {
	struct spinlock lock;
	u32 nonempty;                  /* orders whose list is not empty */
	u32 head[FRAME_MAX_ORDER + 1]; /* first block of each list, or 0 */
	u64 free;                      /* frames in the lists */
	u64 total;                     /* see struct frame_stats */
} aligned(64) buddies[NUMA_NODES_MAX];

/* [I]; the bits by the lock of their frame's buddy. */
extern u64 *frame_bitmap;

#ifdef OWNER_HERE
/* enum owner of each block, at its first frame; the block's owner writes it. */
extern u8 *frame_owners;
#endif

/* [I] See struct frame_stats. */
extern u64 frame_meta_count;

static always_inline struct page *page_of(u32 frame)
{
	return &frame_table.pages[frame];
}

static always_inline phys_t phys_of(u32 frame)
{
	return phys((u64)frame << PAGE_SHIFT);
}

static always_inline u32 number_of(phys_t frame)
{
	return (u32)(frame.pa >> PAGE_SHIFT);
}

/* The buddy that the frame belongs to. Context: any. */
static always_inline struct buddy *buddy_of(u32 frame)
{
	return &buddies[numa_node_of(phys_of(frame))];
}

/* Takes a block of 2^order frames; 0 if there is none. */
must_check u32 buddy_take(struct buddy *buddy, unsigned order);

/* Takes a block back; stops the machine if one of its frames is free. */
void buddy_give(struct buddy *buddy, u32 frame, unsigned order);

/* As buddy_give(), for frames that the caller knows not to be free. */
void buddy_join(struct buddy *buddy, u32 frame, unsigned order);

/* True if no frame of the block is in the lists. */
bool buddy_lacks(u32 frame, unsigned order);

/* Stops the machine where bitmap, lists and struct pages differ. */
void buddy_check(const struct buddy *buddy);

#endif
