/* SPDX-License-Identifier: MIT */
/*
 * Processes: what threads share that the system calls of Linux serve.  A
 * struct task is what one of these threads is besides a struct thread.
 *
 * Marks: [I] immutable, [p] WITH_PROCESSES (posix/pid.h), [m] the process's
 * mutex, [s] its own threads, [a] atomic.
 */
#ifndef EXO_POSIX_PROCESS_H
#define EXO_POSIX_PROCESS_H

#include "fs/file.h"
#include "kernel/mutex.h"
#include "lib/list.h"
#include "lib/types.h"
#include "mm/aspace.h"
#include "posix/abi.h"
#include "posix/credentials.h"
#include "posix/pid.h"
#include "posix/posix_timer.h"
#include "posix/signal.h"
#include "posix/usage.h"
#include "sched/fair.h"
#include "sched/thread.h"

/* The first program's number. */
#define INIT_PID           1

#define PROCESS_NAME_BYTES 16

/* What a program is told at its start: pairs of words, then zeroes. */
#define AUX_COUNT  19
#define AUXV_BYTES (AUX_COUNT * 2 * sizeof(u64))

/*
 *	NEW --process_enlist_locked()--> RUNNING
 *	RUNNING --the last thread's end--> ZOMBIE --wait--> REAPED
 *	RUNNING --the same, when nobody will wait--> REAPED
 */
enum process_state {
	PROCESS_NEW, /* nobody knows of it */
	PROCESS_RUNNING,
	PROCESS_ZOMBIE, /* it holds nothing but its number and its status */
	PROCESS_REAPED, /* and no number any more */
};

/* Something that a parent may wait for has happened. */
struct child_events {
	struct waitq q;
	u32 count; /* [q] */
};

struct process {
	struct pid *id;             /* [p] until it is reaped */
	u32 pid;                    /* [I] its number */
	u32 refs;                   /* [a] */
	u8 state;                   /* [p] enum process_state */
	u8 exit_signal;             /* [p] that its end sends */
	bool ending;                /* [p] no thread goes on to user mode */
	bool ran_exec;              /* [p] since it was forked */
	bool vforked;               /* [p] the parent waits for its memory */
	bool no_new_privs;          /* [s] set-user-ID programs stay plain */
	bool barriers;              /* [s] membarrier() may hurry for it */
	u8 parent_signal;           /* [s] that the parent's end sends, or 0 */
	s8 nice;                    /* [p] */
	u16 io_priority;            /* [p] as ioprio_set() has it */
	u32 policy;                 /* [p] POLICY_...; all its threads' */
	bool subreaper;             /* [p] orphans below become its own */
	u32 status;                 /* [p] of its end, as wait4() tells */
	u32 report;                 /* [p] of a stop, likewise, or 0 */
	u32 task_count;             /* [p] */
	struct list tasks;          /* [p] struct task.link */
	struct process *parent;     /* [p] NULL: nobody waits */
	struct list children;       /* [p] struct process.sibling */
	struct list sibling;        /* [p] */
	struct pid *group;          /* [p] a reference */
	struct pid *session;        /* [p] a reference */
	struct list group_link;     /* [p] in group->group */
	struct list session_link;   /* [p] in session->session */
	struct child_events events; /* those of its children */
	struct credentials credentials;             /* [p] */
	struct abi_rlimit limits[ABI_RLIM_NLIMITS]; /* [p] */
	struct process_signals signals;
	struct itimers *itimers;     /* [m] NULL: none was set yet */
	struct posix_timers timers;  /* [m] */
	u64 born_cycles;             /* [I] when it was made */
	struct usage usage;          /* [p] by threads that ended */
	struct usage children_usage; /* [p] by children waited for */
	struct aspace *aspace;       /* [s] NULL before exec and at the end */
	struct descriptors *descriptors; /* [s] NULL at the end */
	struct fs_context *fs;           /* [s] NULL at the end */
	struct mutex mutex;              /* LOCK_PROCESS: the fields below */
	char name[PROCESS_NAME_BYTES];   /* [m] */
	struct vnode *exe;               /* [m] counted as user of its text */
	u64 args_at;                     /* [m] where argv's strings were */
	u64 auxv_at;                     /* [m] likewise, AUXV_BYTES */
	u32 argc;                        /* [m] */
	u32 envc;                        /* [m] strings behind those */
};

struct task {
	struct process *process; /* [I] */
	struct thread *thread;   /* [I] */
	struct list link;        /* [p] in process->tasks */
	struct pid *id;          /* [p] NULL: its number is the process's */
	u32 tid;                 /* [s] */
	bool ending;             /* [p] it does not go on to user mode */
	u16 naps;                /* [s] for want of memory */
	struct thread_signals signals;
	u64 set_tid;     /* [s] where its first step writes tid, or 0 */
	u64 clear_tid;   /* [s] where its end writes 0, or 0 */
	u64 robust_list; /* [s] the head of its list, or 0 */
};

/* The running thread's. */
static inline struct process *process_current(void)
{
	return current_thread()->process;
}

static inline struct task *task_current(void)
{
	return current_thread()->task;
}

/* True if the thread will end instead of going on in user mode. */
static inline bool task_is_ending(const struct task *task)
{
	return READ_ONCE(task->ending) || READ_ONCE(task->process->ending);
}

/* As sched_setscheduler(2) has them. */
#define POLICY_OTHER         0u
#define POLICY_FIFO          1u
#define POLICY_RR            2u
#define POLICY_BATCH         3u
#define POLICY_IDLE          5u
#define POLICY_RESET_ON_FORK 0x40000000u

