/* SPDX-License-Identifier: MIT */
/*
 * The trap frame, as the entries in arch/x86_64/entry.asm build it.  The
 * callee-saved registers stand lowest, so that the system call entry can
 * leave them unsaved.
 */
#ifndef EXO_ARCH_X86_64_FRAME_H
#define EXO_ARCH_X86_64_FRAME_H

#include "lib/types.h"

struct trap_frame {
	u64 r15, r14, r13, r12, rbp, rbx;
	u64 r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
	u64 vector;
	u64 error; /* of a system call: its number */
	u64 rip, cs, rflags, rsp, ss;
};

/* Not a vector of the processor's: the frame is a system call's. */
#define FRAME_SYSCALL 0x100

static_assert(sizeof(struct trap_frame) % 16 == 0,
	      "entries rely on the frame keeping the stack aligned");

#endif
