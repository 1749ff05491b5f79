/* SPDX-License-Identifier: MIT */
/*
 * Copies of address spaces, for fork: both sides keep the frames, and neither
 * the right to write to them.  mm/fault.c does the rest.
 */
#include "lib/errno.h"
#include "mm/aspace.h"
#include "mm/aspace_private.h"
#include "mm/frame.h"
#include "mm/tlb.h"

struct clone {
	struct aspace *child;
	struct tlb_batch batch;
	int err;
};

/* Shares one page with the child; the parent loses the right to write. */
static unsigned page_share(void *ctx, u64 va, const struct page_mapping *old)
{
	struct clone *clone = ctx;
	unsigned prot = old->prot & ~(unsigned)PROT_PAGE_WRITE;

	/* The pages that could not be shared stay as they were. */
	if (clone->err) {
		return old->prot;
	}
	clone->err = arch_map_page(&clone->child->table, va, old->frame, prot);
	if (clone->err) {
		return old->prot;
	}
	frame_get(old->frame);
	clone->child->resident_pages++;
	if (old->prot & PROT_PAGE_WRITE) {
		tlb_batch_add(&clone->batch, va, PHYS_NONE);
	}
	return prot;
}

static int clone_locked(struct aspace *aspace, struct aspace *child)
{
	struct clone clone = { .child = child };

	child->brk_start = aspace->brk_start;
	child->brk_end = aspace->brk_end;
	child->mmap_top = aspace->mmap_top;
	child->stack_max_bytes = aspace->stack_max_bytes;
	child->max_pages = aspace->max_pages;
	tlb_batch_init(&clone.batch, aspace);
	tree_for_each (node, &aspace->regions) {
		const struct region *r = region_of(node);

		if (r->flags & REGION_NO_FORK) {
			continue;
		}
		clone.err = region_add(child, r->node.key, r->end, r->flags,
				       r->source);
		if (clone.err) {
			break;
		}
		/* The object of a shared region has its frames. */
		if (r->flags & (REGION_SHARED | REGION_WIPE)) {
			continue;
		}
		arch_protect_range(&aspace->table, r->node.key,
				   r->end - r->node.key, page_share, &clone);
	}
	tlb_batch_flush(&clone.batch);
	return clone.err;
}

struct aspace *aspace_clone(struct aspace *aspace)
{
	struct aspace *child = aspace_create();
	int err;

	if (child == NULL) {
		return NULL;
	}
	mutex_lock(&aspace->mutex);
	err = clone_locked(aspace, child);
	mutex_unlock(&aspace->mutex);
	if (err) {
		aspace_put(child);
		return NULL;
	}
	return child;
}
