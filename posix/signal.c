/* SPDX-License-Identifier: MIT */
/*
 * Signals: sending.  Taking is in posix/signal_take.c; what happens to one that
 * was taken, in posix/signal_deliver.c.
 *
 * Theory.  A signal is sent to a process, where any thread may take it, or to
 * a thread.  It is pending in that one's set; `queue` holds what is known of
 * it.  Of the first 31, the standard ones, there is at most one pending and
 * its note may be missing (no memory, or sent by an interrupt): it then says
 * that the kernel sent it.  Real-time signals queue up.
 *
 * S1  A thread takes signals only on its own way to user mode, or in a system
 *     call that asks for them.
 * S2  `work.signal` and `interrupted` of a thread are set while it has a
 *     pending signal that it does not block.  They are set by the sender and
 *     cleared by the thread itself, both under the process's lock [g], so none
 *     is overlooked.  They may be set for nothing: somebody else was faster.
 * S3  A signal that would be ignored is not kept, unless it is blocked.
 * S4  SIGKILL and SIGSTOP are in no mask.
 * S5  A pending stop signal takes pending SIGCONTs away, and vice versa.
 * S6  The lock is taken in interrupts, so no memory is allocated or freed under
 *     it: notes that are no longer needed go to `waste`.
 */
#include "posix/signal_private.h"

#include "arch/cpu.h"
#include "arch/trap.h"
#include "kernel/clock.h"
#include "kernel/irq.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/kmem.h"
#include "posix/process.h"
#include "sched/poll.h"

#define QUEUED_MAX 1024

struct pollq signal_pollq = POLLQ_INIT(signal_pollq);

enum signal_default signal_default(int signal)
{
	u64 bit = signal_bit(signal);
	const u64 ignored = signal_bit(ABI_SIGCHLD) | signal_bit(ABI_SIGURG) |
			    signal_bit(ABI_SIGWINCH) | signal_bit(ABI_SIGCONT);
	const u64 dumps = SIGNALS_SYNCHRONOUS | signal_bit(ABI_SIGQUIT) |
			  signal_bit(ABI_SIGABRT) | signal_bit(ABI_SIGXCPU) |
			  signal_bit(ABI_SIGXFSZ);

	return bit & SIGNALS_STOPPING ? SIGNAL_STOPS
	       : bit & ignored        ? SIGNAL_IGNORED
	       : bit & dumps          ? SIGNAL_DUMPS
				      : SIGNAL_TERMINATES;
}

struct thread_signals *signals_current(void)
{
	struct task *task = task_current();

	return task ? &task->signals : NULL;
}

static void actions_copy(struct process_signals *to,
			 struct process_signals *from)
{
	WITH_SPINLOCK_IRQ (&from->lock) {
		memcpy(to->actions, from->actions,
		       ABI_NSIG * sizeof(*to->actions));
		to->changed = from->changed;
		to->queued_max = from->queued_max;
	}
}

int process_signals_create(struct process_signals *ps, bool unkillable)
{
	struct thread_signals *self = signals_current();

	spin_init(&ps->lock, LOCK_SIGNAL);
	list_init(&ps->threads);
	list_init(&ps->waste);
	signal_pending_init(&ps->pending);
	waitq_init(&ps->stop_waitq);
	ps->queued_max = QUEUED_MAX;
	ps->unkillable = unkillable;
	ps->actions = kmalloc(ABI_NSIG * sizeof(*ps->actions));
	if (ps->actions == NULL) {
		return -ENOMEM;
	}
	if (self != NULL) {
		actions_copy(ps, self->process);
	} else {
		memset(ps->actions, 0, ABI_NSIG * sizeof(*ps->actions));
		ps->changed = 0;
	}
	return 0;
}

void signal_queue_free(struct list *queue)
{
	struct list *node;

	while ((node = list_pop_front(queue)) != NULL) {
		kfree(list_entry(node, struct queued, link));
	}
}

void signal_waste_free(struct process_signals *ps)
{
	struct list waste;

	if (list_empty(&ps->waste)) {
		return;
	}
	list_init(&waste);
	WITH_SPINLOCK_IRQ (&ps->lock) {
		list_splice_back(&waste, &ps->waste);
	}
	signal_queue_free(&waste);
}

void process_signals_destroy(struct process_signals *ps)
{
	struct abi_sigaction *actions = NULL;
	struct list notes;

	DEBUG_ASSERT(list_empty(&ps->threads));
	list_init(&notes);
	WITH_SPINLOCK_IRQ (&ps->lock) {
		actions = ps->actions;
		ps->actions = NULL;
		list_splice_back(&notes, &ps->pending.queue);
		list_splice_back(&notes, &ps->waste);
	}
	signal_queue_free(&notes);
	kfree(actions);
}

