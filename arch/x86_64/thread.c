/* SPDX-License-Identifier: MIT */
/*
 * The first stack of a thread, laid out as arch/x86_64/switch.asm leaves one.
 */
#include "arch/thread.h"

#include "arch/cpu.h"
#include "arch/trap.h"
#include "arch/x86_64/frame.h"

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

/* The first stack moves below the frame, which is where entries put one. */
int arch_thread_fork(struct arch_thread *thread, u64 sp)
{
	struct trap_frame *frame = (struct trap_frame *)thread->kernel_sp - 1;
	struct switch_stack *stack = (struct switch_stack *)frame - 1;
	int err = arch_fpu_copy(thread);

	if (err) {
		return err;
	}
	*stack = *(const struct switch_stack *)thread->sp;
	*frame = *arch_user_frame();
	frame->rax = 0;
	frame->rcx = frame->rip;
	frame->r11 = frame->rflags;
	frame->rsp = sp ? sp : frame->rsp;
	thread->sp = (u64)stack;
	thread->fs_base = arch_fs_base();
	thread->gs_base = arch_gs_base();
	thread->work.fpu = 1;
	return 0;
}

u64 arch_thread_fp(const struct arch_thread *thread)
{
	return ((const struct switch_stack *)thread->sp)->rbp;
}
