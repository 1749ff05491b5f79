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

/* What a region has in memory, unless its object has the frames. */
static int pages_share(struct aspace *aspace, struct aspace *child,
		       const struct region *r)
{
	if (r->flags & (REGION_SHARED | REGION_WIPE)) {
		return 0;
	}
	return arch_share_range(&aspace->table, &child->table, r->node.key,
				r->end - r->node.key, frame_get,
				&child->resident_pages);
}

static int regions_copy(struct aspace *aspace, struct aspace *child)
{
	tree_for_each (node, &aspace->regions) {
		const struct region *r = region_of(node);
		int err;

		if (r->flags & REGION_NO_FORK) {
			continue;
		}
		err = region_add(child, r->node.key, r->end, r->flags,
				 r->source);
		err = err ? err : pages_share(aspace, child, r);
		if (err) {
			return err;
		}
	}
	return 0;
}

static int clone_locked(struct aspace *aspace, struct aspace *child)
{
	struct tlb_batch batch;
	int err;

	child->brk_start = aspace->brk_start;
	child->brk_end = aspace->brk_end;
	child->mmap_top = aspace->mmap_top;
	child->stack_max_bytes = aspace->stack_max_bytes;
	child->max_pages = aspace->max_pages;
	tlb_batch_init(&batch, aspace);
	err = regions_copy(aspace, child);
	if (child->resident_pages > 0) {
		tlb_batch_add_all(&batch);
	}
	tlb_batch_flush(&batch);
	return err;
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
