/* SPDX-License-Identifier: MIT */
/*
 * What a processor keeps of frames, for it alone: singles, blocks of the lower
 * orders, and singles full of zeroes.  For mm/frame.c.
 */
#ifndef EXO_MM_FRAME_STACK_H
#define EXO_MM_FRAME_STACK_H

#include "arch/cpu.h"
#include "mm/frame.h"

/* A stack holds a burst of 64 and a batch of 32 beside it. */
#define STACK_SIZE_MAX  96
#define STACK_BATCH_DIV 3

/*
 * A stack keeps a few blocks of the lower orders too (kernel stacks and slabs
 * come in these), so that one freed and allocated in turn is neither merged
 * nor split.
 */
#define KEPT_ORDER_MAX 3
#define KEPT_MAX       4

/* Frames that are known to be full of zeroes: page tables that were given back.
 */
#define ZEROED_MAX (STACK_SIZE_MAX / STACK_BATCH_DIV)

struct frame_stack {
	u32 count; /* frames in it; others only read it */
	u32 size;  /* the capacity, but 0 where there are several nodes */
	u64 frame[STACK_SIZE_MAX];          /* of phys_t */
	u32 capacity;                       /* 0: closed */
	u32 kept_size;                      /* how many of each order */
	u32 kept_count[KEPT_ORDER_MAX + 1]; /* by order, from 1 */
	phys_t kept[KEPT_ORDER_MAX + 1][KEPT_MAX];
	u32 zeroed_size;
	u32 zeroed_count;
	phys_t zeroed[ZEROED_MAX];
};

extern percpu_zero struct frame_stack frame_stack;

/* As frame_page(), of a frame's own address: one shift less. */
static always_inline struct page *page_at(phys_t frame)
{
	static_assert(sizeof(struct page) == 1 << 4, "the 4 below");
	return (struct page *)((char *)frame_table.pages +
			       (frame.pa >> (PAGE_SHIFT - 4)));
}

/* Gives a block back to the lists. Context: as frame_free(). */
void frame_lists_give(phys_t block, unsigned order);

/* From now on it holds something. Context: preemption off, here and below. */
void frame_stack_open(struct frame_stack *own);

/* Fills an empty stack, if there is memory. */
void frame_stack_refill(struct frame_stack *own);

/* Makes room where there is none. */
void frame_stack_spill(struct frame_stack *own);

/* The one on top of those that are there. */
static inline phys_t frame_stack_take(struct frame_stack *own)
{
	WRITE_ONCE(own->count, own->count - 1);
	return phys(own->frame[own->count]);
}

#endif
