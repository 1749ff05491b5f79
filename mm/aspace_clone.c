/* SPDX-License-Identifier: MIT */
/*
 * Copies of address spaces, for fork: both sides keep the frames, and neither
 * the right to write to them.  mm/fault.c does the rest.  Page tables full
 * enough are shared themselves until one side changes what they map.
 */
#include "lib/errno.h"
#include "mm/aspace.h"
#include "mm/aspace_private.h"
#include "mm/frame.h"
#include "mm/tlb.h"

int table_own(struct aspace *aspace, u64 va)
{
	struct tlb_batch batch;
	phys_t old;
	int err = arch_own_table(&aspace->table, va, frame_get, &old);

	if (err == 0 && !phys_is_none(old)) {
		/* Its pages are where they were; the way to them is not. */
		tlb_batch_init(&batch, aspace);
		tlb_batch_add(&batch, va, PHYS_NONE);
		tlb_batch_flush(&batch);
		arch_drop_table(old, frame_put);
	}
	return err;
}

int tables_own_shared(struct aspace *aspace, u64 start, u64 len_bytes)
{
	u64 end = start + len_bytes;
	int err = 0;

	while (err == 0 && arch_find_shared(&aspace->table, &start, end)) {
		err = table_own(aspace, start - 1);
	}
	return err;
}

/* Neighbours whose pages may stand in one table, all to be shared. */
struct run {
	u64 start;
	u64 end; /* 0: there is none */
};

static int run_share(struct aspace *aspace, struct aspace *child,
		     const struct run *run)
{
	int tables = arch_share_range(&aspace->table, &child->table, run->start,
				      run->end - run->start, frame_get,
				      &child->resident_pages);

	if (tables > 0) {
		aspace->tables_shared = child->tables_shared = true;
	}
	return MIN(tables, 0);
}

/* The pages of the region are shared with the run's or follow as another. */
static int run_add(struct aspace *aspace, struct aspace *child, struct run *run,
		   const struct region *r)
{
	int err = 0;

	if (r->node.key > ALIGN_UP(run->end, PAGING_TABLE_BYTES)) {
		err = run_share(aspace, child, run);
		run->end = 0;
	}
	run->start = run->end ? run->start : r->node.key;
	run->end = r->end;
	return err;
}

/* Those that an object has, or that the child has not, are left out. */
static int regions_copy(struct aspace *aspace, struct aspace *child)
{
	const u32 apart = REGION_SHARED | REGION_WIPE | REGION_NO_FORK;
	struct run run = { 0, 0 };
	struct region *last = NULL;
	int err = 0;

	tree_for_each (node, &aspace->regions) {
		const struct region *r = region_of(node);

		if (!(r->flags & REGION_NO_FORK)) {
			last = region_insert(child, last, r);
			if (last == NULL) {
				return -ENOMEM;
			}
		}
		if (!(r->flags & apart)) {
			err = run_add(aspace, child, &run, r);
		} else {
			err = run_share(aspace, child, &run);
			run.end = run.start = 0;
		}
		if (err) {
			return err;
		}
	}
	return run_share(aspace, child, &run);
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
