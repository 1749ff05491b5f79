/* SPDX-License-Identifier: MIT */
/*
 * Page faults of user memory: demand zero, pages of the boot archive in place
 * or copied, copy on write, and the growth of stacks.
 *
 * A page becomes writable when a write finds that its frame has no other
 * reference; otherwise the writer gets a copy.  Frames of the boot archive
 * never count as ours alone.
 */
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/aspace.h"
#include "mm/aspace_private.h"
#include "mm/frame.h"
#include "mm/tlb.h"
#include "trace/trace.h"

/* How far a stack may grow, and what stays free below it. */
#define STACK_MAX_BYTES (8ul << 20)
#define STACK_GAP_BYTES (64ul << 10)

static bool access_allowed(const struct region *r, const struct fault *fault)
{
	u32 wanted = fault->access & FAULT_EXEC    ? REGION_EXEC
		     : fault->access & FAULT_WRITE ? REGION_WRITE
						   : REGION_READ;

	/* x86 has no write-only and no execute-only pages. */
	return (r->flags & wanted) != 0 ||
	       (wanted == REGION_READ && (r->flags & REGION_PROT) != 0);
}

/* Extends the stack above `va` down to it, if that is what lies there. */
static struct region *stack_grow(struct aspace *aspace, u64 va)
{
	struct tree_node *above = tree_find_ge(&aspace->regions, va);
	struct tree_node *below = tree_find_le(&aspace->regions, va);
	u64 start = ALIGN_DOWN(va, PAGE_SIZE);
	struct region *r;

	if (above == NULL) {
		return NULL;
	}
	r = container_of(above, struct region, node);
	if (!(r->flags & REGION_GROWS_DOWN) || start < USER_START ||
	    r->end - start > STACK_MAX_BYTES) {
		return NULL;
	}
	if (below != NULL &&
	    container_of(below, struct region, node)->end + STACK_GAP_BYTES >
		    start) {
		return NULL;
	}
	tree_remove(&aspace->regions, above);
	aspace->mapped_pages += (above->key - start) / PAGE_SIZE;
	above->key = start;
	ASSERT(tree_insert(&aspace->regions, above));
	return r;
}

/* The bytes of the source that this page shows; 0 beyond its end. */
static u64 source_bytes(const struct region *r, u64 va)
{
	u64 offset = va - r->node.key;

	return offset < r->source.len_bytes
		       ? MIN(r->source.len_bytes - offset, PAGE_SIZE)
		       : 0;
}

/* A new frame with what the page shows at first; PHYS_NONE: no memory. */
static phys_t page_fill(const struct region *r, u64 va)
{
	u64 len = source_bytes(r, va);
	phys_t frame = len == PAGE_SIZE ? frame_alloc(0) : frame_alloc_zeroed();

	if (!phys_is_none(frame) && len > 0) {
		memcpy(phys_to_virt(frame), r->source.data + (va - r->node.key),
		       len);
	}
	return frame;
}

/* The page can be shown from where it lies. */
static bool in_place(const struct region *r, u64 va)
{
	return source_bytes(r, va) == PAGE_SIZE &&
	       IS_ALIGNED((u64)r->source.data, PAGE_SIZE);
}

static int page_missing(struct aspace *aspace, const struct region *r, u64 va,
			unsigned access)
{
	unsigned prot = region_page_prot(r);
	phys_t frame;
	int err;

	if (!(access & FAULT_WRITE) && in_place(r, va)) {
		frame = virt_to_phys(r->source.data + (va - r->node.key));
		frame_get(frame);
		prot &= ~(unsigned)PROT_PAGE_WRITE;
	} else {
		frame = page_fill(r, va);
		if (phys_is_none(frame)) {
			return -ENOMEM;
		}
	}
	err = arch_map_page(&aspace->table, va, frame, prot);
	if (err) {
		frame_put(frame);
		return err;
	}
	aspace->resident_pages++;
	return 0;
}

static int page_write(struct aspace *aspace, const struct region *r, u64 va,
		      const struct page_mapping *old)
{
	unsigned prot = region_page_prot(r);
	phys_t frame = old->frame;
	struct tlb_batch batch;

	if (frame_refs(frame) > 1) {
		frame = frame_alloc(0);
		if (phys_is_none(frame)) {
			return -ENOMEM;
		}
		memcpy(phys_to_virt(frame), phys_to_virt(old->frame),
		       PAGE_SIZE);
	}
	arch_remap_page(old, frame, prot);
	if (frame.pa == old->frame.pa) {
		/* A right was added: who does not know yet only faults. */
		arch_tlb_flush_page(va);
	} else {
		tlb_batch_init(&batch, aspace);
		tlb_batch_add(&batch, va, old->frame);
		tlb_batch_flush(&batch);
	}
	return 0;
}

/* A page is there, but not for this access, or somebody mended it. */
static int page_present(struct aspace *aspace, const struct region *r, u64 va,
			const struct fault *fault)
{
	unsigned prot = region_page_prot(r) & ~(unsigned)PROT_PAGE_WRITE;
	struct page_mapping old;

	if (!arch_query_page(&aspace->table, va, &old)) {
		return page_missing(aspace, r, va, fault->access);
	}
	if ((fault->access & FAULT_WRITE) && !(old.prot & PROT_PAGE_WRITE)) {
		return page_write(aspace, r, va, &old);
	}
	/* Mended before us, or only this TLB is behind. */
	arch_remap_page(&old, old.frame, (old.prot & PROT_PAGE_WRITE) | prot);
	arch_tlb_flush_page(va);
	return 0;
}

/* The region that the access is in, which the next one may well be in too. */
static struct region *region_find(struct aspace *aspace, u64 address)
{
	struct region *r = aspace->recent;

	if (r == NULL || address < r->node.key || address >= r->end) {
		r = aspace_region(aspace, address);
		r = r ? r : stack_grow(aspace, address);
		aspace->recent = r;
	}
	return r;
}

static int fault_locked(struct aspace *aspace, const struct fault *fault)
{
	u64 va = ALIGN_DOWN(fault->address, PAGE_SIZE);
	struct region *r = region_find(aspace, fault->address);
	int err = -EEXIST;

	if (r == NULL || !access_allowed(r, fault)) {
		return -EFAULT;
	}
	if (!(fault->access & FAULT_PRESENT)) {
		err = page_missing(aspace, r, va, fault->access);
	}
	return err == -EEXIST ? page_present(aspace, r, va, fault) : err;
}

bool aspace_fault(struct fault *fault)
{
	struct aspace *aspace = this_cpu(loaded_aspace);
	int err;

	trace(TRACE_FAULT, fault->address, fault->access);
	if (aspace == NULL || mutex_held(&aspace->mutex)) {
		return false;
	}
	mutex_lock(&aspace->mutex);
	err = fault_locked(aspace, fault);
	mutex_unlock(&aspace->mutex);
	if (err == -ENOMEM) {
		trace(TRACE_OOM, 0, 0);
		fault->no_memory = true;
	}
	return err == 0;
}
