/* SPDX-License-Identifier: MIT */
/*
 * Page faults of user memory: demand zero, pages of objects in place or
 * copied, copy on write, and the growth of stacks.
 *
 * A private page becomes writable when a write finds that its frame has no
 * other reference; otherwise the writer gets a copy.  A frame that an object
 * keeps never counts as ours alone.
 */
#include "arch/thread.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/aspace.h"
#include "mm/aspace_private.h"
#include "mm/frame.h"
#include "mm/tlb.h"
#include "trace/trace.h"

/* What stays free below a stack. */
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
	    r->end - start > READ_ONCE(aspace->stack_max_bytes) ||
	    !aspace_may_grow(aspace, above->key - start)) {
		return NULL;
	}
	if (below != NULL &&
	    container_of(below, struct region, node)->end + STACK_GAP_BYTES >
		    start) {
		return NULL;
	}
	aspace->mapped_pages += (above->key - start) / PAGE_SIZE;
	above->key = start; /* nothing lies between */
	return r;
}

/* The bytes of the object that this page shows; 0 beyond its part. */
static u64 source_bytes(const struct region *r, u64 va)
{
	u64 offset = va - r->node.key;

	return r->source.object != NULL && offset < r->source.len_bytes
		       ? MIN(r->source.len_bytes - offset, PAGE_SIZE)
		       : 0;
}

/* The object's frame for the page, with a reference. */
static int source_frame(const struct region *r, u64 va, unsigned access,
			phys_t *out)
{
	struct mem_object *object = r->source.object;
	u64 at = va - r->node.key + r->source.offset_bytes;

	return object->ops->page(object, at >> PAGE_SHIFT, access, out);
}

/*
 * Makes a frame that shows an object our own, with `len` bytes of it, if it
 * is not: a copy takes its place.
 */
static int frame_own(phys_t *frame, u64 len)
{
	phys_t from = *frame, to = from;

	if (frame_refs(from) > 1) {
		to = frame_alloc(0);
		if (!phys_is_none(to)) {
			memcpy(phys_to_virt(to), phys_to_virt(from), len);
		}
		frame_put(from);
		if (phys_is_none(to)) {
			return -ENOMEM;
		}
	}
	memset((u8 *)phys_to_virt(to) + len, 0, PAGE_SIZE - len);
	*frame = to;
	return 0;
}

/* The frame for a page of zeroes or of an object, and how to map it. */
static int page_frame(const struct region *r, u64 va, unsigned access,
		      phys_t *frame, unsigned *prot)
{
	u64 len = source_bytes(r, va);
	bool write = (access & FAULT_WRITE) != 0;
	int err;

	*prot = region_page_prot(r);
	if (len == 0) {
		*frame = frame_alloc_zeroed();
		return phys_is_none(*frame) ? -ENOMEM : 0;
	}
	if (r->flags & REGION_SHARED) {
		return source_frame(r, va,
				    OBJECT_SHARED | (write ? OBJECT_WRITE : 0),
				    frame);
	}
	if (!write) {
		*prot &= ~(unsigned)PROT_PAGE_WRITE;
	}
	err = source_frame(r, va, 0, frame);
	if (err == 0 && (write || len < PAGE_SIZE)) {
		err = frame_own(frame, len);
	}
	return err;
}

/* Errors: as arch_map_page(), but -EBUSY. */
static int page_enter(struct aspace *aspace, u64 va, phys_t frame,
		      unsigned prot)
{
	int err = arch_map_page(&aspace->table, va, frame, prot);

	if (err == -EBUSY) {
		err = table_own(aspace, va);
		err = err ? err
			  : arch_map_page(&aspace->table, va, frame, prot);
	}
	return err;
}

/* As page_enter(); takes the reference in any case. */
static int page_add(struct aspace *aspace, u64 va, phys_t frame, unsigned prot)
{
	int err = page_enter(aspace, va, frame, prot);

	if (err) {
		frame_put(frame);
		return err;
	}
	aspace->resident_pages++;
	return 0;
}

