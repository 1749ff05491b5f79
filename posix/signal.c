/* SPDX-License-Identifier: MIT */
/*
 * Signals: sending and taking.  What happens to one that was taken is in
 * posix/signal_deliver.c.
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
#include "posix/signal.h"

#include "arch/cpu.h"
#include "arch/trap.h"
#include "kernel/clock.h"
#include "kernel/irq.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/kmem.h"
#include "posix/process.h"

#define QUEUED_MAX 1024

/* A signal with its note. */
struct queued {
	struct list link; /* [g] */
	struct abi_siginfo info;
};

#define STOPS                                                    \
	(1ull << (ABI_SIGSTOP - 1) | 1ull << (ABI_SIGTSTP - 1) | \
	 1ull << (ABI_SIGTTIN - 1) | 1ull << (ABI_SIGTTOU - 1))

/* By instructions, not by others: these come first. */
#define SYNCHRONOUS                                             \
	(1ull << (ABI_SIGSEGV - 1) | 1ull << (ABI_SIGBUS - 1) | \
	 1ull << (ABI_SIGILL - 1) | 1ull << (ABI_SIGTRAP - 1) | \
	 1ull << (ABI_SIGFPE - 1) | 1ull << (ABI_SIGSYS - 1))

enum signal_default signal_default(int signal)
{
	u64 bit = signal_bit(signal);
	const u64 ignored = signal_bit(ABI_SIGCHLD) | signal_bit(ABI_SIGURG) |
			    signal_bit(ABI_SIGWINCH) | signal_bit(ABI_SIGCONT);
	const u64 dumps = SYNCHRONOUS | signal_bit(ABI_SIGQUIT) |
			  signal_bit(ABI_SIGABRT) | signal_bit(ABI_SIGXCPU) |
			  signal_bit(ABI_SIGXFSZ);

	return bit & STOPS     ? SIGNAL_STOPS
	       : bit & ignored ? SIGNAL_IGNORED
	       : bit & dumps   ? SIGNAL_DUMPS
			       : SIGNAL_TERMINATES;
}

struct thread_signals *signals_current(void)
{
	struct task *task = task_current();

	return task ? &task->signals : NULL;
}

static void pending_init(struct signal_pending *pending)
{
	pending->set = 0;
	list_init(&pending->queue);
}

static void actions_copy(struct process_signals *to,
			 struct process_signals *from)
{
	WITH_SPINLOCK_IRQ (&from->lock) {
		memcpy(to->actions, from->actions,
		       ABI_NSIG * sizeof(*to->actions));
		to->queued_max = from->queued_max;
	}
}

int process_signals_create(struct process_signals *ps, bool unkillable)
{
	struct thread_signals *self = signals_current();

	spin_init(&ps->lock, LOCK_SIGNAL);
	list_init(&ps->threads);
	list_init(&ps->waste);
	pending_init(&ps->pending);
	waitq_init(&ps->stop_waitq);
	ps->queued_max = QUEUED_MAX;
	ps->unkillable = unkillable;
	ps->actions = kzalloc(ABI_NSIG * sizeof(*ps->actions));
	if (ps->actions == NULL) {
		return -ENOMEM;
	}
	if (self != NULL) {
		actions_copy(ps, self->process);
	}
	return 0;
}

static void queue_free(struct list *queue)
{
	struct list *node;

	while ((node = list_pop_front(queue)) != NULL) {
		kfree(list_entry(node, struct queued, link));
	}
}

