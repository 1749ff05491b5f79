/* SPDX-License-Identifier: MIT */
/*
 * The regions of an address space: what is mapped where, and how.  They lie in
 * a tree by their starts, guarded by the space's mutex.
 *
 * A region shows its object from an offset on, and zeroes behind the object's
 * part.  It *continues* another one that ends where it starts if it has the
 * same flags and shows what that would show if it were longer.
 *
 * R1  Regions do not overlap, are whole pages and lie in user space (I1 of
 *     mm/aspace.c).
 * R2  No region continues its neighbour: what could be one region is one, in
 *     whichever pieces it was mapped and whatever was done to its parts since.
 *     So rights that were taken and given back leave no borders, mremap() finds
 *     one mapping, and /proc shows one line.
 *
 * R2 holds whenever the mutex is free.  Who needs a border meanwhile makes it
 * first, by split(), the only step that takes memory and may fail, then
 * changes what lies between borders, and ends with join(), which can
 * not fail.  Shortening a region at either end moves its border and takes no
 * memory; a new neighbour that it continues, or that continues it, moves one
 * as well.  A start that moves stays between those of the neighbours, so the
 * tree need not know.
 */
#include "lib/assert.h"
#include "lib/errno.h"
#include "mm/aspace.h"
#include "mm/aspace_private.h"
#include "mm/kmem.h"

static struct kmem_cache *cache;

