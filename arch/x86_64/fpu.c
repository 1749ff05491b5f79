/* SPDX-License-Identifier: MIT */
/*
 * Vector registers of user threads.
 *
 * The kernel itself uses none.  A processor's registers belong to the thread
 * `x86_fpu_owner`; they are saved when it is switched away from and come back
 * on its way to user mode (work.fpu), so that kernel threads never pay for
 * them. A call hands them over at once (arch_switch_call()): user mode is next.
 *
 * I1  x86_fpu_owner == t: t runs here and the registers are its own.
 * I2  Otherwise t's area holds its state, and work.fpu is set before t can
 *     reach user mode.
 */
#include "arch/x86_64/fpu.h"

#include "arch/cpu.h"
#include "arch/thread.h"
#include "arch/user.h"
#include "arch/x86_64/cpu_tables.h"
#include "arch/x86_64/features.h"
#include "arch/x86_64/pass.h"
#include "arch/x86_64/signal_frame.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/string.h"

#define XCR0_X87    (1u << 0)
#define XCR0_SSE    (1u << 1)
#define XCR0_AVX    (1u << 2)
#define XCR0_AVX512 (7u << 5)

/* Offsets and power-up values in the legacy area (SDM vol. 1, 10.5.1). */
#define FXSAVE_BYTES 512
#define FXSAVE_FCW   0
#define FXSAVE_FSW   2
#define FXSAVE_MXCSR 24
#define FXSAVE_MASK  28
#define FCW_INIT     0x037f
#define MXCSR_INIT   0x1f80
#define MXCSR_MASK   0xffbf /* where FXSAVE tells none */

/* Exceptions in FSW and MXCSR; FCW and MXCSR say which are held back. */
#define FP_EXCEPTIONS 0x3f
#define MXCSR_HELD    7

struct x86_fpu_note x86_fpu_note = {
	.magic1 = FPU_MAGIC1,
	.user_bytes = FXSAVE_BYTES,
	.area_bytes = FXSAVE_BYTES,
};

u32 x86_fpu_mask;
u32 x86_pass_mask;
static u32 mxcsr_mask;

/* The registers at a program's start, in XSAVE's short form. */
static u8 fpu_start[FXSAVE_BYTES + 64] aligned(64);

percpu struct arch_thread *x86_fpu_owner;

/* The area first serves to ask FXSAVE for the mask. */
static void start_state_make(void)
{
	u16 fcw = FCW_INIT;
	u32 mxcsr = MXCSR_INIT;

	if (mxcsr_mask != 0) {
		return;
	}
	__asm__ volatile("fxsave64 %0" : "=m"(fpu_start));
	memcpy(&mxcsr_mask, fpu_start + FXSAVE_MASK, sizeof(mxcsr_mask));
	mxcsr_mask = mxcsr_mask ? mxcsr_mask : MXCSR_MASK;
	memset(fpu_start, 0, sizeof(fpu_start));
	memcpy(fpu_start + FXSAVE_FCW, &fcw, sizeof(fcw));
	memcpy(fpu_start + FXSAVE_MXCSR, &mxcsr, sizeof(mxcsr));
}

void x86_fpu_init(void)
{
	u32 supported;

	start_state_make();
	if (!x86_has(X86_XSAVE)) {
		return;
	}
	supported = x86_cpuid(0xd, 0).eax;
	x86_fpu_mask = XCR0_X87 | XCR0_SSE | (supported & XCR0_AVX);
	if ((supported & XCR0_AVX512) == XCR0_AVX512) {
		x86_fpu_mask |= XCR0_AVX512;
	}
	__asm__ volatile("xsetbv" ::"c"(0), "a"(x86_fpu_mask), "d"(0));
	x86_pass_mask = x86_has(X86_XSAVEOPT) && x86_has(X86_FSGSBASE)
				? x86_fpu_mask
				: 0;
	x86_fpu_note.components = x86_fpu_mask;
	x86_fpu_note.area_bytes = x86_cpuid(0xd, 0).ebx;
	x86_fpu_note.user_bytes = x86_fpu_note.area_bytes + sizeof(FPU_MAGIC2);
}

