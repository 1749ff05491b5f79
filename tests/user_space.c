/* SPDX-License-Identifier: MIT */
/*
 * Giving a test's thread an address space and taking it away.
 */
#include "tests/user_space.h"

#include "arch/cpu.h"
#include "sched/sched.h"
#include "sched/thread.h"

struct aspace *user_space_enter(void)
{
	struct aspace *aspace = aspace_create();

	if (aspace != NULL) {
		user_space_switch(aspace);
	}
	return aspace;
}

void user_space_switch(struct aspace *aspace)
{
	u64 flags = arch_irq_save();

	current_thread()->aspace = aspace;
	sched_has_more_irq();
	aspace_switch(aspace);
	arch_irq_restore(flags);
}

void user_space_leave(struct aspace *aspace)
{
	u64 flags = arch_irq_save();

	current_thread()->aspace = NULL;
	aspace_leave();
	arch_irq_restore(flags);
	aspace_put(aspace);
}

int user_space_map(struct aspace *aspace, u64 start, u64 len_bytes,
		   unsigned flags)
{
	return aspace_map(aspace, start, len_bytes, flags, REGION_ZEROES);
}

u64 user_space_regions(const struct aspace *aspace)
{
	u64 count = 0;

	tree_for_each (node, &aspace->regions) {
		count++;
	}
	return count;
}
