/* SPDX-License-Identifier: MIT */
/*
 * The first C function and the thread that brings the system up.
 */
#include "arch/boot.h"
#include "boot/crash.h"
#include "boot/steps.h"
#include "boot/tasks.h"
#include "kernel/clock.h"
#include "kernel/console.h"
#include "kernel/log.h"
#include "kernel/panic.h"
#include "kernel/random.h"
#include "posix/init.h"
#include "sched/sched.h"
#include "sched/thread.h"
#include "trace/trace.h"

static void optional_thread(void *arg)
{
	(void)arg;
	boot_tasks_run(BOOT_OPTIONAL);
}

/* Everything that may sleep, up to the end of the first program. */
static void boot_thread(void *arg)
{
	int status;

	(void)arg;
	boot_tasks_run_parallel(BOOT_ESSENTIAL);
	crash_on_purpose(boot_cmdline()->crash);
	boot_tasks_summary();
	boot_checks();
	if (init_start(boot_cmdline()) != 0 ||
	    thread_spawn("optional", optional_thread, NULL) != 0) {
		panic_act(PANIC_EXIT_CODE);
	}
	status = init_wait();
	log_raw("init exited, status %d\n", status);
	console_flush();
	arch_power_off();
}

void kernel_main(enum boot_door door, phys_t info)
{
	u64 guard;

	clock_start();
	trace_init();
	boot_set_door(door, info);
	boot_tasks_run(BOOT_CRITICAL);
	random_bytes(&guard, sizeof(guard));
	panic_guard_set(guard);
	if (thread_spawn("boot", boot_thread, NULL) != 0) {
		panic("no memory for the first thread");
	}
	sched_idle();
}
