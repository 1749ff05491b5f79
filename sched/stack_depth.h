/* SPDX-License-Identifier: MIT */
/*
 * The debug build's account of how deep kernel stacks get: each is painted
 * before it is used, and looked at when its thread has ended.
 */
#ifndef EXO_SCHED_STACK_DEPTH_H
#define EXO_SCHED_STACK_DEPTH_H

#include "sched/kstack.h"

#ifdef EXO_DEBUG
/* Before its first use. */
void stack_depth_paint(const struct kstack *stack);

/* After its last: how deep it got.  Warns if less than STACK_DEPTH_LEFT was
 * left. */
u32 stack_depth_note(const struct kstack *stack);

/* The most that any thread has used that has ended. Context: any. */
u32 stack_depth_most(void);

#define STACK_DEPTH_LEFT 1024
#else
static inline void stack_depth_paint(const struct kstack *stack)
{
	(void)stack;
}

static inline u32 stack_depth_note(const struct kstack *stack)
{
	(void)stack;
	return 0;
}
#endif

#endif
