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

/* A word of the frame below that end of a kernel stack. */
#define FRAME_WORD(end, field)                                     \
	(((u64 *)(end))[((s64)offsetof(struct trap_frame, field) - \
			 (s64)sizeof(struct trap_frame)) /         \
			(s64)sizeof(u64)])

/* The second to sixth argument of a system call: kernel stack to stack. */
static inline void x86_arguments_pass(u64 from, u64 to)
{
	FRAME_WORD(to, rsi) = FRAME_WORD(from, rsi);
	FRAME_WORD(to, rdx) = FRAME_WORD(from, rdx);
	FRAME_WORD(to, r10) = FRAME_WORD(from, r10);
	FRAME_WORD(to, r8) = FRAME_WORD(from, r8);
	FRAME_WORD(to, r9) = FRAME_WORD(from, r9);
}

/* Not a vector of the processor's: the frame is a system call's. */
#define FRAME_SYSCALL 0x100

static_assert(sizeof(struct trap_frame) % 16 == 0,
	      "entries rely on the frame keeping the stack aligned");

#endif
