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

/*
 * From now on a trace ring has `count` records, rounded down to a power of two
 * that is sensible.  Context: boot, before the first ring.
 */
void processors_set_trace(u64 count);

/* Gives this processor its trace ring. Errors: -ENOMEM. Context: boot. */
must_check int processor_trace_ring(void);

#endif
