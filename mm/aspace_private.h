/* SPDX-License-Identifier: MIT */
/*
 * What mm/aspace.c and mm/fault.c share.
 */
#ifndef EXO_MM_ASPACE_PRIVATE_H
#define EXO_MM_ASPACE_PRIVATE_H

#include "mm/aspace.h"

/* [c] Whose page table this processor has, NULL: only kernel space. */
extern percpu struct aspace *loaded_aspace;

/* The region that holds `va`, or NULL. The mutex is held. */
struct region *aspace_region(const struct aspace *aspace, u64 va);

/* The most that a page of the region may be allowed: enum page_prot. */
static inline unsigned region_page_prot(const struct region *region)
{
	unsigned prot = region->flags & (REGION_WRITE | REGION_EXEC);

	prot |= region->flags & REGION_PROT ? 0 : PROT_PAGE_HIDDEN;
	return prot | PROT_PAGE_USER;
}

#endif
