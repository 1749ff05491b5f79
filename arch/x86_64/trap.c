/* SPDX-License-Identifier: MIT */
/*
 * Traps: what arch/x86_64/entry.asm calls.  Interrupts go to irq_dispatch();
 * a fault is mended by the address space, by the exception table, by the
 * process that caused it, or by nobody: then it is a panic.
 */
#include "arch/trap.h"

#include "arch/cpu.h"
#include "arch/paging.h"
#include "arch/smp.h"
#include "arch/thread.h"
#include "arch/vectors.h"
#include "arch/x86_64/cpu_tables.h"
#include "arch/x86_64/fpu.h"
#include "arch/x86_64/frame.h"
#include "arch/x86_64/segments.h"
#include "arch/x86_64/trap.h"

/* enum fault_access are bits of the error code (SDM vol. 3, figure 4-12). */
#define PF_MASK (FAULT_PRESENT | FAULT_WRITE | FAULT_EXEC)

struct extable_entry {
	u64 from, to; /* instructions, not including the last */
	u64 target;
};

extern const struct extable_entry extable_start[], extable_end[];
extern const u8 x86_probe_return[];

u64 x86_probe_sp;

static const char *exception_name(u64 vector)
{
	switch (vector) {
#define VECTOR(name, number, text)
#define EXCEPTION(number, mnemonic, text, error) \
	case number:                             \
		return text;
#include "arch/vectors.def"
#undef EXCEPTION
#undef VECTOR
	default: return "reserved exception";
	}
}

static enum fault_kind exception_kind(u64 vector)
{
	switch (vector) {
	case EXCEPTION_PF: return FAULT_PAGE;
	case EXCEPTION_UD: return FAULT_ILLEGAL;
	case EXCEPTION_DE: return FAULT_DIVIDE;
	case EXCEPTION_MF:
	case EXCEPTION_XM: return FAULT_FLOAT;
	case EXCEPTION_DB: return FAULT_STEP;
	case EXCEPTION_BP: return FAULT_BREAKPOINT;
	case EXCEPTION_NP:
	case EXCEPTION_SS: return FAULT_STACK;
	case EXCEPTION_AC: return FAULT_ALIGNMENT;
	default: return FAULT_PROTECTION;
	}
}

static struct fault fault_decode(const struct trap_frame *frame)
{
	struct fault fault = { .kind = exception_kind(frame->vector),
			       .name = exception_name(frame->vector) };

	if (frame->vector == EXCEPTION_PF) {
		fault.address = x86_read_cr2();
		fault.access = frame->error & PF_MASK;
	}
	return fault;
}

/*
 * An access to user memory that was expected to fault goes on elsewhere; what
 * merely came while it ran, such as an NMI, is not its fault.
 */
static const struct extable_entry *extable_find(const struct trap_frame *frame)
{
	if (frame->vector != EXCEPTION_PF && frame->vector != EXCEPTION_GP) {
		return NULL;
	}
	for (const struct extable_entry *e = extable_start; e < extable_end;
	     e++) {
		if (frame->rip >= e->from && frame->rip < e->to) {
			return e;
		}
	}
	return NULL;
}

/* What only a signal handler wants to know. */
static void user_fault_complete(struct fault *fault,
				const struct trap_frame *frame)
{
	struct arch_thread *thread = arch_current();

	thread->fault.vector = (u32)frame->vector;
	thread->fault.error = (u32)frame->error;
	if (fault->kind == FAULT_PAGE) {
		thread->fault.address = fault->address;
	} else if (fault->kind == FAULT_FLOAT) {
		fault->floats = x86_fpu_exceptions(
			thread, frame->vector == EXCEPTION_XM);
	}
}

static void trap_from_user(struct trap_frame *frame)
{
	struct fault fault = fault_decode(frame);

	fault.unmapped = fault.address >= USER_END;
	arch_irq_enable();
	if (fault.kind != FAULT_PAGE || fault.unmapped ||
	    !aspace_fault(&fault)) {
		user_fault_complete(&fault, frame);
		user_fault(&fault, frame);
	}
	arch_irq_disable();
}

/* True if a test waited for this fault; the frame then returns to it. */
static bool probe_caught(struct trap_frame *frame)
{
#ifdef EXO_DEBUG
	if (x86_probe_sp != 0) {
		frame->rax = 1ul << 32 | frame->vector << 16 |
			     (frame->error & 0xffff);
		frame->rsp = x86_probe_sp;
		frame->rip = (u64)x86_probe_return;
		frame->ss = KERNEL_SS;
		return true;
	}
#endif
	(void)frame;
	return false;
}