/* The nice by which its threads run: an idle process is as light as any. */
static inline int process_nice(const struct process *p)
{
	return (p->policy & ~POLICY_RESET_ON_FORK) == POLICY_IDLE
		       ? FAIR_NICE_MAX
		       : p->nice;
}

/* The process with that number and a reference to it, or NULL. */
must_check struct process *process_find_get(u64 pid);

/* The same, NULL for one that has ended; without a reference. [p] */
struct process *process_find_locked(u64 pid);

/* The thread with that number, or NULL. [p] */
struct task *task_find_locked(u64 tid);
/* The first number of a process at or after `from`, -1: there is none. */
s64 process_next_number(u64 from);

/* One reference more or less. Context: any but interrupt handlers. */
struct process *process_get(struct process *process);
void process_put(struct process *process);

/*
 * Nobody but the running process has its table of descriptors any more.
 * Errors: -ENOMEM.  Context: its only thread.
 */
must_check int process_unshare_files(struct process *process);

/* How wait4() tells an end. */
#define STATUS_EXITED(code)      (((u32)(code)&0xff) << 8)
#define STATUS_KILLED(signal)    ((u32)(signal))
#define STATUS_SIGNAL(status)    ((status)&0x7f)
#define STATUS_EXIT_CODE(status) ((status) >> 8 & 0xff)

/*
 * Ends the running process with all its threads; `status` as above, unless
 * another thread was first.  Context: one of its threads, no lock held.
 */
noreturn void process_exit_group(u32 status);

/* Its memory is another from now on, or (NULL) nobody finds any. [p] */
void process_aspace_set_locked(struct process *process, struct aspace *aspace);

/* Ends another process as SIGKILL does. [p] */
void process_kill_locked(struct process *process);

/*
 * Ends the running thread, and with the last one the process: gives back what
 * it holds and tells who waits.  Context: as above.
 */
noreturn void task_exit(void);

/*
 * Makes the thread look at what the process wants of it (user_work()): before
 * it goes on in user mode, and out of any interruptible sleep.  [p] or itself.
 */
void task_notify(struct task *task);

/*
 * A process without memory, files and threads that is not known yet; NULL: no
 * memory.  The reference is the caller's.  `pid` as for pid_alloc().
 */
must_check struct process *process_create(u32 pid);

/*
 * It becomes known, as a child of `parent` in its group and session, or (NULL)
 * in ones of its own.  The table has a reference from now on. [p]
 */
void process_enlist_locked(struct process *process, struct process *parent);

/*
 * A thread of the process that begins with fn(arg), not started.  NULL: no
 * memory, or the process is ending.  Its number is `id`'s, whose reference it
 * takes if it succeeds, or NULL: the process's own.
 */
must_check struct task *task_create(struct process *process, struct pid *id,
				    void (*fn)(void *), void *arg);

/* Lets it run. */
static inline void task_start(struct task *task)
{
	struct thread *thread = task->thread;

	thread_start(thread);
	thread_put(thread);
}

/* Takes a task that was never started away again. */
void task_discard(struct task *task);

/* Takes a task out and frees it; true if it was the last of its process. */
bool task_remove(struct task *task);

/* One that was never enlisted and has no thread is forgotten. */
void process_discard(struct process *process);

/* The parent and whoever waits elsewhere look again. [p] */
void process_tell_locked(struct process *process);

/* The number of its group. */
u32 process_group_number(const struct process *process);

/* Limits as the first program has them; then what is one of memory. [p] */
void limits_init(struct process *process);
void limits_apply(const struct process *process, struct aspace *aspace);

/* The running process's limit, ABI_RLIM_INFINITY: none. */
static inline u64 process_limit(enum abi_rlimit_resource resource)
{
	return READ_ONCE(process_current()->limits[resource].current);
}

/* True if the running process may make one more thread or process. */
bool threads_allowed(void);

/* The parent need not wait for the memory of vfork's child any more. */
void process_vfork_end(struct process *process);

/* How many events there were; then waits for another. */
u32 child_events_count(struct child_events *events);
void child_events_wait(struct child_events *events, u32 seen);

/* The same; a signal ends the wait. Errors: -EINTR. */
must_check int child_events_wait_interruptible(struct child_events *events,
					       u32 seen);

/*
 * All threads of the process have stopped, or it goes on: the parent may ask
 * for it once, as wait4() tells it. [p]
 */
void process_report_locked(struct process *process, u32 report);

#define STATUS_STOPPED(signal) ((u32)(signal) << 8 | 0x7f)
#define STATUS_CONTINUED       0xffffu

/* A zombie loses its number and its place in the tree. [p] */
void process_reap_locked(struct process *process);

/* Makes the caches. Context: boot, once. */
void process_init(void);

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

/*
 * Waits for the end of a process that process_start() started and drops the
 * reference.  Returns its status as a shell shows it: 128 + signal.
 */
int process_wait(struct process *process);

/*
 * Puts a program into the running process, which has no address space yet, and
 * enters it at its start.  `path` is absolute, argv and envp end with NULL.
 * Errors: those of execve(2); the log says what is wrong with the file.
 */
must_check int process_exec(const char *path, const char *const argv[],
			    const char *const envp[]);

/*
 * The running thread becomes the only one of its process: the others end
 * first.  Errors: -EAGAIN if the process is ending.
 */
must_check int task_end_others(void);

#endif
