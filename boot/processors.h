/* SPDX-License-Identifier: MIT */
/*
 * Bringing up one more processor.
 */
#ifndef EXO_BOOT_PROCESSORS_H
#define EXO_BOOT_PROCESSORS_H

#include "lib/types.h"

/*
 * Starts the processor with that hardware number as number `cpu`, which no
 * other has, and waits until it schedules.  One that does not come is left
 * out with a warning and everything that it was given is free again.
 * Context: thread, one at a time.  Errors: -ENOMEM, those of arch_cpu_start().
 */
must_check int processor_start(unsigned cpu, u32 hardware_id);

/* Gives this processor its trace ring. Errors: -ENOMEM. Context: boot. */
must_check int processor_trace_ring(void);

#endif
