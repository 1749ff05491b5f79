/* SPDX-License-Identifier: MIT */
/*
 * What only the kernel's own headers have, which cannot be included together
 * with those of the C library (tests/posix/test_abi.c).
 */
#include <linux/sched/types.h>
#include <linux/signal.h>

#include "posix/abi.h"
#include "posix/abi_signal.h"

#define SAME(name) static_assert((u64)ABI_##name == (u64)(name), #name)
#define SAME_SIZE(ours, theirs) \
	static_assert(sizeof(struct ours) == sizeof(struct theirs), #ours)
#define SAME_PLACE(ours, our_field, theirs, their_field)            \
	static_assert(offsetof(struct ours, our_field) ==           \
			      offsetof(struct theirs, their_field), \
		      #our_field)

SAME(SS_AUTODISARM);
SAME(SA_RESTORER);
SAME(MINSIGSTKSZ);
SAME_SIZE(abi_sigaction, sigaction);
SAME_PLACE(abi_sigaction, flags, sigaction, sa_flags);
SAME_PLACE(abi_sigaction, restorer, sigaction, sa_restorer);
SAME_PLACE(abi_sigaction, mask, sigaction, sa_mask);
static_assert(sizeof(struct abi_sched_attr) == SCHED_ATTR_SIZE_VER0,
	      "sched_attr");
SAME_PLACE(abi_sched_attr, nice, sched_attr, sched_nice);
SAME_PLACE(abi_sched_attr, priority, sched_attr, sched_priority);
SAME_PLACE(abi_sched_attr, deadline_times, sched_attr, sched_runtime);
