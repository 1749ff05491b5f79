/* SPDX-License-Identifier: MIT */
/*
 * The first stack of a thread, laid out as arch/x86_64/switch.asm leaves one.
 */
#include "arch/thread.h"

struct switch_stack {
	u64 r15, r14, r13, r12, rbx, rbp;
	u64 return_address;
	u64 unused; /* keeps the stack aligned at the call */
};

extern const u8 x86_thread_start[];

void arch_thread_init(struct arch_thread *thread, u64 stack_top,
		      void (*fn)(void *), void *arg)
{
	struct switch_stack *stack = (struct switch_stack *)stack_top - 1;

	*stack = (struct switch_stack){
		.r12 = (u64)fn,
		.r13 = (u64)arg,
		.return_address = (u64)x86_thread_start,
	};
	*thread = (struct arch_thread){
		.sp = (u64)stack,
		.kernel_sp = stack_top,
	};
}
