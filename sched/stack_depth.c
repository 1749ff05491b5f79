/* SPDX-License-Identifier: MIT */
/*
 * Paint on kernel stacks.  What lies below the stack pointer of one that was
 * put away (sched/keeper.c) is painted anew: the depth before that is lost.
 */
#include "sched/stack_depth.h"

#include "kernel/log.h"
#include "lib/string.h"

#ifdef EXO_DEBUG

#define PAINT      0x5a
#define PAINT_WORD (PAINT * 0x0101010101010101ul)

static u32 most; /* [a] */

void stack_depth_paint(const struct kstack *stack)
{
	memset(stack->base, PAINT, KSTACK_BYTES);
}

u32 stack_depth_note(const struct kstack *stack)
{
	const u64 *word = (const void *)stack->base;
	u32 left = 0, depth;

	while (left < KSTACK_BYTES &&
	       word[left / sizeof(*word)] == PAINT_WORD) {
		left += sizeof(*word);
	}
	depth = KSTACK_BYTES - left;
	if (depth > READ_ONCE(most)) {
		WRITE_ONCE(most, depth);
		if (left < STACK_DEPTH_LEFT) {
			log_warn("a thread used %u of the %u bytes of its "
				 "kernel stack",
				 depth, KSTACK_BYTES);
		}
	}
	stack_depth_paint(stack);
	return depth;
}

u32 stack_depth_most(void)
{
	return READ_ONCE(most);
}

#endif
