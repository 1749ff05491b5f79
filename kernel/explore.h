/* SPDX-License-Identifier: MIT */
/*
 * Exploration: in the kernel that explores, explore=1 lets the seed decide what
 * chance decides elsewhere: where a processor falls behind, where a thread is
 * preempted, who runs next and where.  kernel/explore.c has the theory.  In the
 * other kernels nothing of this is left.
 */
#ifndef EXO_KERNEL_EXPLORE_H
#define EXO_KERNEL_EXPLORE_H

#include "lib/errno.h"
#include "lib/types.h"

#ifdef EXO_EXPLORE
/* From now on `seed` decides. Context: boot. Errors: -ENOSYS: not built in. */
must_check int explore_start(u64 seed);

/* True once it does. */
bool explore_on(void);

/*
 * A number below `n` (> 0).  0 means what is done without exploration, any
 * other a way that is as right.  Context: any.
 */
unsigned explore_choose(unsigned n);

/* Before an access to memory. Context: any. */
void explore_point(void);
#else
must_check static inline int explore_start(u64 seed)
{
	(void)seed;
	return -ENOSYS;
}

static inline bool explore_on(void)
{
	return false;
}

static inline unsigned explore_choose(unsigned n)
{
	(void)n;
	return 0;
}
#endif

#endif
