/* SPDX-License-Identifier: MIT */
/*
 * The numbers that NASM files need, taken from C: compiled to assembly, from
 * which the Makefile makes offsets.inc.  No code of this file is linked.
 */
#include "arch/boot.h"
#include "arch/paging.h"
#include "arch/percpu.h"
#include "arch/thread.h"
#include "arch/trap.h"
#include "arch/vectors.h"
#include "arch/x86_64/cpu_tables.h"
#include "arch/x86_64/frame.h"
#include "arch/x86_64/fpu.h"
#include "arch/x86_64/segments.h"
#include "arch/x86_64/signal_frame.h"
#include "arch/x86_64/smp.h"
#include "lib/errno.h"

#define OFFSET(name, value) \
	__asm__ volatile("\n#->" #name " %0" ::"i"((u64)(value)))

#define HEAD(name, field) OFFSET(name, offsetof(struct percpu_head, field))
#define THREAD(name, field) \
	OFFSET(name, ARCH_THREAD_AT + offsetof(struct arch_thread, field))
#define FRAME(name, field)  OFFSET(name, offsetof(struct trap_frame, field))
#define SIGNAL(name, field) OFFSET(name, offsetof(struct signal_frame, field))
#define ENTRY(name, field)  OFFSET(name, offsetof(struct signal_entry, field))
#define BACK(name, field)   OFFSET(name, offsetof(struct signal_back, field))
#define NOTE(name, field)   OFFSET(name, offsetof(struct x86_fpu_note, field))

/* Bit n: exception n pushes an error code. */
enum {
#define VECTOR(name, number, text)
#define EXCEPTION(number, mnemonic, text, error) +((error) << (number))
	EXCEPTION_ERROR_MASK = 0
#include "arch/vectors.def"
#undef EXCEPTION
#undef VECTOR
};

void offsets(void);

static void signal_offsets(void)
{
	SIGNAL(SIGNAL_FLAGS, flags);
	SIGNAL(SIGNAL_STACK, stack);
	SIGNAL(SIGNAL_CONTEXT, context);
	SIGNAL(SIGNAL_RIP, context.rip);
	SIGNAL(SIGNAL_SELECTORS, context.cs);
	SIGNAL(SIGNAL_ERROR, context.error);
	SIGNAL(SIGNAL_VECTOR, context.vector);
	SIGNAL(SIGNAL_OLD_MASK, context.old_mask);
	SIGNAL(SIGNAL_CR2, context.cr2);
	SIGNAL(SIGNAL_FPU, context.fpu);
	SIGNAL(SIGNAL_MASK, mask);
	SIGNAL(SIGNAL_INFO, info);
	OFFSET(INFO_WORDS, SIGNAL_INFO_BYTES / sizeof(u64));

	OFFSET(ERRNO_FAULT, EFAULT);
	OFFSET(ERRNO_NAMETOOLONG, ENAMETOOLONG);

	ENTRY(ENTRY_INFO, info);
	ENTRY(ENTRY_RESTORER, restorer);
	ENTRY(ENTRY_MASK, mask);
	ENTRY(ENTRY_STACK, stack);

	BACK(BACK_RIP, rip);
	BACK(BACK_FPU, fpu);
	BACK(BACK_MASK, mask);
	BACK(BACK_STACK, stack);

	OFFSET(FAULT_ADDRESS, offsetof(struct arch_user_fault, address));
	OFFSET(FAULT_VECTOR, offsetof(struct arch_user_fault, vector));
	OFFSET(FAULT_ERROR, offsetof(struct arch_user_fault, error));

	NOTE(NOTE_COMPONENTS, components);
	NOTE(NOTE_AREA_BYTES, area_bytes);
	OFFSET(NOTE_SIZE, sizeof(struct x86_fpu_note));
	OFFSET(FPU_MXCSR_AT, FPU_MXCSR_AT);
	OFFSET(FPU_NOTE_AT, FPU_NOTE_AT);
	OFFSET(FPU_MAGIC2, FPU_MAGIC2);
}

void offsets(void)
{
	OFFSET(KERNEL_BASE, KERNEL_BASE);
	OFFSET(USER_END, USER_END);
	OFFSET(BOOT_DOOR_MULTIBOOT2, BOOT_DOOR_MULTIBOOT2);
	OFFSET(BOOT_DOOR_PVH, BOOT_DOOR_PVH);

	HEAD(CPU_SELF, self);
	HEAD(CPU_CURRENT, current);
	HEAD(CPU_KERNEL_SP, kernel_sp);
	HEAD(CPU_USER_SP, user_sp);

	THREAD(THREAD_SP, sp);
	THREAD(THREAD_WORK, work);
	OFFSET(THREAD_ARCH, ARCH_THREAD_AT);
	OFFSET(WORK_FPU, 1); /* in `work`: its first byte alone */

	FRAME(FRAME_R15, r15);
	FRAME(FRAME_R14, r14);
	FRAME(FRAME_R13, r13);
	FRAME(FRAME_R12, r12);
	FRAME(FRAME_RBP, rbp);
	FRAME(FRAME_RBX, rbx);
	FRAME(FRAME_R11, r11);
	FRAME(FRAME_R10, r10);
	FRAME(FRAME_R9, r9);
	FRAME(FRAME_R8, r8);
	FRAME(FRAME_RAX, rax);
	FRAME(FRAME_RCX, rcx);
	FRAME(FRAME_RDX, rdx);
	FRAME(FRAME_RSI, rsi);
	FRAME(FRAME_RDI, rdi);
	FRAME(FRAME_VECTOR, vector);
	FRAME(FRAME_ERROR, error);
	FRAME(FRAME_RIP, rip);
	FRAME(FRAME_CS, cs);
	FRAME(FRAME_RFLAGS, rflags);
	FRAME(FRAME_RSP, rsp);
	FRAME(FRAME_SS, ss);
	OFFSET(FRAME_SIZE, sizeof(struct trap_frame));
	OFFSET(FRAME_SYSCALL, FRAME_SYSCALL);
	OFFSET(EXO_CALL_FIRST, EXO_CALL_FIRST);

	signal_offsets();

	OFFSET(TRAMPOLINE_BASE, TRAMPOLINE_BASE);
	OFFSET(AP_CR3, offsetof(struct x86_ap_start, cr3));
	OFFSET(AP_STACK, offsetof(struct x86_ap_start, stack_top));
	OFFSET(AP_AREA, offsetof(struct x86_ap_start, area));
	OFFSET(AP_SIZE, sizeof(struct x86_ap_start));

	OFFSET(KERNEL_CS, KERNEL_CS);
	OFFSET(USER_CS, USER_CS);
	OFFSET(USER_SS, USER_SS);
	OFFSET(VECTOR_ISA, VECTOR_ISA);
	OFFSET(VECTOR_LOCAL_FIRST, VECTOR_LOCAL_FIRST);

	OFFSET(EXCEPTION_ERROR_MASK, EXCEPTION_ERROR_MASK);
}
