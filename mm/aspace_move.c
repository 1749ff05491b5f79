/* SPDX-License-Identifier: MIT */
/*
 * Mappings that grow, shrink and move: mremap().  A page that moves keeps its
 * frame and rights.  If there is no memory for a table half-way, all go back to
 * where their tables still are, so that nothing is lost.
 */
#include "lib/assert.h"
#include "lib/errno.h"
#include "mm/aspace.h"
#include "mm/aspace_private.h"
#include "mm/frame.h"
#include "mm/tlb.h"

struct move {
	struct aspace *aspace;
	u64 by; /* what is added to addresses */
	int err;
	struct tlb_batch batch;
};

/* The frame goes on at the other place, or stays: no reference is dropped. */
static void page_move(void *ctx, u64 va, const struct page_mapping *old)
{
	struct move *move = ctx;
	struct page_table *table = &move->aspace->table;

	if (move->err == 0) {
		move->err = arch_map_page(table, va + move->by, old->frame,
					  old->prot);
		tlb_batch_add(&move->batch, va, PHYS_NONE);
	}
	if (move->err) {
		/* The table is still there. */
		int err = arch_map_page(table, va, old->frame, old->prot);

		ASSERT(err == 0);
	}
}

static int pages_move(struct aspace *aspace, u64 from, u64 len, u64 to)
{
	struct move move = { .aspace = aspace, .by = to - from };
	int err;

	tlb_batch_init(&move.batch, aspace);
	arch_unmap_range(&aspace->table, from, len, page_move, &move);
	err = move.err;
	if (err) {
		move.by = from - to;
		move.err = 0;
		arch_unmap_range(&aspace->table, to, len, page_move, &move);
	}
	tlb_batch_flush(&move.batch);
	return err;
}

/* Lengthens the region that ends at `end` if there is room behind. */
static bool grow_in_place(struct aspace *aspace, struct region *r, u64 end,
			  u64 by)
{
	if (r->end != end || by > USER_END - end ||
	    !range_free(aspace, end, end + by)) {
		return false;
	}
	r->end = end + by;
	aspace->mapped_pages += by / PAGE_SIZE;
	regions_join(aspace, r->end, r->end);
	return true;
}

static int place_find(struct aspace *aspace, u64 start, u64 len, u64 new_len,
		      enum aspace_move how, u64 *to)
{
	if (how != MOVE_FIXED) {
		*to = aspace_find_free_locked(aspace, new_len,
					      aspace->mmap_top);
		return *to ? 0 : -ENOMEM;
	}
	if (!range_ok(*to, new_len) ||
	    (*to < start + len && start < *to + new_len)) {
		return -EINVAL;
	}
	return aspace_unmap_locked(aspace, *to, new_len);
}

/* Borders stand around the old place, and the tables are nobody else's. */
static int move_between(struct aspace *aspace, u64 start, u64 len, u64 new_len,
			u64 to)
{
	struct region there = *aspace_region(aspace, start);
	int err, left;

	there.node.key = to;
	there.end = to + new_len;
	if (region_insert(aspace, region_before(aspace, to), &there) == NULL) {
		return -ENOMEM;
	}
	err = pages_move(aspace, start, MIN(len, new_len), to);
	/* Whole regions go, with tables of ours: that takes no memory. */
	left = err ? aspace_unmap_locked(aspace, to, new_len)
		   : aspace_unmap_locked(aspace, start, len);
	ASSERT(left == 0);
	return err;
}

static int move_away(struct aspace *aspace, u64 start, u64 len, u64 new_len,
		     enum aspace_move how, u64 *to)
{
	int err = place_find(aspace, start, len, new_len, how, to);

	err = err ? err : tables_own(aspace, start, len);
	err = err ? err : tables_own(aspace, *to, new_len);
	err = err ? err : regions_split(aspace, start, start + len);
	if (err) {
		return err;
	}
	err = move_between(aspace, start, len, new_len, *to);
	regions_join(aspace, start, start + len);
	regions_join(aspace, *to, *to + new_len);
	return err;
}

static int move_locked(struct aspace *aspace, u64 start, u64 len, u64 new_len,
		       enum aspace_move how, u64 *to)
{
	struct region *r = aspace_region(aspace, start);

	if (r == NULL || r->end < start + len) {
		return -EFAULT;
	}
	if (how == MOVE_FIXED) {
		return move_away(aspace, start, len, new_len, how, to);
	}
	*to = start;
	if (new_len <= len) {
		return new_len == len
			       ? 0
			       : aspace_unmap_locked(aspace, start + new_len,
						     len - new_len);
	}
	if (!aspace_may_grow(aspace, new_len - len)) {
		return -ENOMEM;
	}
	if (grow_in_place(aspace, r, start + len, new_len - len)) {
		return 0;
	}
	return how == MOVE_NEVER
		       ? -ENOMEM
		       : move_away(aspace, start, len, new_len, how, to);
}

int aspace_move(struct aspace *aspace, u64 start, u64 len_bytes,
		u64 new_len_bytes, enum aspace_move how, u64 *to)
{
	if (!range_ok(start, len_bytes)) {
		return -EFAULT;
	}
	if (new_len_bytes > USER_END - USER_START) {
		return -ENOMEM;
	}
	WITH_MUTEX (&aspace->mutex) {
		return move_locked(aspace, start, len_bytes, new_len_bytes, how,
				   to);
	}
	return 0;
}
