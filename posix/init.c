/* SPDX-License-Identifier: MIT */
/*
 * From the command line to the first program.
 */
#include "posix/init.h"

#include "arch/cpu.h"
#include "kernel/clock.h"
#include "kernel/log.h"
#include "lib/errno.h"
#include "mm/kmem.h"
#include "posix/process.h"
#include "sched/thread.h"

/* What shells answer when a command cannot be started. */
#define STATUS_NOT_STARTED 127

/* Where programs are looked for; the command line brings the rest. */
#define DEFAULT_PATH "PATH=/sbin:/bin:/usr/sbin:/usr/bin"

static struct {
	struct process *process;
	const struct cmdline *cmdline;
	const char *envp[CMDLINE_ENV_MAX + 2];
} init;

static int console_files_open(struct process *process)
{
	struct file *console = console_file_open(FILE_READ | FILE_WRITE);

	if (console == NULL) {
		return -ENOMEM;
	}
	process->files[0] = console;
	process->files[1] = file_get(console);
	process->files[2] = file_get(console);
	return 0;
}

static void init_thread(void *arg)
{
	const struct cmdline *c = init.cmdline;
	int err;

	current_thread()->process = arg;
	err = console_files_open(arg);
	if (err == 0) {
		err = process_exec(c->argv[0], c->argv, init.envp);
	}
	log_error("init=%s cannot be started: %s", c->argv[0], errno_name(err));
	process_exit(STATUS_NOT_STARTED);
}

/* The command line's words come last: of two values the later one holds. */
static void environment_make(void)
{
	u32 n = 0;

	init.envp[n++] = DEFAULT_PATH;
	for (u32 i = 0; i < init.cmdline->envc; i++) {
		init.envp[n++] = init.cmdline->envp[i];
	}
	init.envp[n] = NULL;
}

int init_start(const struct cmdline *cmdline)
{
	init.cmdline = cmdline;
	environment_make();
	init.process = process_create();
	if (init.process == NULL) {
		return -ENOMEM;
	}
	return thread_spawn("init", init_thread, init.process);
}

int init_wait(void)
{
	return process_wait(init.process);
}

void user_entry_announce(void)
{
	static bool announced;
	u64 cycles = clock_cycles_since_boot();
	u64 us = clock_cycles_to_ns(cycles) / 1000;

	if (!announced) {
		announced = true;
		log_raw("[boot] ready in %lu.%03lu ms (%lu cycles)\n",
			us / 1000, us % 1000, cycles);
	}
}
