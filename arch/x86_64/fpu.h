/* SPDX-License-Identifier: MIT */
/*
 * Vector registers.  Used by arch/x86_64/ alone.
 */
#ifndef EXO_ARCH_X86_64_FPU_H
#define EXO_ARCH_X86_64_FPU_H

#include "lib/types.h"

struct arch_thread;

/* Chooses what is saved (XCR0). Context: boot, each processor. */
void x86_fpu_init(void);

/* work.fpu: the running thread's registers come back. Interrupts off. */
void x86_fpu_restore(struct arch_thread *thread);

/*
 * The following are for the running thread; interrupts on.
 */

/* Its registers become those of a program's start. */
void x86_fpu_reset(struct arch_thread *thread);

/* What its floating point unit complains of (enum fault_float). */
unsigned x86_fpu_exceptions(struct arch_thread *thread, bool vectors);

/*
 * Signal frames (arch/x86_64/signal_fpu.c).  The registers as XSAVE or FXSAVE
 * writes them, in a form that tells its own length.  Errors: -EFAULT; the
 * second also for what XRSTOR would refuse, and then resets the registers.
 */
bool x86_fpu_is_xsave(void);
u64 x86_fpu_user_bytes(void);
must_check int x86_fpu_to_user(struct arch_thread *thread, uaddr_t to);
must_check int x86_fpu_from_user(struct arch_thread *thread, uaddr_t from);

/* The thread's area holds its registers, which go on in the processor. */
void x86_fpu_sync(struct arch_thread *thread);

/* The thread's area is about to be written: it counts, not the processor. */
void x86_fpu_detach(struct arch_thread *thread);

/* The components that are saved, as in XCR0; 0: FXSAVE. */
u32 x86_fpu_components(void);

/* The bits that MXCSR has on this processor. */
u32 x86_fpu_mxcsr_mask(void);

#endif
