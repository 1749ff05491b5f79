/* SPDX-License-Identifier: MIT */
/*
 * What mm/aspace.c and mm/fault.c share.
 */
#ifndef EXO_MM_ASPACE_PRIVATE_H
#define EXO_MM_ASPACE_PRIVATE_H

#include "mm/aspace.h"

static inline struct region *region_of(struct tree_node *node)
{
	return node ? container_of(node, struct region, node) : NULL;
}

/* The first region that ends above `va`. The mutex is held. */
struct region *region_from(const struct aspace *aspace, u64 va);

/* The last region that begins below `end`, NULL: none. The mutex is held. */
struct region *region_before(const struct aspace *aspace, u64 end);

/* Puts a region where none is. Errors: -ENOMEM, -EEXIST. */
must_check int region_add(struct aspace *aspace, u64 start, u64 end, u32 flags,
			  struct region_source source);

/*
 * Another space's region, above `last`, the highest one (NULL: there is none).
 * NULL: no memory.
 */
must_check struct region *region_append(struct aspace *aspace,
					struct region *last,
					const struct region *like);

/* True if so much more may be mapped. */
static inline bool aspace_may_grow(const struct aspace *aspace, u64 len_bytes)
{
	u64 max = READ_ONCE(aspace->max_pages);

	return aspace->mapped_pages <= max &&
	       len_bytes / PAGE_SIZE <= max - aspace->mapped_pages;
}

/* What `source` shows from `skip` bytes on. */
struct region_source source_skip(struct region_source source, u64 skip);

/*
 * The page tables of the range, or of the page, are nobody else's from then on.
 * Errors: -ENOMEM.
 */
must_check int tables_own(struct aspace *aspace, u64 start, u64 len_bytes);
must_check int table_own(struct aspace *aspace, u64 va);

/* Takes the pages of a range away, after tables_own(), their frames with them.
 */
void pages_unmap(struct aspace *aspace, u64 start, u64 len_bytes);

/* True if nothing is mapped there; true if it lies in user space. */
bool range_free(const struct aspace *aspace, u64 start, u64 end);
bool range_ok(u64 start, u64 len_bytes);

/* Makes `at` a border between regions. Errors: -ENOMEM. */
must_check int region_split(struct aspace *aspace, u64 at);

/* The region that holds `va`, or NULL. The mutex is held. */
struct region *aspace_region(const struct aspace *aspace, u64 va);

/* The most that a page of the region may be allowed: enum page_prot. */
static inline unsigned region_page_prot(const struct region *region)
{
	unsigned prot = region->flags & (REGION_WRITE | REGION_EXEC);

	prot |= region->flags & REGION_PROT ? 0 : PROT_PAGE_HIDDEN;
	return prot | PROT_PAGE_USER;
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
