/* SPDX-License-Identifier: MIT */
/*
 * From the command line to the first program.
 */
#include "posix/init.h"

#include "kernel/clock.h"
#include "kernel/log.h"
#include "lib/errno.h"
#include "posix/abi_file.h"
#include "posix/process.h"
#include "posix/syscall.h"
#include "trace/trace.h"

/* Where programs are looked for; the command line brings the rest. */
#define DEFAULT_PATH "PATH=/sbin:/bin:/usr/sbin:/usr/bin"

static struct {
	struct process_start start;
	const char *envp[CMDLINE_ENV_MAX + 2];
} init;

/* The command line's words come last: of two values the later one holds. */
static void environment_make(const struct cmdline *cmdline)
{
	u32 n = 0;

	init.envp[n++] = DEFAULT_PATH;
	for (u32 i = 0; i < cmdline->envc; i++) {
		init.envp[n++] = cmdline->envp[i];
	}
	init.envp[n] = NULL;
}

int init_start(const struct cmdline *cmdline)
{
	int err;

	environment_make(cmdline);
	/* All groups are recorded by default; only who names it wants lines. */
	if (cmdline->trace != NULL && (trace_groups & TRACE_EXEC_MASK)) {
		syscall_show_all();
	}
	init.start = (struct process_start){
		.path = cmdline->argv[0],
		.argv = cmdline->argv,
		.envp = init.envp,
		.pid = INIT_PID,
	};
	err = file_open("/dev/console", ABI_O_RDWR, &init.start.stdio);
	return err ? err : process_start(&init.start);
}

int init_wait(void)
{
	return process_wait(init.start.process);
}

void user_entry_announce(void)
{
	u64 cycles = clock_cycles_since_boot();
	u64 us = clock_cycles_to_ns(cycles) / 1000;

	if (process_current() == init.start.process) {
		log_raw("[boot] ready in %lu.%03lu ms (%lu cycles)\n",
			us / 1000, us % 1000, cycles);
	}
}
