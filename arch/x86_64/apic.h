/* SPDX-License-Identifier: MIT */
/*
 * The local APIC's registers (SDM vol. 3, 10.4), by MMIO or as MSRs (x2APIC).
 */
#ifndef EXO_ARCH_X86_64_APIC_H
#define EXO_ARCH_X86_64_APIC_H

#include "lib/types.h"

enum apic_register {
	APIC_ID = 0x20,
	APIC_EOI = 0xb0,
	APIC_SPURIOUS = 0xf0,
	APIC_ICR_LOW = 0x300,
	APIC_ICR_HIGH = 0x310,
	APIC_LVT_TIMER = 0x320,
	APIC_LVT_LINT0 = 0x350,
	APIC_LVT_LINT1 = 0x360,
	APIC_LVT_ERROR = 0x370,
	APIC_TIMER_INITIAL = 0x380,
	APIC_TIMER_CURRENT = 0x390,
	APIC_TIMER_DIVIDE = 0x3e0,
};

#define APIC_LVT_MASKED   (1u << 16)
#define APIC_LVT_NMI      (4u << 8)
#define APIC_LVT_EXTINT   (7u << 8)
#define APIC_LVT_DEADLINE (2u << 17)
#define APIC_ENABLE       (1u << 8)
#define APIC_DIVIDE_BY_1  0xb

/* Kinds of interprocessor interrupt; a fixed one is just its vector. */
#define APIC_IPI_NMI     (4u << 8)
#define APIC_IPI_INIT    (5u << 8 | 1u << 14)
#define APIC_IPI_STARTUP (6u << 8 | 1u << 14)

u32 x86_apic_read(enum apic_register reg);
void x86_apic_write(enum apic_register reg, u32 value);

/* Maps it and lets interrupts through.  Errors: -ENODEV, -ENOMEM. */
must_check int x86_apic_init(phys_t base, bool take_8259);

/* The same for a started processor. Errors: -ENODEV. */
must_check int x86_apic_init_cpu(void);

/* Interrupts one processor, or all but this one. Context: any. */
void x86_apic_ipi(u32 hardware_id, u32 what);
void x86_apic_ipi_others(u32 what);

/* True if an interrupt can be sent to that number alone. */
bool x86_apic_reaches(u32 hardware_id);

/* This processor's APIC number. */
u32 x86_apic_id(void);

#endif
