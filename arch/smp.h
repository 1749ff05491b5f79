/* SPDX-License-Identifier: MIT */
/*
 * Starting other processors and talking to them.
 */
#ifndef EXO_ARCH_SMP_H
#define EXO_ARCH_SMP_H

#include "lib/types.h"

struct thread;
struct trap_frame;

/* What a new processor is given, for ever if it starts. */
struct cpu_start {
	unsigned cpu;        /* its index */
	u32 hardware_id;     /* local APIC number */
	void *area;          /* per-CPU data: arch_percpu_bytes(), zeroed */
	void *tables;        /* arch_cpu_tables_bytes(), zeroed, 64-aligned */
	struct thread *idle; /* on whose kernel stack it begins */
	u64 stack_top;
	void (*rest)(void); /* called between looks at one that is slow */
};

size_t arch_percpu_bytes(void);
size_t arch_cpu_tables_bytes(void);

/* The hardware's number of the running processor. */
u32 arch_cpu_hardware_id(void);

/*
 * Starts a processor and waits until cpu_main() is about to run on it.
 * Context: thread, one at a time.  Errors: -ENXIO if no interrupt reaches that
 * number, -ETIMEDOUT if it does not answer, -EIO if its cycle counter disagrees
 * with ours; it is stopped then and uses nothing of `start` any more.
 */
must_check int arch_cpu_start(const struct cpu_start *start);

/*
 * Upward call, defined by boot/: the first portable function of a started
 * processor, on its idle thread's stack, interrupts off.
 */
noreturn void cpu_main(unsigned cpu);

/* Interrupts another processor at `vector`. Context: any. */
void arch_ipi_send(unsigned cpu, unsigned vector);

/*
 * Stops every other processor for good by NMI; each calls panic_stopped()
 * first.  Context: panic.
 */
void arch_stop_others(void);

/* Upward call, defined by kernel/: the NMI of arch_stop_others(). */
bool panic_stopped(struct trap_frame *frame);

#endif
