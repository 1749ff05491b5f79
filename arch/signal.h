/* SPDX-License-Identifier: MIT */
/*
 * Signals as the machine sees them: the frame on the user's stack that a
 * handler runs on, the way back from it, and system calls that are repeated.
 * Context of all: the running thread with a complete trap frame, interrupts
 * on.
 */
#ifndef EXO_ARCH_SIGNAL_H
#define EXO_ARCH_SIGNAL_H

#include "lib/types.h"

struct trap_frame;

/* The bytes of siginfo_t that mean something; the other 80 are zero. */
#define SIGNAL_INFO_BYTES 48

/* Linux's stack_t. */
struct signal_stack {
	u64 base;
	u32 flags;
	u32 pad;
	u64 size_bytes;
};

struct signal_entry {
	u64 signal;
	const void *info; /* SIGNAL_INFO_BYTES, or NULL: none is asked for */
	u64 handler;
	u64 restorer;
	u64 top; /* the frame goes below it; 0: below what the stack holds */
	u64 low; /* and not below this */
	/* What arch_signal_return() finds again. */
	u64 mask;
	const struct signal_stack *stack;
};

/* What sigreturn does not take over as it stands. */
struct signal_back {
	u64 mask;
	struct signal_stack stack;
	u64 rip, rflags;
	u64 selectors; /* cs in the lowest 16 bits, ss in the highest */
	u64 fpu;
};

/*
 * Lays a frame on the user's stack and lets user mode go on in the handler,
 * with vector registers as at a program's start.
 * Errors: -EFAULT; then nothing has changed but memory below the stack.
 */
must_check int arch_signal_enter(struct trap_frame *frame,
				 const struct signal_entry *entry);

/*
 * Takes over the registers of the frame that the stack pointer points behind,
 * and tells `mask` and `stack` of the entry as the handler left them.  What the
 * frame holds is untrusted: the way back to user mode survives any of it.
 * Errors: -EFAULT; then some registers may have changed.
 */
must_check int arch_signal_return(struct trap_frame *frame,
				  struct signal_back *back);

/*
 * Makes the frame of the system call that the thread is in, one of entry.asm's
 * WHOLE_FRAME, as complete as a trap's, with the call's result.
 */
void arch_syscall_complete(struct trap_frame *frame, long result);

/* Leaves the system call for where that frame points now. */
noreturn void arch_syscall_leave(struct trap_frame *frame);

/*
 * If the frame is of a system call that was not asked for before, tells its
 * result and is true.
 */
bool arch_syscall_ended(struct trap_frame *frame, long *result);

/* Gives that system call another result, or lets user mode make it again. */
void arch_syscall_set_result(struct trap_frame *frame, long result);
void arch_syscall_repeat(struct trap_frame *frame);

/* AT_MINSIGSTKSZ: what a handler's frame takes at most. */
u64 arch_signal_frame_bytes(void);

#endif
