/* SPDX-License-Identifier: MIT */
/*
 * Files that get shorter while they are mapped (vnode_cut()).  No list leads
 * from a file to the address spaces that show it: mapping is frequent, and
 * cutting what is mapped is rare, so that one looks through all processes.
 *
 * I1  A file has its new length before the cut looks at the first process, and
 *     a page fault holds its address space's mutex from the look at the length
 *     until the page is mapped.  So what the cut has passed stays cut.
 * I2  A copy that fork made, and that no cut found because nobody knew it, is
 *     looked at by its maker: cuts_make_up(), after it became known.
 */
#include "posix/cut.h"

#include "fs/vnode.h"
#include "posix/proc.h"
#include "posix/process.h"

/* Added at the beginning of a cut; taken back at its end: 1. */
#define CUT (1ul << 32 | 1)

u64 cuts;

static bool end_of_one(void *ctx, struct vnode *file, u64 *bytes)
{
	*bytes = READ_ONCE(file->size_bytes);
	return file == ctx;
}

static bool end_of_any(void *ctx, struct vnode *file, u64 *bytes)
{
	(void)ctx;
	*bytes = READ_ONCE(file->size_bytes);
	return true;
}

int vnode_cut(struct vnode *v)
{
	int err = 0;

	__atomic_fetch_add(&cuts, CUT, __ATOMIC_SEQ_CST);
	for (s64 n = process_next_number(1); n >= 0;
	     n = process_next_number((u64)n + 1)) {
		struct process *p = process_find_get((u64)n);
		struct aspace *aspace = p ? proc_aspace(p) : NULL;

		if (aspace != NULL) {
			int lost = aspace_cut(aspace, end_of_one, v);

			err = err ? err : lost;
			aspace_put(aspace);
		}
		if (p != NULL) {
			process_put(p);
		}
	}
	__atomic_fetch_sub(&cuts, 1, __ATOMIC_SEQ_CST);
	return err;
}

int cuts_make_up(struct aspace *aspace)
{
	return aspace_cut(aspace, end_of_any, NULL);
}
