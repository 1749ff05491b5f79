/* SPDX-License-Identifier: MIT */
/*
 * Taking mappings away.  A frame that was mapped may be in use through a TLB
 * entry until every processor that could hold one has forgotten it; a batch
 * collects what one operation unmaps, flushes once, and only then drops the
 * references.
 */
#ifndef EXO_MM_TLB_H
#define EXO_MM_TLB_H

#include "lib/types.h"

#define TLB_BATCH_FRAMES 16

struct aspace;

struct tlb_batch {
	struct aspace *aspace; /* NULL: kernel space */
	u32 frame_count;
	u32 page_count; /* pages to flush ... */
	bool all;       /* ... or all of user space */
	phys_t frames[TLB_BATCH_FRAMES];
	u64 pages[TLB_BATCH_FRAMES];
};

void tlb_batch_init(struct tlb_batch *batch, struct aspace *aspace);

/*
 * The page at `va` was unmapped and its reference to `frame` is ours to drop
 * (PHYS_NONE: only the right to write was taken).  May flush.
 */
void tlb_batch_add(struct tlb_batch *batch, u64 va, phys_t frame);

/* Rights of many pages were taken: all of user space is to be forgotten. */
void tlb_batch_add_all(struct tlb_batch *batch);

/*
 * No processor reaches the frames any more; they are released.  Context:
 * thread, or wherever the batch's table may be changed; interrupts may be off.
 */
void tlb_batch_flush(struct tlb_batch *batch);

/*
 * Pages of the range lost rights: no processor knows of these any more when
 * this returns.  Context: as tlb_batch_flush().
 */
void tlb_flush_range(struct aspace *aspace, u64 start, u64 len_bytes);

/* Every processor gives the address space up, which ends. Context: thread. */
void tlb_evict(struct aspace *aspace);

/*
 * This processor answers from now on; it keeps no page from before.
 * Context: boot, each processor, before anything else.
 */
void tlb_listen(void);

/* Takes over the flush interrupt; calls tlb_listen(). Context: boot,
 * once. Errors: -EBUSY. */
must_check int tlb_start(void);

#endif
