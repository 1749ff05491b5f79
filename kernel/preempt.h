/* SPDX-License-Identifier: MIT */
/*
 * Keeping the running thread on its processor.  Sections nest; a reschedule
 * that was asked for meanwhile happens when the outermost one ends.
 */
#ifndef EXO_KERNEL_PREEMPT_H
#define EXO_KERNEL_PREEMPT_H

#include "arch/cpu.h"

static inline void preempt_off(void)
{
	arch_preempt_inc();
}

static inline void preempt_on(void)
{
	if (unlikely(arch_preempt_dec())) {
		arch_preempt();
	}
}

static inline void preempt_guard_exit_(const int *guard)
{
	(void)guard;
	preempt_on();
}

#define PREEMPT_GUARDED_(guard)                                        \
	for (int guard __attribute__((cleanup(preempt_guard_exit_))) = \
		     (preempt_off(), 1);                               \
	     guard; guard = 0)

/* Runs the statement behind it with preemption off; any way out ends it. */
#define WITH_PREEMPT_OFF() PREEMPT_GUARDED_(CONCAT(guard_, __LINE__))

#endif
