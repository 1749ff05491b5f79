/* SPDX-License-Identifier: MIT */
/*
 * The local APIC.
 */
#include "arch/x86_64/apic.h"

#include "arch/cpu.h"
#include "arch/paging.h"
#include "arch/vectors.h"
#include "arch/x86_64/features.h"
#include "lib/errno.h"

#define MSR_APIC_BASE    0x1b
#define APIC_BASE_ENABLE (1u << 11)
#define APIC_BASE_X2APIC (1u << 10)
#define MSR_X2APIC       0x800 /* + register / 16 */
#define APIC_BYTES       0x1000

/* Interrupt command register (SDM vol. 3, 10.6.1). */
#define ICR_PENDING      (1u << 12)
#define ICR_ALL_BUT_SELF (3u << 18)

/* NULL while the registers are MSRs. */
static volatile u32 *apic;

u32 x86_apic_read(enum apic_register reg)
{
	return apic ? apic[reg / 4] : (u32)x86_rdmsr(MSR_X2APIC + reg / 16);
}

void x86_apic_write(enum apic_register reg, u32 value)
{
	if (apic) {
		apic[reg / 4] = value;
	} else {
		x86_wrmsr(MSR_X2APIC + reg / 16, value);
	}
}

u32 x86_apic_id(void)
{
	u32 id = x86_apic_read(APIC_ID);

	return apic ? id >> 24 : id;
}

/* The highest number of either kind means all of them. */
bool x86_apic_reaches(u32 hardware_id)
{
	return hardware_id < (apic ? 0xffu : ~0u);
}

/* Between the two halves of the command no other may come. */
static void command(u32 hardware_id, u32 what)
{
	u64 flags;

	if (apic == NULL) {
		x86_wrmsr(MSR_X2APIC + APIC_ICR_LOW / 16,
			  (u64)hardware_id << 32 | what);
		return;
	}
	flags = arch_irq_save();
	while (x86_apic_read(APIC_ICR_LOW) & ICR_PENDING) {
		arch_relax();
	}
	x86_apic_write(APIC_ICR_HIGH, hardware_id << 24);
	x86_apic_write(APIC_ICR_LOW, what);
	arch_irq_restore(flags);
}

void x86_apic_ipi(u32 hardware_id, u32 what)
{
	/* WRMSR to an x2APIC does not wait for stores (SDM vol. 3, 10.12.3). */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	command(hardware_id, what);
}

void x86_apic_ipi_others(u32 what)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	command(0, what | ICR_ALL_BUT_SELF);
}

static void enable(bool take_8259)
{
	u64 msr = x86_rdmsr(MSR_APIC_BASE) | APIC_BASE_ENABLE;

	if (apic == NULL) {
		msr |= APIC_BASE_X2APIC;
	}
	x86_wrmsr(MSR_APIC_BASE, msr);
	x86_apic_write(APIC_SPURIOUS, APIC_ENABLE | VECTOR_SPURIOUS);
	x86_apic_write(APIC_LVT_TIMER, APIC_LVT_MASKED);
	x86_apic_write(APIC_LVT_ERROR, APIC_LVT_MASKED);
	x86_apic_write(APIC_LVT_LINT0,
		       take_8259 ? APIC_LVT_EXTINT : APIC_LVT_MASKED);
	x86_apic_write(APIC_LVT_LINT1, APIC_LVT_NMI);
}

int x86_apic_init(phys_t base, bool take_8259)
{
	if (!x86_has(X86_APIC)) {
		return -ENODEV;
	}
	if (!x86_has(X86_X2APIC)) {
		apic = arch_map_device(base, APIC_BYTES, PROT_PAGE_UNCACHED);
		if (apic == NULL) {
			return -ENOMEM;
		}
	}
	enable(take_8259);
	return 0;
}

int x86_apic_init_cpu(void)
{
	if (apic == NULL && !x86_has(X86_X2APIC)) {
		return -ENODEV;
	}
	enable(false);
	return 0;
}