static bool fault_mended(struct trap_frame *frame)
{
	const struct extable_entry *entry = extable_find(frame);
	struct fault fault = fault_decode(frame);
	bool mended;

	if (entry == NULL) {
		return false;
	}
	if (fault.kind == FAULT_PAGE && fault.address < USER_END &&
	    (frame->rflags & X86_RFLAGS_IF) && preempt_depth() == 0) {
		arch_irq_enable();
		do {
			mended = aspace_fault(&fault);
		} while (!mended && fault.no_memory && user_memory_wait());
		arch_irq_disable();
		if (mended) {
			return true;
		}
	}
	frame->rip = entry->target;
	return true;
}

static bool is_emergency(u64 vector)
{
	return vector == EXCEPTION_NMI || vector == EXCEPTION_MC;
}

void x86_trap(struct trap_frame *frame)
{
	if (frame->vector >= EXCEPTION_COUNT) {
		irq_dispatch((unsigned)frame->vector, frame);
	} else if (arch_frame_is_user(frame) && !is_emergency(frame->vector)) {
		trap_from_user(frame);
	} else if (frame->vector == EXCEPTION_NMI && panic_stopped(frame)) {
		arch_halt();
	} else if (!fault_mended(frame) && !probe_caught(frame)) {
		panic_trap(exception_name(frame->vector), frame);
	}
}

/* Interrupts off at entry and at return. */
void x86_user_work(struct trap_frame *frame)
{
	struct arch_thread *thread = arch_current();

	/* Pairs with arch_user_work_want(): later wants come again. */
	if (__atomic_exchange_n(&thread->work.user, 0, __ATOMIC_SEQ_CST)) {
		arch_irq_enable();
		user_work(frame);
		arch_irq_disable();
	} else if (thread->work.fpu) {
		thread->work.fpu = 0;
		x86_fpu_restore(thread);
	}
}

struct trap_frame *arch_user_frame(void)
{
	struct arch_thread *thread = arch_current();

	return (struct trap_frame *)thread->kernel_sp - 1;
}

u64 arch_syscall_number(void)
{
	return arch_user_frame()->error;
}

static const struct arch_thread *arch_of(const struct thread *thread)
{
	return (const void *)((const char *)thread + ARCH_THREAD_AT);
}

void arch_syscall_pass(const struct thread *from, const struct thread *to)
{
	x86_arguments_pass(arch_of(from)->kernel_sp, arch_of(to)->kernel_sp);
}

void arch_user_resume(void)
{
	struct trap_frame *frame = arch_user_frame();

	arch_irq_disable();
	x86_set_kernel_sp((u64)(frame + 1));
	x86_leave(frame);
}

void arch_enter_user(u64 entry, u64 sp)
{
	*arch_user_frame() = (struct trap_frame){
		.rip = entry,
		.cs = USER_CS,
		.rflags = X86_RFLAGS_IF,
		.rsp = sp,
		.ss = USER_SS,
	};
	arch_user_resume();
}

bool arch_frame_is_user(const struct trap_frame *frame)
{
	return (frame->cs & 3) != 0;
}

u64 arch_frame_ip(const struct trap_frame *frame)
{
	return frame->rip;
}

u64 arch_frame_sp(const struct trap_frame *frame)
{
	return frame->rsp;
}

u64 arch_frame_fp(const struct trap_frame *frame)
{
	return frame->rbp;
}

unsigned arch_frame_vector(const struct trap_frame *frame)
{
	return (unsigned)frame->vector;
}

bool arch_frame_irqs_on(const struct trap_frame *frame)
{
	return (frame->rflags & X86_RFLAGS_IF) != 0;
}

void arch_frame_print(const struct trap_frame *f,
		      void (*print)(const char *fmt, ...))
{
	print("rip %016lx  rsp %016lx  flags %08lx\n", f->rip, f->rsp,
	      f->rflags);
	print("rax %016lx  rbx %016lx  rcx %016lx\n", f->rax, f->rbx, f->rcx);
	print("rdx %016lx  rsi %016lx  rdi %016lx\n", f->rdx, f->rsi, f->rdi);
	print("rbp %016lx  r8  %016lx  r9  %016lx\n", f->rbp, f->r8, f->r9);
	print("r10 %016lx  r11 %016lx  r12 %016lx\n", f->r10, f->r11, f->r12);
	print("r13 %016lx  r14 %016lx  r15 %016lx\n", f->r13, f->r14, f->r15);
	print("cs %02lx ss %02lx  vector %lu error %lx  cr2 %016lx cr3 %lx\n",
	      f->cs, f->ss, f->vector, f->error, x86_read_cr2(),
	      x86_read_cr3());
}
