/* SPDX-License-Identifier: MIT */
/*
 * What the files of address spaces share.
 */
#ifndef EXO_MM_ASPACE_PRIVATE_H
#define EXO_MM_ASPACE_PRIVATE_H

#include "mm/aspace.h"

/* ---- Regions: mm/region.c.  The mutex is held. --------------------------- */

static inline struct region *region_of(struct tree_node *node)
{
	return node ? container_of(node, struct region, node) : NULL;
}

static inline struct region *region_next(const struct region *r)
{
	return region_of(tree_next(&r->node));
}

/* The region that holds `va`, or NULL. */
struct region *aspace_region(const struct aspace *aspace, u64 va);

/* The first region that ends above `va`. */
struct region *region_from(const struct aspace *aspace, u64 va);

/* The last region that begins below `end`, NULL: none. */
struct region *region_before(const struct aspace *aspace, u64 end);

/* True if nothing is mapped there; true if it lies in user space. */
bool range_free(const struct aspace *aspace, u64 start, u64 end);
bool range_ok(u64 start, u64 len_bytes);

/*
 * Maps a range, as part of its neighbours where these are the same.
 * Errors: -EEXIST where something is mapped, -ENOMEM.
 */
must_check int region_enter(struct aspace *aspace, u64 start, u64 end,
			    u32 flags, struct region_source source);

/*
 * A region like that one, to be joined later, next behind `before` (NULL: as
 * the first), where nothing is mapped.  NULL: no memory.
 */
must_check struct region *region_insert(struct aspace *aspace,
					struct region *before,
					const struct region *like);

/*
 * Makes both borders between regions, until regions_join(), or none of them.
 * Errors: -ENOMEM.
 */
must_check int regions_split(struct aspace *aspace, u64 start, u64 end);

/* Those that touch in [start, end] become one where they can. */
void regions_join(struct aspace *aspace, u64 start, u64 end);

/*
 * Clears and sets flags of what is mapped in the range, all or nothing; `r` is
 * the first that ends in it or behind, or NULL.  Errors: -ENOMEM.
 */
must_check int regions_change(struct aspace *aspace, struct region *r,
			      u64 start, u64 end, u32 clear, u32 set);

/*
 * Nothing is mapped in the range any more; true if there was something.
 * Errors: -ENOMEM, and nothing has changed: to make a hole takes a region.
 */
must_check int regions_remove(struct aspace *aspace, u64 start, u64 end);

/* The space ends: so do all of them. */
void regions_end(struct aspace *aspace);

/* True if so much more may be mapped. */
static inline bool aspace_may_grow(const struct aspace *aspace, u64 len_bytes)
{
	u64 max = READ_ONCE(aspace->max_pages);

	return aspace->mapped_pages <= max &&
	       len_bytes / PAGE_SIZE <= max - aspace->mapped_pages;
}

/*
 * The page tables of the range, or of the page, are nobody else's from then on.
 * Errors: -ENOMEM.
 */
must_check int tables_own_shared(struct aspace *aspace, u64 start,
				 u64 len_bytes);
must_check static inline int tables_own(struct aspace *aspace, u64 start,
					u64 len_bytes)
{
	return aspace->tables_shared
		       ? tables_own_shared(aspace, start, len_bytes)
		       : 0;
}
must_check int table_own(struct aspace *aspace, u64 va);

/* Takes the pages of a range away, after tables_own(), their frames with them.
 */
void pages_unmap(struct aspace *aspace, u64 start, u64 len_bytes);

/* The most that rights of regions (REGION_PROT) allow: enum page_prot. */
static inline unsigned page_prot_of(u32 flags)
{
	unsigned prot = flags & (REGION_WRITE | REGION_EXEC);

	prot |= flags & REGION_PROT ? 0 : PROT_PAGE_HIDDEN;
	return prot | PROT_PAGE_USER;
}

/* The most that a page of the region may be allowed. */
static inline unsigned region_page_prot(const struct region *region)
{
	return page_prot_of(region->flags);
}

/*
 * The page is there, may be written and shares its frame with nobody, as after
 * a write.  Errors: -EFAULT for a gap, -EINVAL for shared memory, -EACCES,
 * -EBUSY, -ENOMEM, -ENXIO behind an object's end.
 */
must_check int page_own(struct aspace *aspace, u64 va, phys_t *frame);

/*
 * Maps a frame, whose reference it takes in any case, where none is in plain
 * memory.  Errors: -ENOMEM.
 */
must_check int page_give(struct aspace *aspace, u64 va, phys_t frame);

#endif
