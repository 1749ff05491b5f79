/* SPDX-License-Identifier: MIT */
/*
 * Kernel stacks: each in a slot of its own in kernel space, with nothing
 * mapped below it, so that an overflow faults instead of writing on.
 */
#ifndef EXO_SCHED_KSTACK_H
#define EXO_SCHED_KSTACK_H

#include "lib/types.h"

#define KSTACK_BYTES 8192

/*
 * The tops of stacks are coloured: those of 16 slots in a row lie on 16 cache
 * lines, which a cache keeps in as many sets.  What threads touch when they
 * are switched would share a set otherwise, for slots are a power of two apart.
 */
#define KSTACK_COLOURS      16
#define KSTACK_COLOUR_BYTES 64

/* A slot: an unmapped guard, then the stack. */
#define KSTACK_SLOT_BYTES (2 * KSTACK_BYTES)

struct kstack {
	struct kstack *next; /* in a list of unused ones */
	u8 *base;            /* [I] lowest address of the stack */
};

/*
 * A stack of KSTACK_BYTES with arbitrary content, NULL if there is no memory.
 * Context: thread or boot; does not sleep.
 */
must_check struct kstack *kstack_alloc(void);

void kstack_free(struct kstack *stack);

/* Where its thread begins. */
static inline u64 kstack_top(const struct kstack *stack)
{
	u64 slot = (u64)stack->base / KSTACK_SLOT_BYTES;

	return (u64)stack->base + KSTACK_BYTES -
	       slot % KSTACK_COLOURS * KSTACK_COLOUR_BYTES;
}

/* Gives the frames of the stacks that are kept for later back. */
void kstack_drain(void);

/* Stacks handed out now. */
u64 kstack_in_use(void);

#endif
