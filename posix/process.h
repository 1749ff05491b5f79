/* SPDX-License-Identifier: MIT */
/*
 * Processes: an address space, descriptors and an identity, shared by threads.
 */
#ifndef EXO_POSIX_PROCESS_H
#define EXO_POSIX_PROCESS_H

#include "fs/file.h"
#include "kernel/mutex.h"
#include "lib/types.h"
#include "mm/aspace.h"
#include "sched/thread.h"

#define PROCESS_NAME_BYTES 16
#define PROCESS_PATH_BYTES 256

struct process {
	u32 pid;                         /* [I] */
	struct aspace *aspace;           /* [I] until it ends */
	struct descriptors *descriptors; /* [I] until it ends */
	struct mutex mutex;              /* LOCK_PROCESS: the fields below */
	char name[PROCESS_NAME_BYTES];   /* PR_SET_NAME */
	char exe[PROCESS_PATH_BYTES];
	u64 brk_start;
	u64 brk_end;
	u64 mmap_top;          /* mappings without an address go below it */
	struct thread *thread; /* [I] whose end is the process's; a reference */
	int exit_status;       /* [I] then, as a shell shows it: 128 + signal */
};

/* A process without memory or files; NULL if there is no memory. */
must_check struct process *process_create(void);

/* The running thread's. */
static inline struct process *process_current(void)
{
	return current_thread()->process;
}

/*
 * Ends the running process: gives back what it holds, tells its waiter, ends
 * the thread.  Context: its thread, no lock held.
 */
noreturn void process_exit(int status);

/* A program to run in a process of its own. */
struct process_start {
	const char *path; /* absolute */
	const char *const *argv;
	const char *const *envp;
	struct file *stdio; /* descriptors 0 to 2; process_start() takes it */
	u32 pid;            /* 0: the next one */
	struct process *process; /* process_start() sets it */
};

/*
 * Starts the program; wait for it with process_wait(start->process), until
 * when `start` and what it points to must stay.  A program that cannot be
 * started ends with PROCESS_NOT_STARTED.  Errors: -ENOMEM.  Context: thread.
 */
must_check int process_start(struct process_start *start);

/* What shells answer when a command cannot be started. */
#define PROCESS_NOT_STARTED 127

/* Waits for the end and frees the process. Returns its status. */
int process_wait(struct process *process);

/*
 * Puts a program into the running process and enters it at its start; the
 * process must have no address space yet.  `path` is absolute, argv and envp
 * end with NULL.  Errors: -ENOENT, -ENOEXEC, -ENOMEM, -E2BIG; the log says
 * what is wrong with the file.
 */
must_check int process_exec(const char *path, const char *const argv[],
			    const char *const envp[]);

/* Loads the image, tells where to start.  posix/exec.c, posix/load.c. */
struct program {
	u64 entry;
	u64 phdr;
	u32 phdr_count;
	u32 phdr_bytes;
	u64 brk_start;
	u64 stack_top;
	u64 sp; /* after program_stack() */
};

must_check int program_load(struct aspace *aspace, const char *path,
			    struct program *out);

/*
 * Writes arguments, environment and auxiliary vector to the stack; the
 * address space must be the running thread's.  Errors: -E2BIG, -EFAULT.
 */
must_check int program_stack(struct program *program, const char *path,
			     const char *const argv[],
			     const char *const envp[]);

#endif