/* Everything, where fpu_save() leaves out what has not changed. */
static void fpu_save_all(void *area)
{
	if (x86_has(X86_XSAVE)) {
		__asm__ volatile("xsave64 (%0)" ::"r"(area), "a"(x86_fpu_mask),
				 "d"(0)
				 : "memory");
	} else {
		__asm__ volatile("fxsave64 (%0)" ::"r"(area) : "memory");
	}
}

static void fpu_save(void *area)
{
	if (x86_has(X86_XSAVEOPT)) {
		x86_xsave_changed(area, x86_fpu_mask);
	} else {
		fpu_save_all(area);
	}
}

static void fpu_load(const void *area)
{
	if (!x86_has(X86_XSAVE)) {
		__asm__ volatile("fxrstor64 (%0)" ::"r"(area) : "memory");
	} else {
		x86_xsave_load(area, x86_fpu_mask);
	}
}

static void fpu_initial_state(void *area)
{
	memset(area, 0, x86_fpu_note.area_bytes);
	memcpy(area, fpu_start, FXSAVE_BYTES);
}

size_t arch_fpu_bytes(void)
{
	return x86_fpu_note.area_bytes;
}

int arch_fpu_create(struct arch_thread *thread)
{
	thread->fpu = arch_memory_alloc(ALIGN_UP(x86_fpu_note.area_bytes, 64));
	if (thread->fpu == NULL) {
		return -ENOMEM;
	}
	DEBUG_ASSERT(IS_ALIGNED((u64)thread->fpu, 64));
	fpu_initial_state(thread->fpu);
	return 0;
}

int arch_fpu_copy(struct arch_thread *thread)
{
	struct arch_thread *self = arch_current();
	u64 flags;

	thread->fpu = arch_memory_alloc(ALIGN_UP(x86_fpu_note.area_bytes, 64));
	if (thread->fpu == NULL) {
		return -ENOMEM;
	}
	flags = arch_irq_save();
	if (this_cpu(x86_fpu_owner) == self) {
		fpu_save(self->fpu);
	}
	arch_irq_restore(flags);
	memcpy(thread->fpu, self->fpu, x86_fpu_note.area_bytes);
	return 0;
}

void arch_fpu_destroy(struct arch_thread *thread)
{
	arch_memory_free(thread->fpu);
	thread->fpu = NULL;
}

void arch_user_reset(struct arch_thread *thread)
{
	u64 flags = arch_irq_save();

	fpu_initial_state(thread->fpu);
	thread->fs_base = 0;
	thread->gs_base = 0;
	x86_wrmsr(MSR_FS_BASE, 0);
	x86_wrmsr(MSR_KERNEL_GS_BASE, 0);
	this_cpu(x86_fpu_owner) = NULL;
	thread->work.fpu = 1;
	arch_irq_restore(flags);
}

void x86_fpu_restore(struct arch_thread *thread)
{
	fpu_load(thread->fpu);
	this_cpu(x86_fpu_owner) = thread;
	thread->work.fpu = false;
}

void x86_fpu_reset(struct arch_thread *thread)
{
	arch_irq_disable();
	fpu_initial_state(thread->fpu);
	fpu_load(fpu_start);
	this_cpu(x86_fpu_owner) = thread;
	thread->work.fpu = false;
	arch_irq_enable();
}

void x86_fpu_sync(struct arch_thread *thread)
{
	u64 flags = arch_irq_save();

	if (this_cpu(x86_fpu_owner) != thread) {
		x86_fpu_restore(thread);
	}
	fpu_save_all(thread->fpu);
	arch_irq_restore(flags);
}

void x86_fpu_detach(struct arch_thread *thread)
{
	u64 flags = arch_irq_save();

	if (this_cpu(x86_fpu_owner) == thread) {
		this_cpu(x86_fpu_owner) = NULL;
	}
	thread->work.fpu = true;
	arch_irq_restore(flags);
}

int x86_fpu_to_user(struct arch_thread *thread, uaddr_t to)
{
	bool stored;

	if (unlikely(x86_fpu_mask == 0 ||
		     !user_range_ok(to, x86_fpu_note.user_bytes))) {
		return x86_fpu_to_user_slow(thread, to);
	}
	arch_irq_disable();
	if (this_cpu(x86_fpu_owner) != thread) {
		x86_fpu_restore(thread);
	}
	stored = x86_fpu_store(to.va, &x86_fpu_note) == 0;
	if (likely(stored)) {
		x86_xsave_load(fpu_start, x86_fpu_mask);
	}
	arch_irq_enable();
	return likely(stored) ? 0 : x86_fpu_to_user_slow(thread, to);
}

