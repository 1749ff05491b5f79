/* SPDX-License-Identifier: MIT */
/*
 * What processes have used: time, memory, faults, switches.
 */
#ifndef EXO_POSIX_USAGE_H
#define EXO_POSIX_USAGE_H

#include "posix/abi.h"
#include "sched/tick.h"

struct process;

/* Of some threads or processes together. */
struct usage {
	struct thread_usage threads;
	u64 peak_pages; /* of memory, of the largest of them */
};

/* What the process has used so far, without its children. [p] */
void process_usage_locked(const struct process *process, struct usage *out);

/* A process and the children that it waited for, as wait4() tells. [p] */
void process_usage_all_locked(const struct process *process, struct usage *out);

/* The parent of a zombie takes over all that that has used. [p] */
void process_usage_inherit_locked(const struct process *child,
				  const struct usage *all);

/* Nanoseconds of it in the program, and in the kernel. */
u64 usage_user_ns(const struct usage *usage);
u64 usage_kernel_ns(const struct usage *usage);

/* As getrusage() tells it. */
struct abi_rusage usage_tell(const struct usage *usage);

#endif
