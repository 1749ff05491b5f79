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

int x86_apic_init(phys_t base, bool take_8259)
{
	u64 msr;

	if (!x86_has(X86_APIC)) {
		return -ENODEV;
	}
	msr = x86_rdmsr(MSR_APIC_BASE) | APIC_BASE_ENABLE;
	if (x86_has(X86_X2APIC)) {
		msr |= APIC_BASE_X2APIC;
	} else if (apic == NULL) {
		apic = arch_map_device(base, APIC_BYTES, PROT_PAGE_UNCACHED);
		if (apic == NULL) {
			return -ENOMEM;
		}
	}
	x86_wrmsr(MSR_APIC_BASE, msr);
	x86_apic_write(APIC_SPURIOUS, APIC_ENABLE | VECTOR_SPURIOUS);
	x86_apic_write(APIC_LVT_TIMER, APIC_LVT_MASKED);
	x86_apic_write(APIC_LVT_ERROR, APIC_LVT_MASKED);
	x86_apic_write(APIC_LVT_LINT0,
		       take_8259 ? APIC_LVT_EXTINT : APIC_LVT_MASKED);
	x86_apic_write(APIC_LVT_LINT1, APIC_LVT_NMI);
	return 0;
}