/* Frees what interrupts could not. Context: thread, lock not held. */
static void waste_free(struct process_signals *ps)
{
	struct list waste;

	if (list_empty(&ps->waste)) {
		return;
	}
	list_init(&waste);
	WITH_SPINLOCK_IRQ (&ps->lock) {
		list_splice_back(&waste, &ps->waste);
	}
	queue_free(&waste);
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
	queue_free(&notes);
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
	if (interrupts || ts->returning || ts->restore) {
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

static void flush_locked(struct process_signals *ps,
			 struct signal_pending *pending, u64 set)
{
	if (!(pending->set & set)) {
		return;
	}
	pending->set &= ~set;
	list_for_each_safe (node, &pending->queue) {
		struct queued *q = list_entry(node, struct queued, link);

		if (signal_bit(q->info.signal) & set) {
			list_remove(node);
			list_push_back(&ps->waste, node);
			ps->queued_count--;
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
	if (signal_bit(signal) & STOPS) {
		signal_flush_locked(ps, signal_bit(ABI_SIGCONT));
	} else if (signal == ABI_SIGCONT) {
		signal_flush_locked(ps, STOPS);
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
	if (*note != NULL && ps->queued_count < ps->queued_max) {
		list_push_back(&pending->queue, &(*note)->link);
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
	return 0;
}

static int send(struct process_signals *ps, struct thread_signals *ts,
		const struct abi_siginfo *info)
{
	struct queued *note = NULL;
	int err = 0;

	if (!irq_active() && info->code != ABI_SI_KERNEL) {
		note = kmalloc(sizeof(*note));
		waste_free(ps);
	}
	if (note != NULL) {
		note->info = *info;
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

/* ---- Taking ------------------------------------------------------------- */

/* The lowest one, but what an instruction did comes first. 0: none. */
static int first_of(u64 set)
{
	u64 candidates = set & SYNCHRONOUS ? set & SYNCHRONOUS : set;

	return candidates ? __builtin_ctzll(candidates) + 1 : 0;
}

/* The note of a signal out of the queue, NULL if it has none. */
static struct queued *take_locked(struct process_signals *ps,
				  struct signal_pending *pending, int signal)
{
	struct queued *found = NULL;

	list_for_each_safe (node, &pending->queue) {
		struct queued *q = list_entry(node, struct queued, link);

		if (q->info.signal == signal && found != NULL) {
			return found; /* and the signal stays pending */
		}
		if (q->info.signal == signal) {
			list_remove(node);
			ps->queued_count--;
			found = q;
		}
	}
	pending->set &= ~signal_bit(signal);
	return found;
}

/* The first signal of the set, with its note. 0: none. */
static int take_first_locked(struct thread_signals *ts, u64 set,
			     struct queued **note)
{
	struct signal_pending *pending = &ts->pending;
	int signal;

	if (!(pending->set & set)) {
		pending = &ts->process->pending;
	}
	signal = first_of(pending->set & set);
	if (signal != 0) {
		*note = take_locked(ts->process, pending, signal);
	}
	return signal;
}

/* What the taker is told. Context: thread, lock not held. */
static void info_fill(struct process_signals *ps, int signal,
		      struct queued *note, struct abi_siginfo *info)
{
	if (note != NULL) {
		*info = note->info;
		kfree(note);
	} else {
		*info = signal_info_kernel(signal);
	}
	waste_free(ps);
}

bool signal_take(struct thread_signals *ts, u64 set, struct abi_siginfo *info)
{
	struct queued *note = NULL;
	int signal = 0;

	WITH_SPINLOCK_IRQ (&ts->process->lock) {
		signal = take_first_locked(ts, set, &note);
		signal_recompute_locked(ts);
	}
	if (signal == 0) {
		return false;
	}
	info_fill(ts->process, signal, note, info);
	return true;
}

/* ---- Masks and threads -------------------------------------------------- */

/* Others may take what this thread will not any more. */
static void retarget_locked(struct thread_signals *ts, u64 set)
{
	set &= ts->process->pending.set;
	if (set == 0) {
		return;
	}
	list_for_each (node, &ts->process->threads) {
		struct thread_signals *other =
			list_entry(node, struct thread_signals, link);

		if (other != ts && (set & ~other->blocked)) {
			signal_tell_locked(other);
		}
	}
}

static void mask_set_locked(struct thread_signals *ts, u64 mask)
{
	u64 blocked = ts->blocked;

	ts->blocked = mask & ~SIGNALS_UNBLOCKABLE; /* S4 */
	retarget_locked(ts, mask & ~blocked);
	signal_recompute_locked(ts);
}

void signal_mask_set(u64 mask)
{
	struct thread_signals *ts = signals_current();

	WITH_SPINLOCK_IRQ (&ts->process->lock) {
		mask_set_locked(ts, mask);
	}
}

/* The action as it is now; a handler for one time is a default afterwards. */
static bool action_take_locked(struct thread_signals *ts, int signal,
			       struct abi_sigaction *out)
{
	struct abi_sigaction *action = &ts->process->actions[signal - 1];

	*out = *action;
	if (action->handler == ABI_SIG_DFL || action->handler == ABI_SIG_IGN) {
		return false;
	}
	if (action->flags & ABI_SA_RESETHAND) {
		action->handler = ABI_SIG_DFL;
	}
	return true;
}

/* The mask while the handler runs. */
static void handler_mask_locked(struct thread_signals *ts, int signal,
				const struct abi_sigaction *action)
{
	u64 own = action->flags & ABI_SA_NODEFER ? 0 : signal_bit(signal);

	mask_set_locked(ts, ts->blocked | action->mask | own);
}

bool signal_take_action(struct thread_signals *ts, struct abi_siginfo *info,
			struct abi_sigaction *action)
{
	struct queued *note = NULL;
	int signal = 0;

	WITH_SPINLOCK_IRQ (&ts->process->lock) {
		signal = take_first_locked(ts, ~ts->blocked, &note);
		if (signal != 0 && action_take_locked(ts, signal, action)) {
			handler_mask_locked(ts, signal, action);
		} else {
			signal_recompute_locked(ts);
		}
	}
	if (signal == 0) {
		return false;
	}
	info_fill(ts->process, signal, note, info);
	return true;
}

bool signal_fault_action(struct thread_signals *ts, int signal,
			 struct abi_sigaction *action)
{
	WITH_SPINLOCK_IRQ (&ts->process->lock) {
		if ((ts->blocked & signal_bit(signal)) ||
		    !action_take_locked(ts, signal, action)) {
			return false;
		}
		handler_mask_locked(ts, signal, action);
	}
	return true;
}

void signal_mask_replace(u64 mask)
{
	struct thread_signals *ts = signals_current();

	ts->saved = ts->blocked;
	ts->restore = true;
	signal_mask_set(mask);
}

void signal_mask_restore(long result)
{
	struct thread_signals *ts = signals_current();

	/* Interrupted: the way to user mode does it, behind the handler. */
	if (ts->restore && result != -EINTR && result != -ERESTART) {
		ts->restore = false;
		signal_mask_set(ts->saved);
	}
}

void thread_signals_join(struct task *task)
{
	const struct thread_signals *maker = signals_current();
	struct thread_signals *ts = &task->signals;
	struct process_signals *ps = &task->process->signals;

	*ts = (struct thread_signals){
		.task = task,
		.process = ps,
		.stack.flags = ABI_SS_DISABLE,
	};
	pending_init(&ts->pending);
	if (maker != NULL) {
		ts->blocked = maker->blocked;
		ts->stack = maker->process != ps ? maker->stack : ts->stack;
	}
	WITH_SPINLOCK_IRQ (&ps->lock) {
		list_push_back(&ps->threads, &ts->link);
		signal_recompute_locked(ts);
	}
}

void thread_signals_leave(struct task *task)
{
	struct thread_signals *ts = &task->signals;
	struct list notes;

	list_init(&notes);
	WITH_SPINLOCK_IRQ (&ts->process->lock) {
		list_remove(&ts->link);
		ts->pending.set = 0;
		list_splice_back(&notes, &ts->pending.queue);
		retarget_locked(ts, ~ts->blocked);
	}
	queue_free(&notes);
}

void signals_exec(struct thread_signals *ts)
{
	struct process_signals *ps = ts->process;

	ts->stack = (struct signal_stack){ .flags = ABI_SS_DISABLE };
	WITH_SPINLOCK_IRQ (&ps->lock) {
		for (int i = 0; i < ABI_NSIG; i++) {
			bool ignored = ps->actions[i].handler == ABI_SIG_IGN;

			ps->actions[i] = (struct abi_sigaction){
				.handler = ignored ? ABI_SIG_IGN : ABI_SIG_DFL,
			};
		}
	}
}

u64 signal_deadline(u64 ns)
{
	struct thread_signals *ts = signals_current();
	u64 now = clock_ns(), call = arch_syscall_number();

	if (!ts->repeated || ts->call != call) {
		ts->call = call;
		ts->deadline =
			ns < WAITQ_FOREVER - now ? now + ns : WAITQ_FOREVER;
	}
	ts->repeated = false;
	return ts->deadline;
}

bool signal_is_ignored(int signal)
{
	struct thread_signals *ts = signals_current();
	bool ignored = false;

	WITH_SPINLOCK_IRQ (&ts->process->lock) {
		ignored =
			(ts->blocked & signal_bit(signal)) ||
			ts->process->actions[signal - 1].handler == ABI_SIG_IGN;
	}
	return ignored;
}
