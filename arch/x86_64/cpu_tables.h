/* SPDX-License-Identifier: MIT */
/*
 * One processor's descriptor tables and emergency stacks, and the entry
 * points of arch/x86_64/entry.asm.  Used by arch/x86_64/ alone.
 */
#ifndef EXO_ARCH_X86_64_CPU_TABLES_H
#define EXO_ARCH_X86_64_CPU_TABLES_H

#include "arch/percpu.h"
#include "lib/types.h"

/* Exceptions that may strike while GS or the stack is not to be trusted. */
enum ist {
	IST_NONE,
	IST_DEBUG,
	IST_NMI,
	IST_DOUBLE_FAULT,
	IST_MACHINE_CHECK,
	IST_COUNT, /* the number of stacks is one less */
};

#define IST_STACK_BYTES    4096
#define VECTOR_LOCAL_FIRST 0xf0
#define TRAP_STUB_BYTES    16

/* 64-bit TSS (SDM vol. 3, 8.7). */
struct x86_tss {
	u32 reserved0;
	u64 rsp[3];
	u64 reserved1;
	u64 ist[7];
	u64 reserved2;
	u16 reserved3;
	u16 io_map;
} packed;

static_assert(sizeof(struct x86_tss) == 104, "SDM vol. 3, figure 8-11");

struct x86_cpu_tables {
	u64 gdt[8]; /* the TSS descriptor takes the last two */
	struct x86_tss tss;
	/* The word at each stack's top tells the entry where GS belongs. */
	u8 stacks[IST_COUNT - 1][IST_STACK_BYTES] aligned(16);
};

/* Loads the processor's GDT, TSS and IDT. Context: boot. */
void x86_tables_load(struct x86_cpu_tables *tables);

extern percpu struct x86_cpu_tables *x86_cpu_tables;

/* Sets the stack for entries from user mode, from now on. */
static inline void x86_set_kernel_sp(u64 sp)
{
	this_cpu(percpu_head).kernel_sp = sp;
	this_cpu(x86_cpu_tables)->tss.rsp[0] = sp;
}

/* Kinds of caching (PAT). Context: boot, on each processor. */
void x86_paging_init_cpu(void);

/* The local timer's mode. Context: boot, on each other processor. */
void x86_timer_init_cpu(void);

/* SYSCALL's MSRs. Context: boot, on each processor. */
void x86_syscall_init(void);

extern const u8 trap_stubs_exception[], trap_stubs_isa[], trap_stubs_local[];
extern const u8 syscall_entry[], syscall_entry_compat[];

#endif
