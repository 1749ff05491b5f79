/* SPDX-License-Identifier: MIT */
/*
 * Vector registers.  Used by arch/x86_64/ alone.
 */
#ifndef EXO_ARCH_X86_64_FPU_H
#define EXO_ARCH_X86_64_FPU_H

#include "lib/types.h"

struct arch_thread;

/*
 * In signal frames: the end of FXSAVE's area (struct _fpx_sw_bytes), and
 * XSAVE's header, which is zero.
 */
struct x86_fpu_note {
	u32 magic1;
	u32 user_bytes; /* with the mark behind the area */
	u64 components; /* that are saved, as in XCR0; 0: FXSAVE */
	u32 area_bytes;
	u32 unused[7];
	u64 header[8];
};

#define FPU_MXCSR_AT 24
#define FPU_NOTE_AT  464
#define FPU_MAGIC1   0x46505853u
#define FPU_MAGIC2   0x46505845u /* the mark */

/* Constant after x86_fpu_init(). */
extern struct x86_fpu_note x86_fpu_note;

/* Chooses what is saved (XCR0). Context: boot, each processor. */
void x86_fpu_init(void);

/* work.fpu: the running thread's registers come back. Interrupts off. */
void x86_fpu_restore(struct arch_thread *thread);

/*
 * The following are for the running thread; interrupts on.
 */

/*
 * Its registers and its area become those of a program's start: XSAVE leaves
 * the most of the area's header as it finds it, and XRSTOR must find zeroes.
 */
void x86_fpu_reset(struct arch_thread *thread);

/* What its floating point unit complains of (enum fault_float). */
unsigned x86_fpu_exceptions(struct arch_thread *thread, bool vectors);

/*
 * Signal frames.  The registers as XSAVE or FXSAVE writes them, in a form that
 * tells its own length; those of a program's start take their place.  Errors:
 * -EFAULT; the second also for what XRSTOR would refuse, and then resets the
 * registers.
 */
must_check int x86_fpu_to_user(struct arch_thread *thread, uaddr_t to);
must_check int x86_fpu_from_user(struct arch_thread *thread, uaddr_t from);

/* The thread's area holds its registers, which go on in the processor. */
void x86_fpu_sync(struct arch_thread *thread);

/* The thread's area is about to be written: it counts, not the processor. */
void x86_fpu_detach(struct arch_thread *thread);

/*
 * The same where something faults or the note is not as expected, by way of
 * the thread's area; arch/x86_64/signal_fpu.c.
 */
must_check int x86_fpu_to_user_slow(struct arch_thread *thread, uaddr_t to);
must_check int x86_fpu_from_user_slow(struct arch_thread *thread, uaddr_t from);

/* The bits that MXCSR has on this processor. */
u32 x86_fpu_mxcsr_mask(void);

#endif
