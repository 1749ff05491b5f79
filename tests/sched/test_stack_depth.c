/* SPDX-License-Identifier: MIT */
/*
 * How deep stacks get: what a thread used is known when it has ended.
 */
#include "sched/stack_depth.h"

#include "mm/kmem.h"
#include "sched/sched.h"
#include "tests/ktest.h"
#include "tests/sched/crew.h"

#define DEEP_BYTES 1800
#define LOWEST     4000

static struct crew crew;
static u64 sum; /* so that the array is used */

static void goes_deep(void *arg)
{
	volatile u8 bytes[DEEP_BYTES];

	(void)arg;
	for (unsigned i = 0; i < DEEP_BYTES; i++) {
		bytes[i] = (u8)i;
	}
	sum = bytes[DEEP_BYTES / 2];
}

KTEST(stack_depth, "the depth of a stack is known when its thread has ended")
{
	EXPECT_EQ(crew_add(&crew, goes_deep, NULL), 0);
	crew_join(&crew);
	while (stack_depth_most() < DEEP_BYTES) {
		sched_yield();
	}
	EXPECT(stack_depth_most() <= KSTACK_BYTES - STACK_DEPTH_LEFT);
}

KTEST(stack_depth_paint, "the lowest byte that was written tells the depth")
{
	struct kstack stack = { .base = kmalloc(KSTACK_BYTES) };
	u32 untouched, touched, again;

	EXPECT(stack.base != NULL);
	stack_depth_paint(&stack);
	untouched = stack_depth_note(&stack);
	stack.base[LOWEST] = 0;
	touched = stack_depth_note(&stack);
	again = stack_depth_note(&stack);
	kfree(stack.base);
	EXPECT_EQ(untouched, 0);
	EXPECT_EQ(touched, KSTACK_BYTES - LOWEST);
	EXPECT_EQ(again, 0);
}