int x86_fpu_from_user(struct arch_thread *thread, uaddr_t from)
{
	bool loaded;

	if (unlikely(x86_fpu_mask == 0 ||
		     !user_range_ok(from, x86_fpu_note.user_bytes))) {
		return x86_fpu_from_user_slow(thread, from);
	}
	arch_irq_disable();
	loaded = x86_fpu_load(from.va, &x86_fpu_note, mxcsr_mask) == 0;
	this_cpu(x86_fpu_owner) = loaded ? thread : NULL;
	thread->work.fpu = !loaded;
	arch_irq_enable();
	return likely(loaded) ? 0 : x86_fpu_from_user_slow(thread, from);
}

u32 x86_fpu_mxcsr_mask(void)
{
	return mxcsr_mask;
}

unsigned x86_fpu_exceptions(struct arch_thread *thread, bool vectors)
{
	const u8 *area = thread->fpu;
	u16 fcw, fsw;
	u32 mxcsr;

	x86_fpu_sync(thread);
	memcpy(&fcw, area + FXSAVE_FCW, sizeof(fcw));
	memcpy(&fsw, area + FXSAVE_FSW, sizeof(fsw));
	memcpy(&mxcsr, area + FXSAVE_MXCSR, sizeof(mxcsr));
	return (vectors ? mxcsr & ~(mxcsr >> MXCSR_HELD)
			: fsw & ~(unsigned)fcw) &
	       FP_EXCEPTIONS;
}

/* WRFSBASE and WRGSBASE work in user mode: ask the registers themselves. */
static void pointers_save(struct arch_thread *thread)
{
	if (!x86_has(X86_FSGSBASE)) {
		return;
	}
	__asm__ volatile("rdfsbase %0" : "=r"(thread->fs_base));
	thread->gs_base = x86_rdmsr(MSR_KERNEL_GS_BASE);
}

static inline void registers_save(struct arch_thread *prev)
{
	if (likely(this_cpu(x86_fpu_owner) == prev)) {
		fpu_save(prev->fpu);
		this_cpu(x86_fpu_owner) = NULL;
	}
}

/* One of the two is a kernel thread, or the processor is an old one. */
static noinline void switch_others(struct arch_thread *prev,
				   struct arch_thread *next)
{
	if (prev->fpu != NULL) {
		registers_save(prev);
	}
	if (prev->fpu != NULL && next->fpu != NULL) {
		x86_pointers_exchange(prev, next);
	} else if (prev->fpu != NULL) {
		pointers_save(prev);
	} else {
		x86_pointers_load(next);
	}
	if (next->fpu != NULL) {
		next->work.fpu = 1;
		x86_set_kernel_sp(next->kernel_sp);
	}
}

void arch_switch_user(struct arch_thread *prev, struct arch_thread *next)
{
	u32 mask = x86_pass_mask;

	if (unlikely(mask == 0 || prev->fpu == NULL || next->fpu == NULL)) {
		switch_others(prev, next);
		return;
	}
	if (likely(this_cpu(x86_fpu_owner) == prev)) {
		x86_xsave_changed(prev->fpu, mask);
		this_cpu(x86_fpu_owner) = NULL;
	}
	x86_pointers_swap(prev, next);
	next->work.fpu = 1;
	x86_set_kernel_sp(next->kernel_sp);
}

void arch_set_fs_base(u64 base)
{
	u64 flags = arch_irq_save();

	arch_current()->fs_base = base;
	x86_wrmsr(MSR_FS_BASE, base);
	arch_irq_restore(flags);
}

u64 arch_fs_base(void)
{
	return x86_rdmsr(MSR_FS_BASE);
}

void arch_set_gs_base(u64 base)
{
	u64 flags = arch_irq_save();

	arch_current()->gs_base = base;
	x86_wrmsr(MSR_KERNEL_GS_BASE, base);
	arch_irq_restore(flags);
}

u64 arch_gs_base(void)
{
	return x86_rdmsr(MSR_KERNEL_GS_BASE);
}
