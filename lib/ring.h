/* SPDX-License-Identifier: MIT */
/*
 * Index arithmetic of power-of-two rings with free-running 32-bit indices:
 * `head` counts what was put in, `tail` what was taken out; they wrap at
 * 2^32 and their difference is the fill, so full and empty never look alike.
 */
#ifndef EXO_LIB_RING_H
#define EXO_LIB_RING_H

#include "lib/types.h"

/* Entries in the ring now; correct over the wrap of either index. */
static inline u32 ring_fill(u32 head, u32 tail)
{
	return head - tail;
}

/* Entries that still fit; `size` is a power of two. */
static inline u32 ring_space(u32 head, u32 tail, u32 size)
{
	return size - (head - tail);
}

/* The slot of an index. */
static inline u32 ring_slot(u32 index, u32 size)
{
	return index & (size - 1);
}

/* Slots from `index` to the end of the array: one copy's longest run. */
static inline u32 ring_run(u32 index, u32 size)
{
	return size - (index & (size - 1));
}

#endif
