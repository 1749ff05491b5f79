/* SPDX-License-Identifier: MIT */
/*
 * Address spaces: regions, their table, and the life of a space.  What happens
 * when a page is touched is in mm/fault.c, copying in mm/aspace_clone.c.
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

static struct kmem_cache *region_cache;

percpu struct aspace *loaded_aspace;

void aspace_init(void)
{
	region_cache = kmem_cache_create("region", sizeof(struct region), 8);
	ASSERT(region_cache != NULL);
}

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

struct region *aspace_region(const struct aspace *aspace, u64 va)
{
	struct region *r = region_of(tree_find_le(&aspace->regions, va));

	return r && va < r->end ? r : NULL;
}

struct region *region_from(const struct aspace *aspace, u64 va)
{
	struct region *r = aspace_region(aspace, va);

	return r ? r : region_of(tree_find_ge(&aspace->regions, va));
}

bool range_ok(u64 start, u64 len_bytes)
{
	return IS_ALIGNED(start | len_bytes, PAGE_SIZE) && len_bytes > 0 &&
	       start >= USER_START && start < USER_END &&
	       len_bytes <= USER_END - start;
}

struct region *region_before(const struct aspace *aspace, u64 end)
{
	return region_of(tree_find_le(&aspace->regions, end - 1));
}

bool range_free(const struct aspace *aspace, u64 start, u64 end)
{
	const struct region *r = region_before(aspace, end);

	return r == NULL || r->end <= start;
}

struct region_source source_skip(struct region_source source, u64 skip)
{
	if (skip >= source.len_bytes) {
		return REGION_ZEROES;
	}
	source.offset_bytes += skip;
	source.len_bytes -= skip;
	return source;
}

int region_add(struct aspace *aspace, u64 start, u64 end, u32 flags,
	       struct region_source source)
{
	struct region *r = kmem_cache_alloc(region_cache);

	if (r == NULL) {
		return -ENOMEM;
	}
	*r = (struct region){
		.node.key = start, .end = end, .flags = flags, .source = source
	};
	if (!tree_insert(&aspace->regions, &r->node)) {
		kmem_cache_free(region_cache, r);
		return -EEXIST;
	}
	mem_object_get(source.object);
	aspace->mapped_pages += (end - start) / PAGE_SIZE;
	return 0;
}

struct region *region_append(struct aspace *aspace, struct region *last,
			     const struct region *like)
{
	struct region *r = kmem_cache_alloc(region_cache);

	if (r == NULL) {
		return NULL;
	}
	*r = *like;
	tree_append(&aspace->regions, last ? &last->node : NULL, &r->node);
	mem_object_get(r->source.object);
	aspace->mapped_pages += (r->end - r->node.key) / PAGE_SIZE;
	return r;
}

static void region_free(struct region *r)
{
	mem_object_put(r->source.object);
	kmem_cache_free(region_cache, r);
}

static void region_drop(struct aspace *aspace, struct region *r)
{
	aspace->mapped_pages -= (r->end - r->node.key) / PAGE_SIZE;
	aspace->recent = NULL;
	tree_remove(&aspace->regions, &r->node);
	region_free(r);
}

int region_split(struct aspace *aspace, u64 at)
{
	struct region *r = aspace_region(aspace, at);
	u64 end;
	int err;

	if (r == NULL || r->node.key == at) {
		return 0;
	}
	end = r->end;
	r->end = at;
	aspace->mapped_pages -= (end - at) / PAGE_SIZE;
	err = region_add(aspace, at, end, r->flags & ~REGION_GROWS_DOWN,
			 source_skip(r->source, at - r->node.key));
	if (err) {
		r->end = end;
		aspace->mapped_pages += (end - at) / PAGE_SIZE;
	}
	return err;
}

/* Lengthens the region before `start` if it is of the same kind: zeroes. */
static bool region_extend(struct aspace *aspace, struct region *r, u64 start,
			  u64 end, u32 flags)
{
	if (r == NULL || r->end != start || r->flags != flags ||
	    r->source.object != NULL || (flags & REGION_GROWS_DOWN)) {
		return false;
	}
	r->end = end;
	aspace->mapped_pages += (end - start) / PAGE_SIZE;
	return true;
}

