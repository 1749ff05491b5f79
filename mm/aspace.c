/* SPDX-License-Identifier: MIT */
/*
 * Address spaces: their table, and the life of a space.  Their regions are in
 * mm/region.c, copying in mm/aspace_clone.c, and what happens when a page is
 * touched in mm/fault.c.
 *
 * I1  Regions do not overlap, are whole pages and lie in user space.
 * I2  Every mapped page lies in a region, and a page is mapped writable only
 *     if its region is and, unless that is shared, neither its frame nor its
 *     table has another reference.
 * I3  Each mapped page holds one reference to its frame; those of a shared
 *     table hold one together.
 */
#include "mm/aspace.h"

#include "arch/cpu.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "mm/aspace_private.h"
#include "mm/frame.h"
#include "mm/kmem.h"
#include "mm/tlb.h"

/* Until somebody says otherwise. */
#define STACK_MAX_BYTES (8ul << 20)

percpu struct aspace *loaded_aspace;

struct aspace *aspace_create(void)
{
	struct aspace *aspace = kzalloc(sizeof(*aspace));

	if (aspace == NULL) {
		return NULL;
	}
	if (arch_table_create(&aspace->table) != 0) {
		kfree(aspace);
		return NULL;
	}
	mutex_init(&aspace->mutex, LOCK_ASPACE);
	aspace->refs = 1;
	aspace->stack_max_bytes = STACK_MAX_BYTES;
	aspace->max_pages = UINT64_MAX;
	return aspace;
}

struct aspace *aspace_get(struct aspace *aspace)
{
	__atomic_fetch_add(&aspace->refs, 1, __ATOMIC_RELAXED);
	return aspace;
}

int aspace_map_locked(struct aspace *aspace, u64 start, u64 len_bytes,
		      unsigned flags, struct region_source source)
{
	DEBUG_ASSERT(mutex_held(&aspace->mutex));
	return range_ok(start, len_bytes)
		       ? region_enter(aspace, start, start + len_bytes, flags,
				      source)
		       : -EINVAL;
}

int aspace_map(struct aspace *aspace, u64 start, u64 len_bytes, unsigned flags,
	       struct region_source source)
{
	WITH_MUTEX (&aspace->mutex) {
		return aspace_map_locked(aspace, start, len_bytes, flags,
					 source);
	}
	return 0;
}

struct unmap {
	u64 page_count;
	struct tlb_batch batch;
};

static void page_gone(void *ctx, u64 va, const struct page_mapping *old)
{
	struct unmap *unmap = ctx;

	unmap->page_count++;
	tlb_batch_add(&unmap->batch, va, old->frame);
}

void pages_unmap(struct aspace *aspace, u64 start, u64 len_bytes)
{
	struct unmap unmap;

	unmap.page_count = 0;
	tlb_batch_init(&unmap.batch, aspace);
	arch_unmap_range(&aspace->table, start, len_bytes, page_gone, &unmap);
	tlb_batch_flush(&unmap.batch);
	if (unmap.page_count > 0) {
		aspace->peak_pages = aspace_peak(aspace);
		aspace->resident_pages -= unmap.page_count;
	}
}

int aspace_unmap_locked(struct aspace *aspace, u64 start, u64 len_bytes)
{
	int found;

	DEBUG_ASSERT(mutex_held(&aspace->mutex));
	if (!range_ok(start, len_bytes)) {
		return -EINVAL;
	}
	found = tables_own(aspace, start, len_bytes);
	found = found ? found
		      : regions_remove(aspace, start, start + len_bytes);
	if (found > 0) {
		pages_unmap(aspace, start, len_bytes);
	}
	return MIN(found, 0);
}

int aspace_unmap(struct aspace *aspace, u64 start, u64 len_bytes)
{
	WITH_MUTEX (&aspace->mutex) {
		return aspace_unmap_locked(aspace, start, len_bytes);
	}
	return 0;
}

/* How rights differ from what they are to be. */
struct difference {
	u32 regions; /* REGION_PROT */
	u32 pages;   /* enum page_prot, of the most that these may be allowed */
};

/*
 * Compares the regions from `r` on.  Errors: -ENOMEM for a gap, -EACCES where
 * `prot` may not be given.
 */
static int protect_check(const struct region *r, u64 end, unsigned prot,
			 struct difference *out)
{
	u64 at;

