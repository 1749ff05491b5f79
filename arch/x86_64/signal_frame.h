/* SPDX-License-Identifier: MIT */
/*
 * The signal frame of the Linux x86_64 ABI (asm/ucontext.h, asm/sigcontext.h),
 * and what arch/x86_64/signal_frame.asm does with it.  Used by signals in
 * arch/x86_64/ alone.
 */
#ifndef EXO_ARCH_X86_64_SIGNAL_FRAME_H
#define EXO_ARCH_X86_64_SIGNAL_FRAME_H

#include "arch/signal.h"
#include "arch/thread.h"
#include "arch/x86_64/frame.h"

#define SIGINFO_BYTES 128

struct sigcontext {
	u64 r8, r9, r10, r11, r12, r13, r14, r15;
	u64 rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, rflags;
	u16 cs, gs, fs, ss;
	u64 error, vector, old_mask, cr2;
	u64 fpu;
	u64 reserved[8];
};

struct signal_frame {
	u64 restorer;
	u64 flags;
	u64 link;
	struct signal_stack stack;
	struct sigcontext context;
	u64 mask;
	u64 info[SIGINFO_BYTES / sizeof(u64)]; /* siginfo_t */
};

static_assert(sizeof(struct sigcontext) == 256, "asm/sigcontext.h");
static_assert(offsetof(struct signal_frame, info) == 8 + 304, "asm/ucontext.h");

/*
 * All in one pass over user memory, which may fault in and sleep.  The range
 * is the caller's to check.  Not 0: an access failed.
 */
must_check u64 x86_signal_store(u64 to, const struct trap_frame *frame,
				const struct signal_entry *entry, u64 fpu,
				u64 flags, const struct arch_user_fault *fault);
must_check u64 x86_signal_load(u64 from, struct trap_frame *frame,
			       struct signal_back *back);

/*
 * The processor's vector registers straight to user memory, with the note and
 * the mark, and back if both are there.  Interrupts off, so that nobody else's
 * registers come between: an access that faults fails.  The range is the
 * caller's to check.  Not 0: nothing is stored for sure; the second leaves
 * the registers undefined then.
 */
struct x86_fpu_note;
must_check u64 x86_fpu_store(u64 to, const struct x86_fpu_note *note);
must_check u64 x86_fpu_load(u64 from, const struct x86_fpu_note *note,
			    u32 mxcsr_mask);

#endif
