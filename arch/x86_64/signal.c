/* SPDX-License-Identifier: MIT */
/*
 * The signal frame of the Linux x86_64 ABI (asm/ucontext.h, asm/sigcontext.h).
 * From the top of the stack down: the vector registers, 64-aligned; siginfo_t;
 * ucontext_t; the return address, where the handler's stack pointer is.
 *
 * A program may write whatever it likes there before it returns.  So no value
 * is loaded that could fault in the kernel: the selectors are always the
 * user's, of the flags only those that user mode may change are taken, an
 * address that is not canonical (IRET would fault on it) is refused, and so are
 * vector registers that XRSTOR would refuse.
 */
#include "arch/signal.h"

#include "arch/cpu.h"
#include "arch/paging.h"
#include "arch/thread.h"
#include "arch/trap.h"
#include "arch/user.h"
#include "arch/x86_64/fpu.h"
#include "arch/x86_64/frame.h"
#include "arch/x86_64/segments.h"
#include "arch/x86_64/signal_frame.h"
#include "arch/x86_64/trap.h"
#include "lib/errno.h"
#include "lib/string.h"

#define RED_ZONE_BYTES 128
#define SYSCALL_BYTES  2 /* of the instruction */

/* What user mode may change: CF PF AF ZF SF TF DF OF RF AC. */
#define FLAGS_TF (1ul << 8)
#define FLAGS_DF (1ul << 10)
#define FLAGS_RF (1ul << 16)
#define FLAGS_USER \
	(0xd5ul | FLAGS_TF | FLAGS_DF | 1ul << 11 | FLAGS_RF | 1ul << 18)

/* uc_flags: SS is there, and stays; the vector registers are XSAVE's. */
#define UC_FP_XSTATE     1
#define UC_SEGMENT_STACK 6

#define FRAME_BYTES      sizeof(struct signal_frame)

static bool canonical(u64 address)
{
	return (u64)((s64)(address << 16) >> 16) == address;
}

static struct arch_thread *self(void)
{
	return arch_current();
}

u64 arch_signal_frame_bytes(void)
{
	return FRAME_BYTES + x86_fpu_note.user_bytes + 64 + 16;
}

static u64 uc_flags(void)
{
	return UC_SEGMENT_STACK | (x86_fpu_note.components ? UC_FP_XSTATE : 0);
}

int arch_signal_enter(struct trap_frame *frame, const struct signal_entry *e)
{
	u64 top = e->top ? e->top : frame->rsp - RED_ZONE_BYTES;
	u64 fpu = ALIGN_DOWN(top - x86_fpu_note.user_bytes, 64);
	/* As behind a call: 16-aligned but for the return address. */
	u64 sp = ALIGN_DOWN(fpu - FRAME_BYTES, 16) - sizeof(u64);

	/* Below zero, it has come round. */
	if (sp > top || sp < e->low || !canonical(e->handler)) {
		return -EFAULT;
	}
	if (!user_range_ok(uaddr(sp), FRAME_BYTES) ||
	    x86_signal_store(sp, frame, e, fpu, uc_flags(), &self()->fault) ||
	    x86_fpu_to_user(self(), uaddr(fpu)) != 0) {
		return -EFAULT;
	}
	frame->vector = 0;
	frame->rdi = e->signal;
	frame->rsi = sp + offsetof(struct signal_frame, info);
	frame->rdx = sp + offsetof(struct signal_frame, flags);
	frame->rax = 0;
	frame->rsp = sp;
	frame->rip = e->handler;
	frame->rflags &= ~(FLAGS_TF | FLAGS_DF | FLAGS_RF);
	return 0;
}

int arch_signal_return(struct trap_frame *frame, struct signal_back *back)
{
	/* The handler's RET has taken the return address. */
	u64 from = frame->rsp - sizeof(u64);

	frame->vector = 0;
	if (!user_range_ok(uaddr(from), offsetof(struct signal_frame, info)) ||
	    x86_signal_load(from, frame, back) != 0) {
		return -EFAULT;
	}
	frame->rip = back->rip;
	frame->rflags =
		(frame->rflags & ~FLAGS_USER) | (back->rflags & FLAGS_USER);
	if ((u16)back->selectors != USER_CS ||
	    back->selectors >> 48 != USER_SS || !canonical(back->rip)) {
		return -EFAULT;
	}
	return x86_fpu_from_user(self(), uaddr(back->fpu));
}

/* SYSCALL has lost two registers. */
void arch_syscall_complete(struct trap_frame *frame, long result)
{
	frame->rax = (u64)result;
	frame->rcx = frame->rip;
	frame->r11 = frame->rflags;
}

void arch_syscall_leave(struct trap_frame *frame)
{
	arch_irq_disable();
	x86_leave(frame);
}

bool arch_syscall_ended(struct trap_frame *frame, long *result)
{
	bool ended = frame->vector == FRAME_SYSCALL;

	frame->vector = 0;
	*result = (long)frame->rax;
	return ended;
}

void arch_syscall_set_result(struct trap_frame *frame, long result)
{
	frame->rax = (u64)result;
}

void arch_syscall_repeat(struct trap_frame *frame)
{
	frame->rax = frame->error;
	frame->rip -= SYSCALL_BYTES;
}