	do {
		if (r == NULL) {
			return -ENOMEM;
		}
		if ((prot & REGION_WRITE) && (r->flags & REGION_READ_ONLY)) {
			return -EACCES;
		}
		out->regions |= (r->flags & REGION_PROT) ^ prot;
		out->pages |= region_page_prot(r) ^ page_prot_of(prot);
		at = r->end;
	} while (at < end && (r = region_next(r), r && r->node.key == at));
	return at < end ? -ENOMEM : 0;
}

/*
 * The right to write is not given to pages here: the next fault decides (I2).
 * So they need not be looked at where only that one is added.
 */
static int protect_locked(struct aspace *aspace, u64 start, u64 end,
			  unsigned prot)
{
	struct region *first = aspace_region(aspace, start);
	struct difference differ = { 0, 0 };
	int err = protect_check(first, end, prot, &differ);

	differ.pages &= ~(prot & PROT_PAGE_WRITE);
	if (err == 0 && differ.pages != 0) {
		err = tables_own(aspace, start, end - start);
	}
	if (err == 0 && differ.regions != 0) {
		err = regions_change(aspace, first, start, end, REGION_PROT,
				     prot);
	}
	if (err == 0 && differ.pages != 0 &&
	    arch_protect_range(&aspace->table, start, end - start,
			       page_prot_of(prot))) {
		tlb_flush_range(aspace, start, end - start);
	}
	return err;
}

int aspace_protect(struct aspace *aspace, u64 start, u64 len_bytes,
		   unsigned prot)
{
	if (!range_ok(start, len_bytes)) {
		return -EINVAL;
	}
	WITH_MUTEX (&aspace->mutex) {
		return protect_locked(aspace, start, start + len_bytes, prot);
	}
	return 0;
}

bool aspace_is_free_locked(const struct aspace *aspace, u64 start,
			   u64 len_bytes)
{
	return range_ok(start, len_bytes) &&
	       range_free(aspace, start, start + len_bytes);
}

u64 aspace_find_free_locked(const struct aspace *aspace, u64 len_bytes,
			    u64 below)
{
	u64 top = MIN(below, USER_END);
	struct region *r = region_before(aspace, top);

	DEBUG_ASSERT(mutex_held(&aspace->mutex));
	for (; r != NULL; r = region_of(tree_prev(&r->node))) {
		if (r->end <= top && top - r->end >= len_bytes) {
			break;
		}
		top = MIN(top, r->node.key);
	}
	if (top < USER_START || top - USER_START < len_bytes) {
		return 0;
	}
	return top - len_bytes;
}

void aspace_put(struct aspace *aspace)
{
	u64 pages;

	if (__atomic_fetch_sub(&aspace->refs, 1, __ATOMIC_ACQ_REL) != 1) {
		return;
	}
	tlb_evict(aspace);
	/* No processor has the table: nobody needs to be asked. */
	pages = arch_table_destroy(&aspace->table, frame_put);
	ASSERT(pages == aspace->resident_pages);
	regions_end(aspace);
	kfree(aspace);
}

struct mem_object *aspace_shared(struct aspace *aspace, u64 va,
				 u64 *offset_bytes)
{
	WITH_MUTEX (&aspace->mutex) {
		const struct region *r = aspace_region(aspace, va);

		if (r != NULL && (r->flags & REGION_SHARED)) {
			*offset_bytes =
				va - r->node.key + r->source.offset_bytes;
			return mem_object_get(r->source.object);
		}
	}
	return NULL;
}

bool aspace_is_loaded(const struct aspace *aspace)
{
	return this_cpu(loaded_aspace) == aspace;
}

void aspace_leave(void)
{
	u64 flags = arch_irq_save();
	struct aspace *old = this_cpu(loaded_aspace);

	this_cpu(loaded_aspace) = NULL;
	arch_table_load(&kernel_page_table);
	if (old != NULL) {
		aspace_left_(old, 1ull << cpu_id());
	}
	arch_irq_restore(flags);
}

phys_t arch_table_frame_alloc(void)
{
	phys_t frame = frame_alloc_zeroed();

	if (!phys_is_none(frame)) {
		frame_page(frame)->table_entries = 0;
		frame_page(frame)->table_lines = 0;
	}
	return frame;
}

void arch_table_frame_free(phys_t frame)
{
	frame_page(frame)->table_entries = 0;
	frame_free_zeroed(frame);
}
