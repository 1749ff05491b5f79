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
	process->pid = __atomic_fetch_add(&next_pid, 1, __ATOMIC_RELAXED);
	mutex_init(&process->mutex, LOCK_PROCESS);
	return process;
}

static void files_close(struct process *process)
{
	for (unsigned i = 0; i < PROCESS_FILES; i++) {
		if (process->files[i] != NULL) {
			file_put(process->files[i]);
			process->files[i] = NULL;
		}
	}
}

void process_exit(int status)
{
	struct process *process = process_current();
	struct thread *thread = current_thread();

	trace(TRACE_EXIT, process->pid, status);
	files_close(process);
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

static void start_thread(void *arg)
{
	const struct process_start *start = arg;
	struct process *process = start->process;
	int err;

	current_thread()->process = process;
	process->files[0] = start->stdio;
	process->files[1] = file_get(start->stdio);
	process->files[2] = file_get(start->stdio);
	err = process_exec(start->path, start->argv, start->envp);
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

struct file *process_file_get(struct process *process, u64 fd)
{
	WITH_MUTEX (&process->mutex) {
		if (fd < PROCESS_FILES && process->files[fd] != NULL) {
			return file_get(process->files[fd]);
		}
	}
	return NULL;
}

int process_file_add(struct process *process, struct file *file)
{
	WITH_MUTEX (&process->mutex) {
		for (int fd = 0; fd < PROCESS_FILES; fd++) {
			if (process->files[fd] == NULL) {
				process->files[fd] = file;
				return fd;
			}
		}
	}
	return -EMFILE;
}

int process_file_close(struct process *process, u64 fd)
{
	struct file *file = NULL;

	WITH_MUTEX (&process->mutex) {
		if (fd < PROCESS_FILES) {
			file = process->files[fd];
			process->files[fd] = NULL;
		}
	}
	if (file == NULL) {
		return -EBADF;
	}
	file_put(file);
	return 0;
}
