/* SPDX-License-Identifier: MIT */
/*
 * Running the boot tasks: order, time, report.
 */
#include "boot/tasks.h"

#include "arch/cpu.h"
#include "kernel/clock.h"
#include "kernel/console.h"
#include "kernel/log.h"
#include "kernel/panic.h"
#include "lib/errno.h"
#include "trace/trace.h"

#define NEEDS(name) (1u << BOOT_TASK_##name)

static_assert(BOOT_TASK_COUNT <= 32, "a set of tasks is one word");

static const struct {
	const char *name;
	int (*fn)(void);
	enum boot_phase phase;
	u32 needs; /* set of tasks */
} tasks[] = {
#define BOOT_TASK(phase, name, needs, fn) { #name, fn, BOOT_##phase, needs },
#include "boot/tasks.def"
#undef BOOT_TASK
};

static const char *const phase_names[] = { "critical", "essential",
					   "optional" };

static struct {
	u32 done;     /* set of tasks */
	u32 reported; /* set of tasks */
	u64 cycles[BOOT_TASK_COUNT];
} state;

static void report(enum boot_task task, const char *result)
{
	log_raw("[boot] %-9s %-12s %s  %lu us\n",
		phase_names[tasks[task].phase], tasks[task].name, result,
		clock_cycles_to_ns(state.cycles[task]) / 1000);
	state.reported |= 1u << task;
}

/* The time of the tasks before the clock is known when the clock is. */
static void report_done(void)
{
	for (unsigned i = 0; i < BOOT_TASK_COUNT && clock_ns() != 0; i++) {
		if (state.done & ~state.reported & 1u << i) {
			report(i, "ok");
		}
	}
}

static void run(enum boot_task task)
{
	u64 begin = arch_cycles();
	int err = tasks[task].fn();

	state.cycles[task] = arch_cycles() - begin;
	trace(TRACE_BOOT_TASK, tasks[task].fn, err);
	if (err == 0) {
		state.done |= 1u << task;
		report_done();
	} else if (tasks[task].phase == BOOT_OPTIONAL) {
		report(task, errno_name(err));
	} else {
		log_raw("[boot] %-9s %-12s FAILED: %s\n",
			phase_names[tasks[task].phase], tasks[task].name,
			errno_name(err));
		console_flush();
		panic_act(PANIC_EXIT_CODE);
	}
}

void boot_tasks_run(enum boot_phase phase)
{
	u32 waiting = 0;

	for (unsigned i = 0; i < BOOT_TASK_COUNT; i++) {
		waiting |= tasks[i].phase == phase ? 1u << i : 0;
	}
	while (waiting != 0) {
		u32 before = waiting;

		for (unsigned i = 0; i < BOOT_TASK_COUNT; i++) {
			if ((waiting & 1u << i) &&
			    (tasks[i].needs & ~state.done) == 0) {
				waiting &= ~(1u << i);
				run(i);
			}
		}
		if (waiting == before) {
			panic("boot tasks %#x wait for each other", waiting);
		}
	}
}

void boot_tasks_summary(void)
{
	u64 sums[ARRAY_SIZE(phase_names)] = { 0 };
	unsigned slowest = 0;

	for (unsigned i = 0; i < BOOT_TASK_COUNT; i++) {
		sums[tasks[i].phase] += state.cycles[i];
		if (state.cycles[i] > state.cycles[slowest]) {
			slowest = i;
		}
	}
	log_raw("[boot] critical %lu us, essential %lu us; longest: %s %lu "
		"us\n",
		clock_cycles_to_ns(sums[BOOT_CRITICAL]) / 1000,
		clock_cycles_to_ns(sums[BOOT_ESSENTIAL]) / 1000,
		tasks[slowest].name,
		clock_cycles_to_ns(state.cycles[slowest]) / 1000);
}
