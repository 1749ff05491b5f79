/* SPDX-License-Identifier: MIT */
/*
 * Numbers of processes, threads, groups and sessions.  A struct pid is a
 * number that is taken: it stays so while a process, a thread, a group or a
 * session uses it, so that no other gets it meanwhile.
 *
 * One lock, LOCK_PROCESSES, guards all of them and the ties between processes
 * ([p] in posix/process.h): WITH_PROCESSES () { ... }.
 */
#ifndef EXO_POSIX_PID_H
#define EXO_POSIX_PID_H

#include "kernel/spinlock.h"
#include "lib/list.h"
#include "lib/tree.h"
#include "lib/types.h"

#define PID_MAX 4194304u

struct pid {
	struct tree_node node;   /* key: the number */
	u32 refs;                /* [p] */
	struct process *process; /* [p] until it is reaped, or NULL */
	struct task *task;       /* [p] the thread of that number, or NULL */
	struct list group;       /* [p] struct process.group_link */
	struct list session;     /* [p] struct process.session_link */
};

extern struct spinlock processes_lock;

/* Interrupts are off inside; the body is short and never sleeps. */
#define WITH_PROCESSES() WITH_SPINLOCK_IRQ (&processes_lock)

static inline u32 pid_number(const struct pid *pid)
{
	return pid ? (u32)pid->node.key : 0;
}

/* A free number, `wanted` unless 0, with one reference. NULL: no memory. */
must_check struct pid *pid_alloc(u32 wanted);

/* The number if it is taken, without a reference, or NULL. [p] */
struct pid *pid_find_locked(u64 number);

/* The number at or after `number` that is taken, or NULL. [p] */
struct pid *pid_next_locked(u64 number);

/* One reference more or less. [p] */
struct pid *pid_get_locked(struct pid *pid);
void pid_put_locked(struct pid *pid);

/* Numbers taken now, for tests. */
u64 pid_count(void);

/* The one that was given last. */
u32 pid_last(void);

/* Makes the cache. Context: boot, once. */
void pid_init(void);

#endif
