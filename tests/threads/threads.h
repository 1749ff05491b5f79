/* SPDX-License-Identifier: MIT */
/*
 * Processors played by threads of the host, for tests under ThreadSanitizer.
 */
#ifndef EXO_TESTS_THREADS_THREADS_H
#define EXO_TESTS_THREADS_THREADS_H

#include "lib/types.h"

#define PROCESSORS 4

/*
 * Calls fn(cpu) on PROCESSORS threads at once, each with its own per-CPU data
 * and trace ring, and waits until all have returned.
 */
void run_on_processors(void (*fn)(unsigned cpu));

/*
 * What the local timer does: runs the kernel's timer interrupt on this
 * processor.  The kernel has registered it (irq_register_vector()).
 */
void processor_timer_interrupt(void);

#endif
