/* SPDX-License-Identifier: MIT */
/*
 * Signals: what threads and processes keep of them, how one is sent, and what
 * system calls that sleep must know.  posix/signal.c tells the theory.
 */
#ifndef EXO_POSIX_SIGNAL_H
#define EXO_POSIX_SIGNAL_H

#include "arch/signal.h"
#include "kernel/spinlock.h"
#include "kernel/waitq.h"
#include "lib/list.h"
#include "lib/types.h"
#include "posix/abi_signal.h"

struct pid;
struct pollq;
struct process;
struct task;
struct trap_frame;

/* A set of signals: bit n - 1 for signal n. */
static inline u64 signal_bit(int signal)
{
	return 1ull << (signal - 1);
}

#define SIGNALS_UNBLOCKABLE \
	(1ull << (ABI_SIGKILL - 1) | 1ull << (ABI_SIGSTOP - 1))

/* What was sent and not yet taken. */
struct signal_pending {
	u64 set;
	struct list queue; /* struct queued; a signal may have none */
};

/* Marks: [g] process_signals.lock, [s] the thread itself. */
struct thread_signals {
	struct list link;                /* [g] process_signals.threads */
	struct task *task;               /* [I] */
	struct process_signals *process; /* [I] */
	u64 blocked;                     /* [g] written by the thread itself */
	u64 awaited; /* [g] sigtimedwait() takes them, blocked or not */
	struct signal_pending pending; /* [g] */
	u64 saved;                     /* [s] mask that comes back ... */
	bool restore;                  /* [s] ... at the way to user mode */
	bool again;    /* [s] -ERESTART holds after any handler, too */
	bool repeated; /* [s] the next system call is the last one again */
	u64 call;      /* [s] its number */
	u64 deadline;  /* [s] ... and until when it sleeps */
	struct signal_stack stack; /* [s] */
};

struct process_signals {
	struct spinlock lock; /* LOCK_SIGNAL: all below */
	struct list threads;  /* struct thread_signals.link */
	struct signal_pending pending;
	struct list waste; /* struct queued, to be freed by a thread */
	u32 queued_count;
	u32 queued_max;    /* RLIMIT_SIGPENDING */
	bool unkillable;   /* default actions do not reach it */
	bool polled;       /* signal_pollq is told of what is sent */
	bool stopped;      /* threads stop on their way to user mode */
	bool continued;    /* since then, and the parent does not know yet */
	u8 stop_signal;    /* that stopped it */
	u32 stopped_count; /* threads that have */
	u32 continues;     /* SIGCONTs so far */
	struct waitq stop_waitq;
	struct abi_sigaction *actions; /* ABI_NSIG of them; NULL: it ended */
	u64 changed; /* of whom the action may be another than the default */
};

/*
 * Nothing is sent; actions are those of the running process, or defaults.
 * `unkillable`: default actions do not reach it.  Errors: -ENOMEM.
 */
must_check int process_signals_create(struct process_signals *ps,
				      bool unkillable);

/* Its threads are gone; what is sent to it from now on is lost. */
void process_signals_destroy(struct process_signals *ps);

/*
 * A thread joins its process; its mask is the running thread's, and in another
 * process than that the signal stack, too.  Context: thread.
 */
void thread_signals_join(struct task *task);

/* It leaves; others are told of what it could have taken. Context: thread. */
void thread_signals_leave(struct task *task);

/* execve(): handlers become defaults, the signal stack is forgotten. */
void signals_exec(struct thread_signals *ts);

/*
 * Sends to the process, or to the one thread.  Context: any, no lock of
 * LOCK_SIGNAL or above held; in an interrupt the signal goes without `info`
 * and is SI_KERNEL.  Errors: -EAGAIN if a real-time signal cannot be queued.
 */
int signal_send_process(struct process_signals *ps,
			const struct abi_siginfo *info);
int signal_send_thread(struct thread_signals *ts,
		       const struct abi_siginfo *info);

/* To every process of the group. Errors: -ESRCH. [p] */
int signal_send_group_locked(const struct pid *group,
			     const struct abi_siginfo *info);

/* As a process of its own sends it (SI_USER), and as the kernel does. */
struct abi_siginfo signal_info_user(int signal);
struct abi_siginfo signal_info_kernel(int signal);

/* The running thread must handle it now; blocked or ignored, it dies of it. */
void signal_force(const struct abi_siginfo *info);

/*
 * For system calls that sleep (waitq_sleep_interruptible()).  They return
 * -ERESTART or -EINTR when interrupted: without a handler they are made again;
 * with one, -ERESTART becomes -EINTR unless the handler has SA_RESTART.
 *
 * The moment that is `ns` from now (WAITQ_FOREVER: never); of a call that is
 * made again, from when it was made first.  A call with a time-out asks for it
 * once, whatever the time-out is.
 */
