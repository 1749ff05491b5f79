/* SPDX-License-Identifier: MIT */
/*
 * Registers of user mode from one thread to another, in line.  The invariants
 * of vector registers stand at the head of arch/x86_64/fpu.c.
 */
#ifndef EXO_ARCH_X86_64_PASS_H
#define EXO_ARCH_X86_64_PASS_H

#include "arch/cpu.h"
#include "arch/thread.h"
#include "arch/x86_64/cpu_tables.h"
#include "arch/x86_64/features.h"
#include "arch/x86_64/frame.h"

#define MSR_FS_BASE        0xc0000100
#define MSR_KERNEL_GS_BASE 0xc0000102

/* Kinds of state that XSAVE saves; 0 without XSAVE. */
extern u32 x86_fpu_mask;

extern percpu struct arch_thread *x86_fpu_owner;

/* The same where XSAVEOPT and FSGSBASE are there; else 0. */
extern u32 x86_pass_mask;

static inline void x86_xsave_changed(void *area, u32 mask)
{
	__asm__ volatile("xsaveopt64 (%0)" ::"r"(area), "a"(mask), "d"(0)
			 : "memory");
}

static inline void x86_xsave_load(const void *area, u32 mask)
{
	__asm__ volatile("xrstor64 (%0)" ::"r"(area), "a"(mask), "d"(0)
			 : "memory");
}

static inline void x86_pointers_load(const struct arch_thread *thread)
{
	if (x86_has(X86_FSGSBASE)) {
		__asm__ volatile("wrfsbase %0" ::"r"(thread->fs_base));
	} else {
		x86_wrmsr(MSR_FS_BASE, thread->fs_base);
	}
	x86_wrmsr(MSR_KERNEL_GS_BASE, thread->gs_base);
}

/*
 * The user's GS, which waits behind SWAPGS, as the thread that leaves has it
 * and the next one wants it.  What strikes in between trusts no GS (entry.asm).
 */
static inline void x86_gs_exchange(u64 *prev, u64 next)
{
	u64 old;

	__asm__ volatile("swapgs\n\t"
			 "rdgsbase %0\n\t"
			 "cmp %0, %1\n\t"
			 "je 1f\n\t"
			 "wrgsbase %1\n"
			 "1:\tswapgs"
			 : "=&r"(old)
			 : "r"(next)
			 : "cc");
	*prev = old;
}

/* Where user mode may have written either itself (FSGSBASE). */
static inline void x86_pointers_swap(struct arch_thread *prev,
				     const struct arch_thread *next)
{
	__asm__ volatile("rdfsbase %0" : "=r"(prev->fs_base));
	__asm__ volatile("wrfsbase %0" ::"r"(next->fs_base));
	x86_gs_exchange(&prev->gs_base, next->gs_base);
}

/* FS and GS of user mode to another thread's. */
static inline void x86_pointers_exchange(struct arch_thread *prev,
					 const struct arch_thread *next)
{
	if (likely(x86_has(X86_FSGSBASE))) {
		x86_pointers_swap(prev, next);
	} else {
		x86_pointers_load(next);
	}
}

static always_inline bool arch_may_switch_call(const struct arch_thread *prev)
{
	return likely(this_cpu(x86_fpu_owner) == prev) &&
	       arch_any_set(&x86_pass_mask, UINT32_MAX);
}

static always_inline void arch_pass_arguments(const struct arch_thread *prev,
					      const struct arch_thread *next)
{
	x86_arguments_pass(prev->kernel_sp, next->kernel_sp);
}

static always_inline void arch_switch_call(struct arch_thread *prev,
					   struct arch_thread *next)
{
	u32 mask = x86_pass_mask;

	x86_xsave_changed(prev->fpu, mask);
	x86_xsave_load(next->fpu, mask);
	this_cpu(x86_fpu_owner) = next;
	next->work.fpu = 0;
	x86_pointers_swap(prev, next);
	x86_set_kernel_sp(next->kernel_sp);
}

#endif
