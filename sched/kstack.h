/* SPDX-License-Identifier: MIT */
/*
 * Kernel stacks: each in a slot of its own in kernel space, with nothing
 * mapped below it, so that an overflow faults instead of writing on.
 *
 * A struct kstack is a part of its owner, the thread, and the owner's address
 * says which slot is its: no two are alive at one address, so nobody keeps an
 * account of slots and a million of them cost nothing but their page tables.
 */
#ifndef EXO_SCHED_KSTACK_H
#define EXO_SCHED_KSTACK_H

#include "lib/list.h"
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

enum kstack_place {
	KSTACK_HERE,   /* mapped */
	KSTACK_AWAY,   /* only `saved` is left, while its thread sleeps */
	KSTACK_WANTED, /* the same, and the thread was woken */
};

/* Marks: [k] LOCK_KSTACK, [q] as in struct thread, [w] sched/keeper.c's. */
struct kstack {
	struct list link; /* [k] in a list here, [w] while it is away */
	u8 *base;         /* [I] lowest address; NULL: not one of these */
	void *saved;      /* [w] content from arch.sp on, or NULL */
	u8 place;         /* [q] enum kstack_place */
};

/*
 * Prepares the area.  Returns how owners must be aligned, and they must be
 * KSTACK_OWNER_BYTES large at least.  Context: boot, once.
 */
size_t kstack_init(void);

#define KSTACK_OWNER_BYTES 256

/*
 * A stack that an ended owner left, with that owner's memory around it; NULL
 * if none is left.  Not in use yet: kstack_use().
 */
must_check struct kstack *kstack_reuse(void);

/* Gives an owner a stack of KSTACK_BYTES, of arbitrary content, as
 * kstack_reuse(); false if there is no memory. Context: does not sleep. */
must_check bool kstack_create(struct kstack *stack);

/* It is in use now. */
void kstack_use(struct kstack *stack);

/* The stack is no longer used; kstack_gone() is called now or later. */
void kstack_free(struct kstack *stack);

/* Upward call, defined by its owner: the stack is no more. */
void kstack_gone(struct kstack *stack);

/* Where its thread begins. */
static inline u64 kstack_top(const struct kstack *stack)
{
	u64 slot = (u64)stack->base / KSTACK_SLOT_BYTES;

	return (u64)stack->base + KSTACK_BYTES -
	       slot % KSTACK_COLOURS * KSTACK_COLOUR_BYTES;
}

/* Gives what is kept for later back: stacks, and page tables without any. */
void kstack_drain(void);

/* Stacks in use now, and how many of them are mapped. */
u64 kstack_in_use(void);
u64 kstack_here_count(void);

/* ---- For sched/keeper.c ------------------------------------------------- */

struct tlb_batch;

/*
 * Takes up to `count` mapped stacks that `may_go` agrees to out of those in
 * use, looking at a few, the longest here first.  Tells how many it took.
 */
u32 kstack_choose(struct kstack **chosen, u32 count,
		  bool (*may_go)(struct kstack *stack));

/* Maps fresh frames for it; false if there is no memory. */
must_check bool kstack_map(struct kstack *stack);

/* Unmaps it; the frames are free when the batch was flushed. */
void kstack_unmap(const struct kstack *stack, struct tlb_batch *batch);

/* A stack that kstack_choose() took is mapped again. */
void kstack_return(struct kstack *stack);

#endif
