/* SPDX-License-Identifier: MIT */
/*
 * What programs tell and ask of memory that is mapped already, and what becomes
 * of it when a file gets shorter.
 */
#include "lib/errno.h"
#include "mm/aspace.h"
#include "mm/aspace_private.h"

/*
 * Narrows [start, end) to what the first region from `start` on covers; false:
 * there is none.
 */
static bool part_next(const struct aspace *aspace, u64 *start, u64 *end)
{
	const struct region *r = region_from(aspace, *start);

	if (*start == *end || r == NULL || r->node.key >= *end) {
		return false;
	}
	*start = MAX(*start, r->node.key);
	*end = MIN(*end, r->end);
	return true;
}

static int discard_locked(struct aspace *aspace, u64 start, u64 end)
{
	u64 at = start, to = end;
	u64 done = 0;
	int err = tables_own(aspace, start, end - start);

	if (err) {
		return err;
	}
	while (part_next(aspace, &at, &to)) {
		pages_unmap(aspace, at, to - at);
		done += to - at;
		at = to;
		to = end;
	}
	return done == end - start ? 0 : -ENOMEM;
}

int aspace_discard(struct aspace *aspace, u64 start, u64 len_bytes)
{
	if (!range_ok(start, len_bytes)) {
		return -EINVAL;
	}
	WITH_MUTEX (&aspace->mutex) {
		return discard_locked(aspace, start, start + len_bytes);
	}
	return 0;
}

static int set_flags_locked(struct aspace *aspace, u64 start, u64 end, u32 set,
			    u32 clear)
{
	u64 at = start, to = end;
	u64 done = 0;
	int err = set | clear
			  ? regions_change(aspace, region_from(aspace, start),
					   start, end, clear, set)
			  : 0;

	while (err == 0 && part_next(aspace, &at, &to)) {
		done += to - at;
		at = to;
		to = end;
	}
	return err ? err : done == end - start ? 0 : -ENOMEM;
}

int aspace_set_flags(struct aspace *aspace, u64 start, u64 len_bytes, u32 set,
		     u32 clear)
{
	if (!range_ok(start, len_bytes)) {
		return -EINVAL;
	}
	WITH_MUTEX (&aspace->mutex) {
		return set_flags_locked(aspace, start, start + len_bytes, set,
					clear);
	}
	return 0;
}

int aspace_resident(struct aspace *aspace, u64 start, u64 count, u8 *out)
{
	WITH_MUTEX (&aspace->mutex) {
		for (u64 i = 0; i < count; i++) {
			u64 va = start + i * PAGE_SIZE;
			struct page_mapping m;

			if (aspace_region(aspace, va) == NULL) {
				return -ENOMEM;
			}
			out[i] = arch_query_page(&aspace->table, va, &m);
		}
	}
	return 0;
}

/* Where the region shows the file from `bytes` on, and what lies behind. */
static u64 region_behind(const struct region *r, u64 bytes)
{
	u64 first = ALIGN_UP(bytes, PAGE_SIZE);
	u64 offset = r->source.offset_bytes;
	u64 skip = first > offset ? first - offset : 0;
	u64 len = r->end - r->node.key;

	return r->node.key + MIN(skip, len);
}

/* Where it ends to show the file and begins to show zeroes. */
static u64 region_source_end(const struct region *r)
{
	u64 len = r->end - r->node.key;

	return r->node.key + (r->source.len_bytes < len
				      ? ALIGN_UP(r->source.len_bytes, PAGE_SIZE)
				      : len);
}

static int range_cut(struct aspace *aspace, u64 start, u64 end)
{
	int err;

	if (start >= end) {
		return 0;
	}
	err = tables_own(aspace, start, end - start);
	if (err == 0) {
		pages_unmap(aspace, start, end - start);
	}
	return err;
}

int aspace_cut(struct aspace *aspace,
	       bool (*end)(void *ctx, struct vnode *file, u64 *bytes),
	       void *ctx)
{
	int err = 0;

	WITH_MUTEX (&aspace->mutex) {
		tree_for_each (node, &aspace->regions) {
			const struct region *r = region_of(node);
			struct mem_object *object = r->source.object;
			u64 bytes = 0;

			if (object != NULL && object->ops->vnode != NULL &&
			    end(ctx, object->ops->vnode(object), &bytes)) {
				int lost = range_cut(aspace,
						     region_behind(r, bytes),
						     region_source_end(r));

				err = err ? err : lost;
			}
		}
	}
	return err;
}
