/* SPDX-License-Identifier: MIT */
/*
 * Interrupt handlers.  A handler runs with interrupts off and must not sleep.
 */
#ifndef EXO_KERNEL_IRQ_H
#define EXO_KERNEL_IRQ_H

#include "lib/types.h"

/*
 * Calls `handler(arg)` for ISA interrupt `isa_irq` (0..15) from now on.
 * Errors: -EBUSY if it has a handler, -ENODEV, -EINVAL.  Context: thread.
 */
must_check int irq_register_isa(unsigned isa_irq, void (*handler)(void *),
				void *arg);

/* Likewise for a vector of the kernel's own (arch/vectors.def). */
must_check int irq_register_vector(unsigned vector, void (*handler)(void *),
				   void *arg);

/* Interrupts of that vector so far, on all processors. */
u64 irq_count(unsigned vector);

/* True while this processor runs a handler. */
bool irq_active(void);

/* True if the handler that runs here interrupted user mode. */
bool irq_from_user(void);

/*
 * Upward call, defined by sched/: an interrupt ends and somebody waits for
 * this processor.  Interrupts off before and after.
 */
void sched_preempt_irq(void);

#endif
