/* SPDX-License-Identifier: MIT */
/*
 * The boot-task table (boot/tasks.def) and its runner.
 */
#ifndef EXO_BOOT_TASKS_H
#define EXO_BOOT_TASKS_H

#include "lib/types.h"

enum boot_phase {
	BOOT_CRITICAL,
	BOOT_ESSENTIAL,
	BOOT_OPTIONAL,
};

enum boot_task {
#define BOOT_TASK(phase, name, needs, fn) BOOT_TASK_##name,
#include "boot/tasks.def"
#undef BOOT_TASK
	BOOT_TASK_COUNT
};

/*
 * Each task's function: 0, or a negative errno.  Defined in boot/steps.c.
 */
#define BOOT_TASK(phase, name, needs, fn) must_check int fn(void);
#include "boot/tasks.def"
#undef BOOT_TASK

/*
 * Runs every task of the phase, in the order of the table.  A critical or
 * essential one that fails stops the machine with a message; an optional one is
 * a warning.
 */
void boot_tasks_run(enum boot_phase phase);

/*
 * Runs the tasks of the phase in threads of their own, on all processors,
 * ordered only by what they need.  Errors as boot_tasks_run().  Context:
 * thread; returns when all have ended.
 */
void boot_tasks_run_parallel(enum boot_phase phase);

/* Prints where the time went. Context: thread, the clock runs. */
void boot_tasks_summary(void);

#endif
