/* SPDX-License-Identifier: MIT */
/*
 * Parcels: pages that have left one address space and have not come to another
 * yet, as rings carry them (ipc/ring_mail.h).
 */
#ifndef EXO_MM_PARCEL_H
#define EXO_MM_PARCEL_H

#include "mm/aspace.h"

/* The most pages in one. */
#define PARCEL_PAGES_MAX 1024u

/* Frames in the order of their pages, with a reference to each. */
struct parcel {
	u32 count;
	phys_t frames[];
};

/*
 * The pages of [start, start + len) with their frames, which stay where they
 * are.  What is to be there later, or is shared until somebody writes, is made
 * as for a write.  The caller owns the parcel.  Errors: -EINVAL (not whole
 * pages, none, more than PARCEL_PAGES_MAX, shared memory), -EFAULT (a gap),
 * -EACCES (not to be written), -EBUSY (the kernel is at work on one), -ENOMEM.
 * Context: thread, the space's mutex is held.
 */
must_check int parcel_collect_locked(struct aspace *aspace, u64 start,
				     u64 len_bytes, struct parcel **out);

/*
 * Maps the pages at a free place, which *start tells, readable and writable,
 * and as the space's own.  The parcel is gone then; after an error it is as it
 * was.  Errors: -ENOMEM.  Context: thread.
 */
must_check int parcel_open(struct parcel *parcel, struct aspace *aspace,
			   u64 *start);

/* Drops the references to the frames: the last ones give them back. */
void parcel_free(struct parcel *parcel);

#endif
