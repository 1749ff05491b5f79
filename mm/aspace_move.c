/* SPDX-License-Identifier: MIT */
/*
 * Mappings that grow, shrink and move: mremap().  A page that moves is first
 * mapped at its new place, with its frame and rights, and then taken away from
 * the old one, so that nothing is lost if memory runs out half-way.
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

static unsigned page_map_there(void *ctx, u64 va,
			       const struct page_mapping *old)
{
	struct move *move = ctx;

	if (move->err == 0) {
		move->err = arch_map_page(&move->aspace->table, va + move->by,
					  old->frame, old->prot);
	}
	return old->prot;
}

/* The frame goes on at the other place: no reference is dropped. */
static void page_forget(void *ctx, u64 va, const struct page_mapping *old)
{
	struct move *move = ctx;

	(void)old;
	tlb_batch_add(&move->batch, va, PHYS_NONE);
}

static int pages_move(struct aspace *aspace, u64 from, u64 len, u64 to)
{
	struct move move = { .aspace = aspace, .by = to - from };

	tlb_batch_init(&move.batch, aspace);
	arch_protect_range(&aspace->table, from, len, page_map_there, &move);
	arch_unmap_range(&aspace->table, move.err ? to : from, len, page_forget,
			 &move);
	tlb_batch_flush(&move.batch);
	return move.err;
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

static int move_away(struct aspace *aspace, u64 start, u64 len, u64 new_len,
		     enum aspace_move how, u64 *to)
{
	struct region_source source;
	const struct region *r;
	int err = place_find(aspace, start, len, new_len, how, to);

	err = err ? err : tables_own(aspace, start, len);
	err = err ? err : tables_own(aspace, *to, new_len);
	if (err) {
		return err;
	}
	/* It may have been split where the new place was cleared. */
	r = aspace_region(aspace, start);
	source = source_skip(r->source, start - r->node.key);
	err = region_add(aspace, *to, *to + new_len, r->flags, source);
	if (err) {
		return err;
	}
	err = pages_move(aspace, start, MIN(len, new_len), *to);
	if (err) {
		ASSERT(aspace_unmap_locked(aspace, *to, new_len) == 0);
		return err;
	}
	return aspace_unmap_locked(aspace, start, len);
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
