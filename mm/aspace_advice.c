/* SPDX-License-Identifier: MIT */
/*
 * What programs tell and ask of memory that is mapped already.
 */
#include "lib/errno.h"
#include "mm/aspace.h"
#include "mm/aspace_private.h"

/* The part of [start, end) that the first region from `start` on covers. */
static struct region *part_next(const struct aspace *aspace, u64 *start,
				u64 *end)
{
	struct region *r = region_from(aspace, *start);

	if (*start == *end || r == NULL || r->node.key >= *end) {
		return NULL;
	}
	*start = MAX(*start, r->node.key);
	*end = MIN(*end, r->end);
	return r;
}

static int discard_locked(struct aspace *aspace, u64 start, u64 end)
{
	u64 at = start, to = end;
	u64 done = 0;
	int err = tables_own(aspace, start, end - start);

	if (err) {
		return err;
	}
	while (part_next(aspace, &at, &to) != NULL) {
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
	struct region *r;
	int err = region_split(aspace, start);

	err = err ? err : region_split(aspace, end);
	while (err == 0 && (r = part_next(aspace, &at, &to)) != NULL) {
		r->flags = (r->flags & ~clear) | set;
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
