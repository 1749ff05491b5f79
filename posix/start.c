/* SPDX-License-Identifier: MIT */
/*
 * Processes that the kernel starts: the first program, and those of tests and
 * benchmarks.
 */
#include "fs/context.h"
#include "kernel/log.h"
#include "lib/errno.h"
#include "posix/descriptors.h"
#include "posix/process.h"

/* Descriptors 0 to 2 for the file, whose reference it takes. */
static int stdio_open(struct descriptors *d, struct file *file)
{
	int err = 0;

	for (u64 fd = 0; fd < 3 && err == 0; fd++) {
		err = descriptors_set(d, file_get(file), fd, false);
	}
	file_put(file);
	return err;
}

static void start_thread(void *arg)
{
	const struct process_start *start = arg;
	int err = stdio_open(start->process->descriptors, start->stdio);

	if (err == 0) {
		err = process_exec(start->path, start->argv, start->envp);
	}
	log_error("%s cannot be started: %s", start->path, errno_name(err));
	process_exit_group(STATUS_EXITED(PROCESS_NOT_STARTED));
}

int process_start(struct process_start *start)
{
	struct process *p = process_create(start->pid);
	struct task *task = NULL;

	if (p != NULL) {
		limits_init(p);
		p->descriptors = descriptors_create();
		p->fs = fs_context_create();
		if (p->descriptors != NULL && p->fs != NULL) {
			task = task_create(p, NULL, start_thread, start);
		}
	}
	if (task == NULL) {
		file_put(start->stdio);
		if (p != NULL) {
			process_discard(p);
		}
		return -ENOMEM;
	}
	WITH_PROCESSES () {
		process_enlist_locked(p, NULL);
	}
	start->process = p;
	task_start(task);
	return 0;
}
