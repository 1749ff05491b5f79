/* SPDX-License-Identifier: MIT */
/*
 * Descriptor tables of a processor: GDT with its TSS and emergency stacks,
 * the IDT that all share, the MSRs of SYSCALL.
 */
#include "arch/x86_64/cpu_tables.h"

#include "arch/boot.h"
#include "arch/cpu.h"
#include "arch/percpu.h"
#include "arch/vectors.h"
#include "arch/x86_64/features.h"
#include "arch/x86_64/fpu.h"
#include "arch/x86_64/segments.h"

#define MSR_EFER         0xc0000080
#define EFER_SCE         (1ul << 0)
#define MSR_STAR         0xc0000081
#define MSR_LSTAR        0xc0000082
#define MSR_CSTAR        0xc0000083
#define MSR_SYSCALL_MASK 0xc0000084

/* What SYSCALL clears: trap, interrupts, direction, nested task, alignment. */
#define SYSCALL_CLEARS (1u << 8 | 1u << 9 | 1u << 10 | 1u << 14 | 1u << 18)

/* Flat segments: present, code or data, long mode for code. */
#define GDT_KERNEL_CODE 0x00af9b000000fffful
#define GDT_KERNEL_DATA 0x00cf93000000fffful
#define GDT_USER_CODE32 0x00cffb000000fffful
#define GDT_USER_DATA   0x00cff3000000fffful
#define GDT_USER_CODE   0x00affb000000fffful
#define GDT_TSS_TYPE    0x0000890000000000ul

struct idt_gate {
	u16 offset_low;
	u16 selector;
	u8 ist;
	u8 type;
	u16 offset_middle;
	u32 offset_high;
	u32 reserved;
};

static_assert(sizeof(struct idt_gate) == 16, "SDM vol. 3, figure 6-8");

#define GATE_INTERRUPT 0x8e
#define GATE_USER      0x60 /* callable by INT from user mode */

struct table_pointer {
	u16 limit;
	u64 base;
} packed;

static struct idt_gate idt[VECTOR_COUNT] aligned(16);
static struct x86_cpu_tables boot_tables;
percpu struct x86_cpu_tables *x86_cpu_tables;
percpu_first struct percpu_head percpu_head = {
	.preempt = PREEMPT_NO_WORK,
};
char *percpu_area[MAX_CPUS];

static void gate_set(unsigned vector, const u8 *stub, enum ist ist, u8 type)
{
	u64 entry = (u64)stub;

	idt[vector] = (struct idt_gate){
		.offset_low = (u16)entry,
		.selector = KERNEL_CS,
		.ist = (u8)ist,
		.type = type,
		.offset_middle = (u16)(entry >> 16),
		.offset_high = (u32)(entry >> 32),
	};
}

static enum ist exception_ist(unsigned vector)
{
	switch (vector) {
	case EXCEPTION_DB: return IST_DEBUG;
	case EXCEPTION_NMI: return IST_NMI;
	case EXCEPTION_DF: return IST_DOUBLE_FAULT;
	case EXCEPTION_MC: return IST_MACHINE_CHECK;
	default: return IST_NONE;
	}
}

static void idt_fill(void)
{
	for (unsigned v = 0; v < EXCEPTION_COUNT; v++) {
		gate_set(v, trap_stubs_exception + v * TRAP_STUB_BYTES,
			 exception_ist(v),
			 v == EXCEPTION_BP ? GATE_INTERRUPT | GATE_USER
					   : GATE_INTERRUPT);
	}
	for (unsigned i = 0; i < 16; i++) {
		gate_set(VECTOR_ISA + i, trap_stubs_isa + i * TRAP_STUB_BYTES,
			 IST_NONE, GATE_INTERRUPT);
		gate_set(VECTOR_LOCAL_FIRST + i,
			 trap_stubs_local + i * TRAP_STUB_BYTES, IST_NONE,
			 GATE_INTERRUPT);
	}
}

static void tss_fill(struct x86_cpu_tables *tables)
{
	u64 base = (u64)&tables->tss;

	for (unsigned i = 0; i < IST_COUNT - 1; i++) {
		/* 16 bytes at the top: the per-CPU area, for the entry. */
		u64 *top = (u64 *)(tables->stacks[i] + IST_STACK_BYTES - 16);

		*top = (u64)this_cpu(percpu_head).self;
		tables->tss.ist[i] = (u64)top;
	}
	tables->tss.io_map = sizeof(tables->tss);
	tables->gdt[6] = (sizeof(tables->tss) - 1) | (base & 0xffffff) << 16 |
			 GDT_TSS_TYPE | (base >> 24 & 0xff) << 56;
	tables->gdt[7] = base >> 32;
}

static void tables_install(struct x86_cpu_tables *tables)
{
	struct table_pointer gdt = { sizeof(tables->gdt) - 1,
				     (u64)tables->gdt };
	struct table_pointer idtr = { sizeof(idt) - 1, (u64)idt };

	__asm__ volatile("lgdt %0\n\t"
			 "pushq %1\n\t"
			 "leaq 1f(%%rip), %%rax\n\t"
			 "pushq %%rax\n\t"
			 "lretq\n"
			 "1:\tmovl %2, %%eax\n\t"
			 "movl %%eax, %%ss\n\t"
			 "movl %%eax, %%ds\n\t"
			 "movl %%eax, %%es\n\t"
			 "lidt %3\n\t"
			 "movw %4, %%ax\n\t"
			 "ltr %%ax"
			 :
			 : "m"(gdt), "i"(KERNEL_CS), "i"(KERNEL_SS), "m"(idtr),
			   "i"(TSS_SELECTOR)
			 : "rax", "memory");
}

void x86_tables_load(struct x86_cpu_tables *tables)
{
	tables->gdt[KERNEL_CS / 8] = GDT_KERNEL_CODE;
	tables->gdt[KERNEL_SS / 8] = GDT_KERNEL_DATA;
	tables->gdt[SYSRET_BASE / 8] = GDT_USER_CODE32;
	tables->gdt[USER_SS / 8] = GDT_USER_DATA;
	tables->gdt[USER_CS / 8] = GDT_USER_CODE;
	tss_fill(tables);
	tables_install(tables);
	this_cpu(x86_cpu_tables) = tables;
}

/* SYSRET copies the selectors as they stand: their RPL bits are set here. */
void x86_syscall_init(void)
{
	x86_wrmsr(MSR_EFER, x86_rdmsr(MSR_EFER) | EFER_SCE);
	x86_wrmsr(MSR_STAR,
		  (u64)(SYSRET_BASE | 3) << 48 | (u64)KERNEL_CS << 32);
	x86_wrmsr(MSR_LSTAR, (u64)syscall_entry);
	x86_wrmsr(MSR_CSTAR, (u64)syscall_entry_compat);
	x86_wrmsr(MSR_SYSCALL_MASK, SYSCALL_CLEARS);
}

static_assert(USER_SS == ((SYSRET_BASE | 3) + 8) &&
		      USER_CS == ((SYSRET_BASE | 3) + 16),
	      "what SYSRET loads (SDM vol. 2, SYSRET)");

void arch_cpu_init(void)
{
	percpu_area[0] = this_cpu(percpu_head).self;
	x86_features_detect();
	x86_features_enable();
	idt_fill();
	x86_tables_load(&boot_tables);
	x86_syscall_init();
	x86_fpu_init();
}
