/* SPDX-License-Identifier: MIT */
/*
 * Pages from one address space to another, without a copy.
 *
 * P1  A parcel has a reference to each of its frames.  Nobody but the kernel
 *     reaches them once the sender's range was unmapped: that tells every
 *     processor before it is done (mm/tlb.h).
 * P2  A page goes into a parcel only with a frame that nobody else refers to:
 *     neither another space, nor an object, nor a transfer under way.  While
 *     the mutex is held nobody can come to: fork() waits for it.
 * P3  What comes out of one is plain memory: counted by the space that it comes
 *     to, given back with it.
 */
#include "mm/parcel.h"

#include "lib/assert.h"
#include "lib/errno.h"
#include "mm/aspace_private.h"
#include "mm/frame.h"
#include "mm/kmem.h"

void parcel_free(struct parcel *parcel)
{
	for (u32 i = 0; i < parcel->count; i++) {
		frame_put(parcel->frames[i]);
	}
	kfree(parcel);
}

int parcel_collect_locked(struct aspace *aspace, u64 start, u64 len_bytes,
			  struct parcel **out)
{
	u64 pages = len_bytes / PAGE_SIZE;
	struct parcel *parcel;
	int err = 0;

	if (!range_ok(start, len_bytes) || pages > PARCEL_PAGES_MAX) {
		return -EINVAL;
	}
	parcel = kmalloc(sizeof(*parcel) + pages * sizeof(parcel->frames[0]));
	if (parcel == NULL) {
		return -ENOMEM;
	}
	for (parcel->count = 0; parcel->count < pages; parcel->count++) {
		phys_t *frame = &parcel->frames[parcel->count];

		err = page_own(aspace, start + parcel->count * PAGE_SIZE,
			       frame);
		if (err) {
			parcel_free(parcel);
			return err;
		}
		frame_get(*frame);
	}
	*out = parcel;
	return 0;
}

/* The mappings have references of their own.  Errors: -ENOMEM. */
static int give_locked(const struct parcel *parcel, struct aspace *aspace,
		       u64 start)
{
	int err = tables_own(aspace, start, parcel->count * PAGE_SIZE);
	u32 given = 0;

	while (err == 0 && given < parcel->count) {
		frame_get(parcel->frames[given]);
		err = page_give(aspace, start + given * PAGE_SIZE,
				parcel->frames[given]);
		given++;
	}
	if (err && given > 0) {
		pages_unmap(aspace, start, given * PAGE_SIZE);
	}
	return err;
}

/* Without memory an empty range may stay behind, for it takes some to go. */
static int open_locked(const struct parcel *parcel, struct aspace *aspace,
		       u64 *start)
{
	u64 len = parcel->count * PAGE_SIZE;
	int err = -ENOMEM;

	*start = aspace_find_free_locked(aspace, len, aspace->mmap_top);
	if (*start != 0) {
		err = aspace_map_locked(aspace, *start, len,
					REGION_READ | REGION_WRITE,
					REGION_ZEROES);
	}
	if (err) {
		return err;
	}
	err = give_locked(parcel, aspace, *start);
	if (err) {
		(void)!aspace_unmap_locked(aspace, *start, len);
	}
	return err;
}

int parcel_open(struct parcel *parcel, struct aspace *aspace, u64 *start)
{
	int err = 0;

	WITH_MUTEX (&aspace->mutex) {
		err = open_locked(parcel, aspace, start);
		if (err == 0) {
			parcel_free(parcel);
		}
	}
	return err;
}