void aspace_init(void)
{
	cache = kmem_cache_create("region", sizeof(struct region), 8);
	ASSERT(cache != NULL);
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

struct region *region_before(const struct aspace *aspace, u64 end)
{
	return region_of(tree_find_le(&aspace->regions, end - 1));
}

bool range_ok(u64 start, u64 len_bytes)
{
	return IS_ALIGNED(start | len_bytes, PAGE_SIZE) && len_bytes > 0 &&
	       start >= USER_START && start < USER_END &&
	       len_bytes <= USER_END - start;
}

bool range_free(const struct aspace *aspace, u64 start, u64 end)
{
	const struct region *r = region_before(aspace, end);

	return r == NULL || r->end <= start;
}

/* Its end moves, and with it how much is mapped. */
static void end_set(struct aspace *aspace, struct region *r, u64 end)
{
	aspace->mapped_pages += (end >> PAGE_SHIFT) - (r->end >> PAGE_SHIFT);
	r->end = end;
}

static u64 page_count(const struct region *r)
{
	return (r->end - r->node.key) / PAGE_SIZE;
}

/* What `source` shows from `skip` bytes on. */
static struct region_source source_skip(struct region_source source, u64 skip)
{
	if (skip >= source.len_bytes) {
		return REGION_ZEROES;
	}
	source.offset_bytes += skip;
	if (source.len_bytes != REGION_WHOLE) {
		source.len_bytes -= skip;
	}
	return source;
}

/* It begins later. */
static void start_set(struct aspace *aspace, struct region *r, u64 start)
{
	u64 skip = start - r->node.key;

	aspace->mapped_pages -= skip / PAGE_SIZE;
	r->source = source_skip(r->source, skip);
	r->node.key = start;
}

static bool continues(const struct region *next, const struct region *r)
{
	struct region_source wanted;

	if (r->end != next->node.key || r->flags != next->flags ||
	    r->source.object != next->source.object) {
		return false;
	}
	wanted = source_skip(r->source, r->end - r->node.key);
	return wanted.offset_bytes == next->source.offset_bytes &&
	       wanted.len_bytes == next->source.len_bytes;
}

static void region_free(struct region *r)
{
	mem_object_put(r->source.object);
	kmem_cache_free(cache, r);
}

static void region_drop(struct aspace *aspace, struct region *r)
{
	aspace->mapped_pages -= page_count(r);
	aspace->recent = NULL;
	tree_remove(&aspace->regions, &r->node);
	region_free(r);
}

/* The region takes over what its neighbour `next` maps. */
static void absorb(struct aspace *aspace, struct region *r, struct region *next)
{
	u64 end = next->end;

	region_drop(aspace, next);
	end_set(aspace, r, end);
}

struct region *region_insert(struct aspace *aspace, struct region *before,
			     const struct region *like)
{
	struct region *r = kmem_cache_alloc(cache);

	if (r != NULL) {
		*r = *like;
		mem_object_get(r->source.object);
		tree_insert_after(&aspace->regions,
				  before ? &before->node : NULL, &r->node);
		aspace->mapped_pages += page_count(r);
	}
	return r;
}

int region_enter(struct aspace *aspace, u64 start, u64 end, u32 flags,
		 struct region_source source)
{
	const struct region new = {
		.node.key = start, .end = end, .flags = flags, .source = source
	};
	struct region *before = region_before(aspace, end), *after;

	if (before != NULL && before->end > start) {
		return -EEXIST;
	}
	if (!aspace_may_grow(aspace, end - start)) {
		return -ENOMEM;
	}
	after = before ? region_next(before)
		       : region_of(tree_first(&aspace->regions));
	if (before != NULL && continues(&new, before)) {
		end_set(aspace, before, end);
		if (after != NULL && continues(after, before)) {
			absorb(aspace, before, after);
		}
		return 0;
	}
	if (after != NULL && continues(after, &new)) {
		aspace->mapped_pages += page_count(&new);
		after->node.key = start;
		after->source = source;
		return 0;
	}
	return region_insert(aspace, before, &new) ? 0 : -ENOMEM;
}

/* Makes `at`, which lies in the region, a border. Errors: -ENOMEM. */
static int split(struct aspace *aspace, struct region *r, u64 at)
{
	struct region upper = *r;
	u64 end = r->end;

	upper.node.key = at;
	upper.source = source_skip(r->source, at - r->node.key);
	end_set(aspace, r, at);
	if (region_insert(aspace, r, &upper) == NULL) {
		end_set(aspace, r, end);
		return -ENOMEM;
	}
	return 0;
}

static int region_split(struct aspace *aspace, u64 at)
{
	struct region *r = aspace_region(aspace, at);

	return r != NULL && r->node.key < at ? split(aspace, r, at) : 0;
}

int regions_split(struct aspace *aspace, u64 start, u64 end)
{
	int err = region_split(aspace, start);

	err = err ? err : region_split(aspace, end);
	if (err) {
		regions_join(aspace, start, start);
	}
	return err;
}

/* The one that the region is part of, if it continues `before` (or NULL). */
static struct region *join(struct aspace *aspace, struct region *before,
			   struct region *r)
{
	if (before == NULL || !continues(r, before)) {
		return r;
	}
	absorb(aspace, before, r);
	return before;
}

void regions_join(struct aspace *aspace, u64 start, u64 end)
{
	struct region *r = region_before(aspace, start), *next;

	r = r ? r : region_of(tree_first(&aspace->regions));
	while (r != NULL && r->end <= end) {
		next = region_next(r);
		r = next ? join(aspace, r, next) : NULL;
	}
}

/* Makes both ends of the range borders, `r` the first behind the lower one. */
static int enclose(struct aspace *aspace, struct region **r, u64 start, u64 end)
{
	struct region *last;
	int err;

	if ((*r)->node.key < start) {
		err = split(aspace, *r, start);
		if (err) {
			return err;
		}
		*r = region_next(*r);
	}
	last = (*r)->end >= end ? *r : region_before(aspace, end);
	err = last->end > end ? split(aspace, last, end) : 0;
	if (err) {
		regions_join(aspace, start, start);
	}
	return err;
}

int regions_change(struct aspace *aspace, struct region *r, u64 start, u64 end,
		   u32 clear, u32 set)
{
	struct region *before;
	int err;

	if (r == NULL || r->node.key >= end) {
		return 0;
	}
	err = enclose(aspace, &r, start, end);
	if (err) {
		return err;
	}
	before = region_of(tree_prev(&r->node));
	for (; r != NULL && r->node.key < end; r = region_next(before)) {
		r->flags = (r->flags & ~clear) | set;
		before = join(aspace, before, r);
	}
	if (r != NULL) {
		join(aspace, before, r);
	}
	return 0;
}

int regions_remove(struct aspace *aspace, u64 start, u64 end)
{
	struct region *r = region_before(aspace, end), *before;

	if (r == NULL || r->end <= start) {
		return 0;
	}
	if (r->end > end && r->node.key < start) {
		int err = split(aspace, r, end);

		if (err) {
			return err;
		}
	} else if (r->end > end) {
		start_set(aspace, r, end);
		r = region_of(tree_prev(&r->node));
	}
	while (r != NULL && r->end > start) {
		if (r->node.key < start) {
			end_set(aspace, r, start);
			break;
		}
		before = r->node.key > start ? region_of(tree_prev(&r->node))
					     : NULL;
		region_drop(aspace, r);
		r = before;
	}
	return 1;
}

void regions_end(struct aspace *aspace)
{
	struct tree_node *node = tree_next_upward(&aspace->regions, NULL);

	while (node != NULL) {
		struct tree_node *next =
			tree_next_upward(&aspace->regions, node);

		region_free(region_of(node));
		node = next;
	}
}
