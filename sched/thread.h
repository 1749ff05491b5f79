/* SPDX-License-Identifier: MIT */
/*
 * Threads: creation, end, and the table of all of them.
 *
 * A thread is referenced by itself until it has ended and by whoever created
 * it; the last reference frees it.
 */
#ifndef EXO_SCHED_THREAD_H
#define EXO_SCHED_THREAD_H

#include "arch/thread.h"
#include "kernel/timer.h"
#include "kernel/waitq.h"
#include "lib/list.h"
#include "lib/types.h"
#include "sched/fair.h"
#include "sched/kstack.h"

#define THREAD_NAME_BYTES  16
#define THREAD_MUTEXES_MAX 6

/*
 *	NEW --thread_start()--> RUNNABLE: waits <--switch_away()--> runs
 *	runs --sched_block()--> SLEEPING --sched_wake()--> waits
 *	runs --sched_block()--> INTERRUPTIBLE --sched_wake()--> waits
 *	INTERRUPTIBLE --thread_interrupt()--> waits
 *	runs --thread_evict_locked()--> EVICTED --thread_left()--> MOVING
 *	waits or SLEEPING, to another processor --> MOVING --> waits
 *	runs --thread_exit()--> DEAD
 */
enum thread_state {
	THREAD_NEW,
	THREAD_RUNNABLE,      /* is current on `cpu`, or waits in its queue */
	THREAD_MOVING,        /* in the hands of who brings it to `cpu` */
	THREAD_SLEEPING,      /* in no list of the scheduler's */
	THREAD_INTERRUPTIBLE, /* likewise */
	THREAD_EVICTED,       /* is current on `cpu` and leaves it */
	THREAD_DEAD,
};

/* A sleeper in the list of a wait queue. */
struct waiter {
	struct list link; /* [lock of the queue] */
	bool queued;      /* likewise */
	bool timed_out;   /* likewise */
};

/* Marks: [q] the run queue's lock of `cpu`, [t] LOCK_THREADS, [s] itself. */
struct thread {
	struct fair_entity fair; /* [q] first: no step from one */
	struct arch_thread arch; /* entry code looks into it */
	union {
		struct {
			u8 state;         /* [q] enum thread_state */
			bool interrupted; /* [a] no interruptible sleep now */
		};
		u16 state_and_interrupted;
	};
	u8 mutex_count;                 /* [s] mutexes held (debug build) */
	u8 mutexes[THREAD_MUTEXES_MAX]; /* [s] their classes, in order */
	u8 borrows;                     /* [a] mutexes of it that lend */
	bool private_stack;             /* [s] see thread_private_stack() */
	bool exited;                    /* [exit_waitq] */
	bool in_kernel;                 /* [q] the last tick found it there */
	u16 cpu;                        /* [q] */
	u32 factor;                     /* [q] its own, see sched/lend.h */
	u64 debt;                       /* [q] virtual time lent to it */
	u32 tid;                        /* [I] */
	u32 refs;                       /* [a] */
	u64 affinity;                   /* [q] processors that may run it */
	u64 cycles;                     /* [q] that it ran */
	u64 other_cycles;               /* [q] of them, not as `in_kernel` */
	u32 sleeps;                     /* [q] see struct thread_usage */
	u32 preemptions;                /* [q] likewise */
	struct aspace *aspace;          /* [s] NULL: a kernel thread */
	struct process *process;    /* [s] posix/'s, NULL: a kernel thread */
	struct task *task;          /* [s] likewise */
	struct gate_server *server; /* [s] ipc/'s, NULL: serves no gate */
	struct list all_link;       /* [t] */
	struct waitq exit_waitq;    /* waits for `exited` */
	struct waiter waiter;       /* of the queue that it sleeps in */
#ifdef EXO_DEBUG
	struct timer watch;      /* [s] of a wait for a mutex */
	struct mutex *waits_for; /* [s] likewise */
#endif
	char name[THREAD_NAME_BYTES]; /* [s] */
	struct kstack kstack; /* last: thread_create() leaves it alone */
};

static_assert(offsetof(struct thread, arch) == ARCH_THREAD_AT,
	      "where assembly looks for it");

/*
 * A thread that will run fn(arg), not started yet; NULL if there is no
 * memory.  The caller owns one reference.  Context: thread or boot.
 */
must_check struct thread *thread_create(const char *name, void (*fn)(void *),
					void *arg);

/* Lets a new thread run. Context: any thread. */
void thread_start(struct thread *thread);

/*
 * If it runs on another processor, it enters the kernel there.  Context: any;
 * no lock of rank LOCK_RUNQ or above held.
 */
void thread_kick(struct thread *thread);

/* thread_create and thread_start, keeping no reference. Errors: -ENOMEM. */
must_check int thread_spawn(const char *name, void (*fn)(void *), void *arg);

/*
 * While `is_private`, nobody else uses what lies on the running thread's stack
 * when it sleeps without a time limit; so the stack may be put away meanwhile
 * (sched/keeper.c).  It was like that before, or not.
 */
bool thread_private_stack(bool is_private);

/* Ends the running thread; what it holds must have been given back. */
noreturn void thread_exit(void);

/* Waits for the thread's end and drops the caller's reference. */
void thread_join(struct thread *thread);

/* One reference more or less. Context: any but interrupt handlers. */
struct thread *thread_get(struct thread *thread);
void thread_put(struct thread *thread);

/*
 * A processor's idle thread: it has no turn of its own and is never started.
 * NULL if there is no memory.  Context: boot thread.
 */
must_check struct thread *thread_create_idle(unsigned cpu);

/* Frees a thread that was never started, the caller's reference with it. */
void thread_discard(struct thread *thread);

/* Its share of its processor, FAIR_NICE_MIN..MAX. Context: any thread. */
void thread_set_nice(struct thread *thread, int nice);

/*
 * The processors that may run it, one of them present.  It leaves another one
 * at once: before this returns if it waits there or is the caller, else as
 * soon as that processor may preempt it.  A thread that was not started yet
 * belongs to its creator alone.  Errors: -EINVAL.  Context: thread.
 */
must_check int thread_set_affinity(struct thread *thread, u64 cpus);

/* Cycles of the processors' counters that it has run. Context: any thread. */
u64 thread_cycles(struct thread *thread);

/* Threads that exist now. */
u64 thread_count(void);

/* Makes the caches and the boot context's thread. Context: boot, once. */
void thread_init(void);

/* The thread that the processor was started on; it becomes its idle one. */
struct thread *thread_boot_idle(void);

#endif
