/* SPDX-License-Identifier: MIT */
/*
 * The life of a process and its descriptors.
 */
#include "posix/process.h"

#include "arch/cpu.h"
#include "kernel/log.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/kmem.h"
#include "posix/descriptors.h"
#include "sched/thread.h"
#include "trace/trace.h"

/* The first program has a number of its own. */
static u32 next_pid = 2;

struct process *process_create(void)
{
	struct process *process = kzalloc(sizeof(*process));

	if (process == NULL) {
		return NULL;
	}
	process->descriptors = descriptors_create();
	if (process->descriptors == NULL) {
		kfree(process);
		return NULL;
	}
	process->pid = __atomic_fetch_add(&next_pid, 1, __ATOMIC_RELAXED);
	mutex_init(&process->mutex, LOCK_PROCESS);
	return process;
}

void process_exit(int status)
{
	struct process *process = process_current();
	struct thread *thread = current_thread();

	trace(TRACE_EXIT, process->pid, status);
	descriptors_put(process->descriptors);
	process->descriptors = NULL;
	if (process->aspace != NULL) {
		thread->aspace = NULL;
		aspace_leave();
		aspace_put(process->aspace);
		process->aspace = NULL;
	}
	thread->process = NULL;
	process->exit_status = status;
	thread_exit();
}

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
	struct process *process = start->process;
	int err;

	current_thread()->process = process;
	err = stdio_open(process->descriptors, start->stdio);
	if (err == 0) {
		err = process_exec(start->path, start->argv, start->envp);
	}
	log_error("%s cannot be started: %s", start->path, errno_name(err));
	process_exit(PROCESS_NOT_STARTED);
}

int process_start(struct process_start *start)
{
	struct process *process = process_create();

	if (process == NULL) {
		file_put(start->stdio);
		return -ENOMEM;
	}
	process->thread = thread_create("process", start_thread, start);
	if (process->thread == NULL) {
		file_put(start->stdio);
		descriptors_put(process->descriptors);
		kfree(process);
		return -ENOMEM;
	}
	process->pid = start->pid ? start->pid : process->pid;
	start->process = process;
	thread_start(process->thread);
	return 0;
}

int process_wait(struct process *process)
{
	int status;

	thread_join(process->thread);
	status = process->exit_status;
	kfree(process);
	return status;
}
