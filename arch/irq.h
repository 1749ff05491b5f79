/* SPDX-License-Identifier: MIT */
/*
 * Interrupt controllers and the local timer.
 */
#ifndef EXO_ARCH_IRQ_H
#define EXO_ARCH_IRQ_H

#include "lib/types.h"

#define IRQ_ISA_COUNT  16
#define IRQ_IOAPIC_MAX 8

/* Where the controllers are: ACPI's MADT, or the PC's defaults. */
struct irq_topology {
	phys_t local_apic;
	unsigned ioapic_count; /* 0: there is none, the 8259 serves */
	struct {
		phys_t base;
		u32 first_gsi;
	} ioapic[IRQ_IOAPIC_MAX];
	struct {
		u32 gsi;
		bool level;
		bool active_low;
	} isa[IRQ_ISA_COUNT]; /* where each ISA interrupt arrives */
};

/*
 * Brings up the controllers with every line masked.  Context: boot, once, on
 * the first processor, interrupts off, device mappings possible.
 * Errors: -ENODEV without a local APIC.
 */
must_check int arch_irq_init(const struct irq_topology *topology);

/* Lets an ISA interrupt through to `vector` on this processor. */
must_check int arch_irq_route_isa(unsigned isa_irq, unsigned vector);

/* The handler is done; the next interrupt may come. Context: irq. */
void arch_irq_end(unsigned vector);

/*
 * Measures the cycle counter and the local timer against a clock of known
 * rate.  Context: boot, interrupts off, after arch_irq_init().
 * Errors: -EIO if the reference clock stands still.
 */
must_check int arch_timer_calibrate(void);

/* One interrupt at VECTOR_TIMER in `delta_ns` (0: as soon as can be). */
void arch_timer_set(u64 delta_ns);

/* No timer interrupt. */
void arch_timer_stop(void);

/* For the log: "pit", "cpuid"; and the measured rates. */
const char *arch_timer_source(void);
u64 arch_timer_hz(void);

/* A moment on the cycle counter and on the reference clock, which wraps. */
struct clock_sample {
	u64 cycles;
	u64 reference_ns;
};

/* Context: any with preemption off; takes some ten microseconds. */
struct clock_sample arch_clock_sample(void);
u64 arch_reference_wrap_ns(void);

#endif