u64 signal_deadline(u64 ns);

/*
 * Another mask until the system call ends; a handler that interrupts it runs
 * with that, and goes back to the old one.  Undo it with
 * signal_mask_restore(result) at the call's end.
 */
void signal_mask_replace(u64 mask);
void signal_mask_restore(long result);

/*
 * The same with a mask in user memory: 1; 0: there is none.
 * Errors: -EINVAL, -EFAULT.
 */
must_check int signal_mask_from_user(uaddr_t from, u64 size_bytes);

/* Who polls for signals of processes that are `polled`. */
extern struct pollq signal_pollq;

/*
 * Takes a signal of the set, blocked or not; waits for it until the deadline.
 * Errors: -EAGAIN then, -EINTR.
 */
must_check int signal_await(struct thread_signals *ts, u64 set, u64 deadline_ns,
			    struct abi_siginfo *info);

/*
 * Sleeps until a signal interrupts the thread.  Errors: -EINTR, -ETIMEDOUT at
 * the deadline.
 */
must_check int signal_wait(u64 deadline_ns);

/* The running thread's mask. */
void signal_mask_set(u64 mask);

/*
 * Takes the first pending signal of the set. False: there is none. Context:
 * thread.
 */
bool signal_take(struct thread_signals *ts, u64 set, struct abi_siginfo *info);

/*
 * Takes the first signal that is not blocked, with its action; if that is a
 * handler, the mask is the one to run it with from then on.  False: none.
 */
bool signal_take_action(struct thread_signals *ts, struct abi_siginfo *info,
			struct abi_sigaction *action);

/*
 * The same for one that the thread sends to itself, so that it never was
 * pending.  False: it has no handler that may run now, or others are pending.
 */
bool signal_raise_action(struct thread_signals *ts, int signal,
			 struct abi_sigaction *action);

/* The same for one that the thread has caused. False: no handler may run. */
bool signal_fault_action(struct thread_signals *ts, int signal,
			 struct abi_sigaction *action);

/* `work.user` and `interrupted` become what they must be. [g] */
void signal_recompute_locked(struct thread_signals *ts);

/* Nothing of the set is pending any more. [g] */
void signal_flush_locked(struct process_signals *ps, u64 set);

/* The same for a stop, by that signal, and for its end. */
void signal_child_stopped(struct process *child, int signal);
void signal_child_continued(struct process *child);

/* True if the running thread would not notice the signal. */
bool signal_is_ignored(int signal);

/*
 * Nobody in the group has a parent in another group of the session: nobody
 * could continue it.  [p]
 */
bool process_group_orphaned_locked(const struct pid *group);

/* A group that has become orphaned and is stopped is told to end. [p] */
void signal_orphans_locked(const struct pid *group);

/*
 * Tells the parent of a child's end; false if it will not wait for it.  [p]
 */
bool signal_child_ended_locked(struct process *child);

/* What a signal does where it has no handler. */
enum signal_default {
	SIGNAL_TERMINATES,
	SIGNAL_DUMPS,
	SIGNAL_STOPS,
	SIGNAL_IGNORED, /* SIGCONT, too: that it continues is another matter */
};

enum signal_default signal_default(int signal);

/* The running thread's. */
struct thread_signals *signals_current(void);

/* True if the stack pointer is in the stack. */
static inline bool signal_stack_holds(const struct signal_stack *stack, u64 sp)
{
	return sp - stack->base - 1 < stack->size_bytes;
}

/*
 * sigaltstack() for the running thread, whose stack pointer is `sp`.
 * Errors: -EPERM, -EINVAL, -ENOMEM.
 */
int signal_stack_set(struct thread_signals *ts, const struct signal_stack *new,
		     u64 sp);

/* The stop of the process is complete if all its threads have. [g] */
bool signal_stop_complete_locked(const struct process_signals *ps);

/* Marks the thread as one with work to do. [g] */
void signal_tell_locked(struct thread_signals *ts);

/* Ends the running process as that signal does. */
noreturn void signal_die(int signal);

/*
 * Those below are in posix/signal_deliver.c.  Sends a signal from the running
 * process to itself, if nothing stands between it and a handler: user mode goes
 * on there.  False: it was not sent.  Context: a system call with the whole
 * frame.
 */
bool signal_raise(struct trap_frame *frame, int signal);

/* rt_sigreturn(): the registers, the mask and the stack from before. */
void signal_handler_leave(struct trap_frame *frame);

/*
 * Lets user mode go on in the handler.  False: the signal has none that may
 * run now.
 */
bool signal_handle_fault(struct trap_frame *frame,
			 const struct abi_siginfo *info);

#endif
