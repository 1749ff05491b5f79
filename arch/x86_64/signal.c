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
#include "lib/errno.h"
#include "lib/string.h"

#define RED_ZONE_BYTES 128
#define SYSCALL_BYTES  2 /* of the instruction */
#define INFO_BYTES     128

/* What user mode may change: CF PF AF ZF SF TF DF OF RF AC. */
#define FLAGS_TF (1ul << 8)
#define FLAGS_DF (1ul << 10)
#define FLAGS_RF (1ul << 16)
#define FLAGS_USER \
	(0xd5ul | FLAGS_TF | FLAGS_DF | 1ul << 11 | FLAGS_RF | 1ul << 18)

/* uc_flags: SS is there, and stays; the vector registers are XSAVE's. */
#define UC_FP_XSTATE     1
#define UC_SEGMENT_STACK 6

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
};

/* With siginfo_t behind it, as it is written. */
struct whole_frame {
	struct signal_frame f;
	u64 info[INFO_BYTES / sizeof(u64)];
};

#define FRAME_BYTES sizeof(struct whole_frame)

static_assert(sizeof(struct sigcontext) == 256, "asm/sigcontext.h");
static_assert(sizeof(struct signal_frame) == 8 + 304, "asm/ucontext.h");

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
	return FRAME_BYTES + x86_fpu_user_bytes() + 64 + 16;
}

/* The registers of the interrupted program; what is not set here is zero. */
static void context_fill(struct sigcontext *c, const struct trap_frame *f)
{
	const struct arch_user_fault *fault = &self()->fault;

	c->r8 = f->r8;
	c->r9 = f->r9;
	c->r10 = f->r10;
	c->r11 = f->r11;
	c->r12 = f->r12;
	c->r13 = f->r13;
	c->r14 = f->r14;
	c->r15 = f->r15;
	c->rdi = f->rdi;
	c->rsi = f->rsi;
	c->rbp = f->rbp;
	c->rbx = f->rbx;
	c->rdx = f->rdx;
	c->rax = f->rax;
	c->rcx = f->rcx;
	c->rsp = f->rsp;
	c->rip = f->rip;
	c->rflags = f->rflags;
	c->cs = (u16)f->cs;
	c->gs = c->fs = 0;
	c->ss = (u16)f->ss;
	c->error = fault->error;
	c->vector = fault->vector;
	c->cr2 = fault->address;
}

static void context_take(const struct sigcontext *c, struct trap_frame *f)
{
	f->r8 = c->r8;
	f->r9 = c->r9;
	f->r10 = c->r10;
	f->r11 = c->r11;
	f->r12 = c->r12;
	f->r13 = c->r13;
	f->r14 = c->r14;
	f->r15 = c->r15;
	f->rdi = c->rdi;
	f->rsi = c->rsi;
	f->rbp = c->rbp;
	f->rbx = c->rbx;
	f->rdx = c->rdx;
	f->rax = c->rax;
	f->rcx = c->rcx;
	f->rsp = c->rsp;
	f->rip = c->rip;
	f->rflags = (f->rflags & ~FLAGS_USER) | (c->rflags & FLAGS_USER);
}

static int frame_write(u64 sp, u64 fpu, const struct trap_frame *f,
		       const struct signal_entry *e)
{
	struct whole_frame out;
	const u64 *info = e->info;

	out.f.restorer = e->restorer;
	out.f.flags =
		UC_SEGMENT_STACK | (x86_fpu_is_xsave() ? UC_FP_XSTATE : 0);
	out.f.link = 0;
	out.f.stack = e->stack;
	out.f.mask = e->mask;
	context_fill(&out.f.context, f);
	out.f.context.old_mask = e->mask;
	out.f.context.fpu = fpu;
	for (unsigned i = 0; i < ARRAY_SIZE(out.f.context.reserved); i++) {
		out.f.context.reserved[i] = 0;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(out.info); i++) {
		out.info[i] = i < SIGNAL_INFO_BYTES / sizeof(u64) ? info[i] : 0;
	}
	return copy_to_user(uaddr(sp), &out, sizeof(out));
}

int arch_signal_enter(struct trap_frame *frame, const struct signal_entry *e)
{
	u64 top = e->top ? e->top : frame->rsp - RED_ZONE_BYTES;
	u64 fpu = ALIGN_DOWN(top - x86_fpu_user_bytes(), 64);
	/* As behind a call: 16-aligned but for the return address. */
	u64 sp = ALIGN_DOWN(fpu - FRAME_BYTES, 16) - sizeof(u64);

	/* Below zero, it has come round. */
	if (sp > top || sp < e->low || !canonical(e->handler)) {
		return -EFAULT;
	}
	if (x86_fpu_to_user(self(), uaddr(fpu)) != 0 ||
	    frame_write(sp, fpu, frame, e) != 0) {
		return -EFAULT;
	}
	x86_fpu_reset(self());
	frame->vector = 0;
	frame->rdi = e->signal;
	frame->rsi = sp + sizeof(struct signal_frame);
	frame->rdx = sp + offsetof(struct signal_frame, flags);
	frame->rax = 0;
	frame->rsp = sp;
	frame->rip = e->handler;
	frame->rflags &= ~(FLAGS_TF | FLAGS_DF | FLAGS_RF);
	return 0;
}

int arch_signal_return(struct trap_frame *frame, u64 *mask,
		       struct signal_stack *stack)
{
	struct signal_frame in;

	frame->vector = 0;
	/* The handler's RET has taken the return address. */
	if (copy_from_user(&in, uaddr(frame->rsp - sizeof(u64)), sizeof(in)) !=
	    0) {
		return -EFAULT;
	}
	*mask = in.mask;
	*stack = in.stack;
	context_take(&in.context, frame);
	if (in.context.cs != USER_CS || in.context.ss != USER_SS ||
	    !canonical(frame->rip)) {
		return -EFAULT;
	}
	return x86_fpu_from_user(self(), uaddr(in.context.fpu));
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