/* ---- Who is told -------------------------------------------------------- */

/* What of the process's and the thread's own signals it would take now. */
static u64 deliverable(const struct thread_signals *ts)
{
	return (ts->pending.set | ts->process->pending.set) & ~ts->blocked;
}

/*
 * Who wants something without the lock (the end of the process) says so first
 * and sets the marks afterwards; here it is the other way round.
 */
void signal_recompute_locked(struct thread_signals *ts)
{
	struct thread *thread = ts->task->thread;
	bool interrupts;

	WRITE_ONCE(thread->interrupted, false);
	__atomic_store_n(&thread->arch.work.user, 0, __ATOMIC_SEQ_CST);
	interrupts = deliverable(ts) != 0 || ts->process->stopped ||
		     task_is_ending(ts->task);
	if (interrupts) {
		WRITE_ONCE(thread->interrupted, true);
	}
	if (interrupts || ts->restore) {
		arch_user_work_want(&thread->arch);
	}
}

void signal_tell_locked(struct thread_signals *ts)
{
	if (ts->task->thread == current_thread()) {
		WRITE_ONCE(ts->task->thread->interrupted, true);
		arch_user_work_want(&ts->task->thread->arch);
	} else {
		task_notify(ts->task);
	}
}

static bool wants(const struct thread_signals *ts, u64 bit)
{
	return ((ts->blocked & ~ts->awaited) & bit) == 0;
}

/* The running thread if it may, else the first that does not block it. */
static struct thread_signals *choose_locked(struct process_signals *ps, u64 bit)
{
	struct thread_signals *self = irq_active() ? NULL : signals_current();

	if (self != NULL && self->process == ps && wants(self, bit)) {
		return self;
	}
	list_for_each (node, &ps->threads) {
		struct thread_signals *ts =
			list_entry(node, struct thread_signals, link);

		if (wants(ts, bit)) {
			return ts;
		}
	}
	return NULL;
}

/* ---- Sending ------------------------------------------------------------ */

struct queued *signal_note_left_locked(struct process_signals *ps,
				       struct queued *q)
{
	ps->queued_count--;
	q->in = NULL;
	return q->lent ? NULL : q;
}

static void flush_locked(struct process_signals *ps,
			 struct signal_pending *pending, u64 set)
{
	if (!(pending->set & set)) {
		return;
	}
	pending->set &= ~set;
	list_for_each_safe (node, &pending->queue) {
		struct queued *q = list_entry(node, struct queued, link);

		if (!(signal_bit(q->info.signal) & set)) {
			continue;
		}
		list_remove(node);
		if (signal_note_left_locked(ps, q) != NULL) {
			list_push_back(&ps->waste, node);
		}
	}
}

void signal_flush_locked(struct process_signals *ps, u64 set)
{
	flush_locked(ps, &ps->pending, set);
	list_for_each (node, &ps->threads) {
		flush_locked(
			ps,
			&list_entry(node, struct thread_signals, link)->pending,
			set);
	}
}

/* Its threads leave stop_here() in posix/signal_deliver.c. */
static void continue_locked(struct process_signals *ps, bool tell)
{
	if (ps->stopped) {
		ps->stopped = false;
		ps->continued = tell;
		waitq_wake_all(&ps->stop_waitq);
	}
}

/* S5, and what these signals do even where they are blocked or ignored. */
static void stop_or_continue_locked(struct process_signals *ps, int signal)
{
	if (signal_bit(signal) & SIGNALS_STOPPING) {
		signal_flush_locked(ps, signal_bit(ABI_SIGCONT));
	} else if (signal == ABI_SIGCONT) {
		signal_flush_locked(ps, SIGNALS_STOPPING);
		ps->continues++;
		continue_locked(ps, true);
	} else if (signal == ABI_SIGKILL) {
		continue_locked(ps, false);
	}
}

/* S3; `ts` is who would take it, NULL if nobody does. */
static bool ignored_locked(const struct process_signals *ps,
			   const struct thread_signals *ts, int signal)
{
	u64 handler = ps->actions[signal - 1].handler;

	if (ts == NULL || ((ts->blocked | ts->awaited) & signal_bit(signal))) {
		return false;
	}
	if (handler == ABI_SIG_DFL) {
		return signal_default(signal) == SIGNAL_IGNORED ||
		       ps->unkillable;
	}
	return handler == ABI_SIG_IGN;
}