int aspace_map_locked(struct aspace *aspace, u64 start, u64 len_bytes,
		      unsigned flags, struct region_source source)
{
	u64 end = start + len_bytes;
	struct region *before;

	DEBUG_ASSERT(mutex_held(&aspace->mutex));
	if (!range_ok(start, len_bytes)) {
		return -EINVAL;
	}
	before = region_before(aspace, end);
	if (before != NULL && before->end > start) {
		return -EEXIST;
	}
	if (!aspace_may_grow(aspace, len_bytes)) {
		return -ENOMEM;
	}
	if (source.object == NULL &&
	    region_extend(aspace, before, start, end, flags)) {
		return 0;
	}
	return region_add(aspace, start, end, flags, source);
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

/* The last region of the range, which borders enclose; NULL: there is none. */
static int last_enclose(struct aspace *aspace, u64 start, u64 end,
			struct region **out)
{
	struct region *r = region_before(aspace, end);
	int err;

	if (r == NULL || r->end <= start) {
		r = NULL;
	} else if (r->node.key != start || r->end != end) {
		err = region_split(aspace, start);
		err = err ? err : region_split(aspace, end);
		if (err) {
			return err;
		}
		r = region_before(aspace, end);
	}
	*out = r;
	return 0;
}

int aspace_unmap_locked(struct aspace *aspace, u64 start, u64 len_bytes)
{
	u64 end = start + len_bytes;
	struct region *r, *before;
	int err;

	DEBUG_ASSERT(mutex_held(&aspace->mutex));
	if (!range_ok(start, len_bytes)) {
		return -EINVAL;
	}
	err = tables_own(aspace, start, len_bytes);
	err = err ? err : last_enclose(aspace, start, end, &r);
	if (err || r == NULL) {
		return err;
	}
	for (; r != NULL && r->node.key >= start; r = before) {
		before = region_of(tree_prev(&r->node));
		region_drop(aspace, r);
	}
	pages_unmap(aspace, start, len_bytes);
	return 0;
}

int aspace_unmap(struct aspace *aspace, u64 start, u64 len_bytes)
{
	WITH_MUTEX (&aspace->mutex) {
		return aspace_unmap_locked(aspace, start, len_bytes);
	}
	return 0;
}

/* Errors: -ENOMEM for a gap, -EACCES where `prot` may not be given. */
static int protect_refused(const struct aspace *aspace, u64 start, u64 end,
			   unsigned prot)
{
	while (start < end) {
		const struct region *r = aspace_region(aspace, start);

		if (r == NULL) {
			return -ENOMEM;
		}
		if ((prot & REGION_WRITE) && (r->flags & REGION_READ_ONLY)) {
			return -EACCES;
		}
		start = r->end;
	}
	return 0;
}

struct protect {
	struct tlb_batch batch;
	unsigned prot;
};

/* The right to write is never given here: the next fault decides (I2). */
static unsigned page_protect(void *ctx, u64 va, const struct page_mapping *old)
{
	struct protect *protect = ctx;

	tlb_batch_add(&protect->batch, va, PHYS_NONE);
	return protect->prot & (old->prot | ~(unsigned)PROT_PAGE_WRITE);
}

static void pages_protect(struct aspace *aspace, const struct region *r)
{
	struct protect protect = { .prot = region_page_prot(r) };

	tlb_batch_init(&protect.batch, aspace);
	arch_protect_range(&aspace->table, r->node.key, r->end - r->node.key,
			   page_protect, &protect);
	tlb_batch_flush(&protect.batch);
}

static int protect_locked(struct aspace *aspace, u64 start, u64 end,
			  unsigned prot)
{
	int err = protect_refused(aspace, start, end, prot);

	err = err ? err : tables_own(aspace, start, end - start);
	err = err ? err : region_split(aspace, start);
	err = err ? err : region_split(aspace, end);
	if (err) {
		return err;
	}
	while (start < end) {
		struct region *r = aspace_region(aspace, start);

		r->flags = (r->flags & ~(u32)REGION_PROT) | prot;
		pages_protect(aspace, r);
		start = r->end;
	}
	return 0;
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
	struct tree_node *node, *next;
	u64 pages;

	if (__atomic_fetch_sub(&aspace->refs, 1, __ATOMIC_ACQ_REL) != 1) {
		return;
	}
	tlb_evict(aspace);
	/* No processor has the table: nobody needs to be asked. */
	pages = arch_table_destroy(&aspace->table, frame_put);
	ASSERT(pages == aspace->resident_pages);
	node = tree_next_upward(&aspace->regions, NULL);
	for (; node != NULL; node = next) {
		next = tree_next_upward(&aspace->regions, node);
		region_free(region_of(node));
	}
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
