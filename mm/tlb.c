/* SPDX-License-Identifier: MIT */
/*
 * TLB batches.  With one processor the flush is local; the interface is that
 * of several, where it becomes one round of interrupts per batch.
 */
#include "mm/tlb.h"

#include "arch/paging.h"
#include "mm/aspace.h"
#include "mm/frame.h"

void tlb_batch_init(struct tlb_batch *batch, struct aspace *aspace)
{
	batch->aspace = aspace;
	batch->frame_count = 0;
	batch->page_count = 0;
}

void tlb_batch_add(struct tlb_batch *batch, u64 va, phys_t frame)
{
	if (batch->page_count == TLB_BATCH_FRAMES) {
		tlb_batch_flush(batch);
	}
	batch->pages[batch->page_count++] = va;
	if (!phys_is_none(frame)) {
		batch->frames[batch->frame_count++] = frame;
	}
}

void tlb_batch_flush(struct tlb_batch *batch)
{
	if (batch->aspace == NULL || aspace_is_loaded(batch->aspace)) {
		for (u32 i = 0; i < batch->page_count; i++) {
			arch_tlb_flush_page(batch->pages[i]);
		}
	}
	for (u32 i = 0; i < batch->frame_count; i++) {
		frame_put(batch->frames[i]);
	}
	tlb_batch_init(batch, batch->aspace);
}