static int page_missing(struct aspace *aspace, const struct region *r, u64 va,
			unsigned access)
{
	phys_t frame;
	unsigned prot;
	int err = page_frame(r, va, access, &frame, &prot);

	return err ? err : page_add(aspace, va, frame, prot);
}

int page_give(struct aspace *aspace, u64 va, phys_t frame)
{
	return page_add(aspace, va, frame, PROT_PAGE_WRITE | PROT_PAGE_USER);
}

static int page_write(struct aspace *aspace, const struct region *r, u64 va,
		      const struct page_mapping *old)
{
	unsigned prot = region_page_prot(r);
	phys_t frame = old->frame;
	struct tlb_batch batch;

	if (!(r->flags & REGION_SHARED) && frame_refs(frame) > 1) {
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
	if (old.shared) {
		int err = table_own(aspace, va);

		return err ? err : -EAGAIN;
	}
	if ((fault->access & FAULT_WRITE) && !(old.prot & PROT_PAGE_WRITE)) {
		return page_write(aspace, r, va, &old);
	}
	/* Mended before us, or only this TLB is behind. */
	arch_remap_page(&old, old.frame, (old.prot & PROT_PAGE_WRITE) | prot);
	arch_tlb_flush_page(va);
	return 0;
}

int page_own(struct aspace *aspace, u64 va, phys_t *frame)
{
	const struct fault write = { .address = va, .access = FAULT_WRITE };
	const struct region *r = aspace_region(aspace, va);
	struct page_mapping page;
	int err = -EAGAIN;

	if (r == NULL) {
		return -EFAULT;
	}
	if (r->flags & REGION_SHARED) {
		return -EINVAL;
	}
	if (!(r->flags & REGION_WRITE)) {
		return -EACCES;
	}
	while (err == -EAGAIN) {
		err = page_present(aspace, r, va, &write);
	}
	if (err == 0) {
		ASSERT(arch_query_page(&aspace->table, va, &page));
		*frame = page.frame;
		err = frame_refs(page.frame) == 1 ? 0 : -EBUSY;
	}
	return err;
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

static int fault_locked(struct aspace *aspace, struct fault *fault)
{
	u64 va = ALIGN_DOWN(fault->address, PAGE_SIZE);
	struct region *r = region_find(aspace, fault->address);
	int err = -EEXIST;

	if (r == NULL || !access_allowed(r, fault)) {
		fault->unmapped = r == NULL;
		return -EFAULT;
	}
	if (!(fault->access & FAULT_PRESENT)) {
		err = page_missing(aspace, r, va, fault->access);
	}
	while (err == -EEXIST || err == -EAGAIN) {
		err = page_present(aspace, r, va, fault);
	}
	return err;
}

/* As for a program's access, to one page after the other. */
static int populate_locked(struct aspace *aspace, u64 va, u64 end)
{
	for (; va < end; va += PAGE_SIZE) {
		const struct region *r = aspace_region(aspace, va);
		struct page_mapping old;
		int err;

		if (r == NULL) {
			return -ENOMEM;
		}
		if (!(r->flags & REGION_PROT) ||
		    arch_query_page(&aspace->table, va, &old)) {
			continue;
		}
		err = page_missing(aspace, r, va,
				   r->flags & REGION_WRITE ? FAULT_WRITE : 0);
		if (err) {
			return err;
		}
	}
	return 0;
}

int aspace_populate(struct aspace *aspace, u64 start, u64 len_bytes)
{
	if (!range_ok(start, len_bytes)) {
		return -EINVAL;
	}
	WITH_MUTEX (&aspace->mutex) {
		return populate_locked(aspace, start, start + len_bytes);
	}
	return 0;
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
	if (likely(err == 0)) {
		arch_current()->faults++;
		return true;
	}
	if (err == -ENOMEM) {
		trace(TRACE_OOM, 0, 0);
	}
	fault->no_memory = err == -ENOMEM;
	fault->behind_end = err == -ENXIO;
	return false;
}
