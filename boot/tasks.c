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
#include "kernel/waitq.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "sched/thread.h"
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
	struct waitq waitq;          /* wakes when `done` grows */
	u32 done;                    /* [waitq] set of tasks */
	u32 reported;                /* [waitq] set of tasks */
	u64 cycles[BOOT_TASK_COUNT]; /* [a] 0: not ended yet */
	u64 essential_cycles;        /* what the phase took in all */
} state = { .waitq = WAITQ_INIT(state.waitq) };

static void report(enum boot_task task, const char *result)
{
	log_raw("[boot] %-9s %-12s %s  %lu us\n",
		phase_names[tasks[task].phase], tasks[task].name, result,
		clock_cycles_to_ns(state.cycles[task]) / 1000);
}

/* The time of the tasks before the clock is known when the clock is. */
static void report_done(void)
{
	u64 flags = waitq_lock(&state.waitq);
	u32 now = clock_ns() != 0 ? state.done & ~state.reported : 0;

	state.reported |= now;
	waitq_unlock(&state.waitq, flags);
	for (unsigned i = 0; i < BOOT_TASK_COUNT; i++) {
		if (now & 1u << i) {
			report(i, "ok");
		}
	}
}

static void mark_done(enum boot_task task)
{
	WITH_SPINLOCK_IRQ (&state.waitq.lock) {
		state.done |= 1u << task;
		while (waitq_wake_one_locked(&state.waitq)) {
		}
	}
	report_done();
}

static void run(enum boot_task task)
{
	u64 begin = arch_cycles();
	int err = tasks[task].fn();

	state.cycles[task] = arch_cycles() - begin;
	trace(TRACE_BOOT_TASK, tasks[task].fn, err);
	if (err == 0) {
		mark_done(task);
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

/* A task stands behind all that it needs: no circle is possible. */
static void order_check(enum boot_task task)
{
	if (tasks[task].needs >> task != 0) {
		panic("boot task %s needs one that stands behind it",
		      tasks[task].name);
	}
}

void boot_tasks_run(enum boot_phase phase)
{
	for (unsigned i = 0; i < BOOT_TASK_COUNT; i++) {
		if (tasks[i].phase == phase) {
			order_check(i);
			run(i);
		}
	}
}

/* One task's thread: waits for what it needs. */
static void task_thread(void *arg)
{
	enum boot_task task = (enum boot_task)(u64)arg;
	u64 flags = waitq_lock(&state.waitq);

	while (tasks[task].needs & ~state.done) {
		waitq_sleep(&state.waitq, WAITQ_FOREVER);
	}
	waitq_unlock(&state.waitq, flags);
	run(task);
}

void boot_tasks_run_parallel(enum boot_phase phase)
{
	struct thread *threads[BOOT_TASK_COUNT] = { NULL };
	u64 begin = arch_cycles();

	for (unsigned i = 0; i < BOOT_TASK_COUNT; i++) {
		if (tasks[i].phase == phase) {
			order_check(i);
			threads[i] = thread_create(tasks[i].name, task_thread,
						   (void *)(u64)i);
			ASSERT(threads[i] != NULL);
			thread_start(threads[i]);
		}
	}
	for (unsigned i = 0; i < BOOT_TASK_COUNT; i++) {
		if (threads[i] != NULL) {
			thread_join(threads[i]);
		}
	}
	state.essential_cycles = arch_cycles() - begin;
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
	log_raw("[boot] critical %lu us, essential %lu us in %lu us; longest: "
		"%s %lu us\n",
		clock_cycles_to_ns(sums[BOOT_CRITICAL]) / 1000,
		clock_cycles_to_ns(sums[BOOT_ESSENTIAL]) / 1000,
		clock_cycles_to_ns(state.essential_cycles) / 1000,
		tasks[slowest].name,
		clock_cycles_to_ns(state.cycles[slowest]) / 1000);
}
