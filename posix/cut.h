/* SPDX-License-Identifier: MIT */
/*
 * A file that gets shorter is cut off in all address spaces that show it.
 */
#ifndef EXO_POSIX_CUT_H
#define EXO_POSIX_CUT_H

#include "lib/types.h"

struct aspace;

/* [a] Cuts that run, and in the upper half those that ever began. */
extern u64 cuts;

static inline u64 cuts_now(void)
{
	return __atomic_load_n(&cuts, __ATOMIC_SEQ_CST);
}

/* A copy of an address space may show what a cut since `before` passed by. */
static inline bool cuts_missed(u64 before)
{
	return (u32)before != 0 || (before ^ cuts_now()) >> 32 != 0;
}

/*
 * Makes up for it, once others can find the address space.  Errors: -ENOMEM.
 * Context: thread.
 */
must_check int cuts_make_up(struct aspace *aspace);

#endif