/* Takes `note` if it is needed and sets it NULL. */
static int send_locked(struct process_signals *ps, struct thread_signals *to,
		       int signal, struct queued **note)
{
	struct signal_pending *pending = to ? &to->pending : &ps->pending;
	struct thread_signals *taker;
	u64 bit = signal_bit(signal);

	if (ps->actions == NULL) {
		return 0;
	}
	stop_or_continue_locked(ps, signal);
	taker = to ? to : choose_locked(ps, bit);
	if (ignored_locked(ps, taker, signal) ||
	    (signal < ABI_SIGRTMIN && (pending->set & bit))) {
		return 0;
	}
	if (*note != NULL &&
	    ((*note)->lent || ps->queued_count < ps->queued_max)) {
		list_push_back(&pending->queue, &(*note)->link);
		(*note)->in = pending;
		ps->queued_count++;
		*note = NULL;
	} else if (signal >= ABI_SIGRTMIN &&
		   (*note == NULL || (*note)->info.code != ABI_SI_USER)) {
		return -EAGAIN;
	}
	pending->set |= bit;
	if (taker != NULL && wants(taker, bit)) {
		signal_tell_locked(taker);
	}
	if (unlikely(ps->polled)) {
		pollq_wake_for(&signal_pollq, POLLQ_ANYTHING);
	}
	return 0;
}

void signal_lend_locked(struct process_signals *ps, struct queued *note,
			u32 tid)
{
	struct thread_signals *to = NULL;

	list_for_each (node, &ps->threads) {
		struct thread_signals *ts =
			list_entry(node, struct thread_signals, link);

		to = tid != 0 && ts->task->tid == tid ? ts : to;
	}
	if (tid == 0 || to != NULL) {
		(void)send_locked(ps, to, note->info.signal, &note);
	}
}

static bool has_note(const struct signal_pending *pending, int signal)
{
	list_for_each (node, &pending->queue) {
		if (list_entry(node, struct queued, link)->info.signal ==
		    signal) {
			return true;
		}
	}
	return false;
}

void signal_take_back(struct process_signals *ps, struct queued *note)
{
	WITH_SPINLOCK_IRQ (&ps->lock) {
		struct signal_pending *in = note->in;

		if (in != NULL) {
			list_remove(&note->link);
			(void)signal_note_left_locked(ps, note);
			if (!has_note(in, note->info.signal)) {
				in->set &= ~signal_bit(note->info.signal);
			}
		}
	}
}

static int send(struct process_signals *ps, struct thread_signals *ts,
		const struct abi_siginfo *info)
{
	struct queued *note = NULL;
	int err = 0;

	if (!irq_active() && info->code != ABI_SI_KERNEL) {
		note = kmalloc(sizeof(*note));
		signal_waste_free(ps);
	}
	if (note != NULL) {
		note->info = *info;
		note->lent = false;
	}
	WITH_SPINLOCK_IRQ (&ps->lock) {
		err = send_locked(ps, ts, info->signal, &note);
	}
	if (note != NULL) {
		kfree(note);
	}
	return err;
}

int signal_send_process(struct process_signals *ps,
			const struct abi_siginfo *info)
{
	return send(ps, NULL, info);
}

int signal_send_thread(struct thread_signals *ts,
		       const struct abi_siginfo *info)
{
	return send(ts->process, ts, info);
}

struct abi_siginfo signal_info_user(int signal)
{
	return (struct abi_siginfo){
		.signal = signal,
		.code = ABI_SI_USER,
		.sent.pid = process_current()->pid,
		.sent.uid = process_current()->credentials.uid,
	};
}

struct abi_siginfo signal_info_kernel(int signal)
{
	return (struct abi_siginfo){
		.signal = signal,
		.code = ABI_SI_KERNEL,
	};
}

void signal_force(const struct abi_siginfo *info)
{
	struct thread_signals *ts = signals_current();
	struct process_signals *ps = ts->process;
	u64 bit = signal_bit(info->signal);

	WITH_SPINLOCK_IRQ (&ps->lock) {
		struct abi_sigaction *action = &ps->actions[info->signal - 1];

		if (action->handler == ABI_SIG_IGN || (ts->blocked & bit)) {
			action->handler = ABI_SIG_DFL;
			ts->blocked &= ~bit;
		}
		if (action->handler == ABI_SIG_DFL) {
			ps->unkillable = false;
		}
	}
	signal_send_thread(ts, info);
}

bool signal_stop_complete_locked(const struct process_signals *ps)
{
	u32 count = 0;

	list_for_each (node, &ps->threads) {
		count++;
	}
	return ps->stopped && ps->stopped_count == count;
}
