/* SPDX-License-Identifier: MIT */
/*
 * Signals: taking them, masks, and threads that come and go.  The theory is in
 * posix/signal.c.
 */
#include "posix/signal_private.h"

#include "arch/trap.h"
#include "kernel/clock.h"
#include "lib/errno.h"
#include "mm/kmem.h"
#include "posix/process.h"

/* The lowest one, but what an instruction did comes first. 0: none. */
static int first_of(u64 set)
{
	u64 candidates =
		set & SIGNALS_SYNCHRONOUS ? set & SIGNALS_SYNCHRONOUS : set;

	return candidates ? __builtin_ctzll(candidates) + 1 : 0;
}

/* The note of a signal out of the queue, NULL if it has none. */
static struct queued *take_locked(struct signal_pending *pending, int signal)
{
	struct queued *found = NULL;

	list_for_each_safe (node, &pending->queue) {
		struct queued *q = list_entry(node, struct queued, link);

		if (q->info.signal == signal && found != NULL) {
			return found; /* and the signal stays pending */
		}
		if (q->info.signal == signal) {
			list_remove(node);
			found = q;
		}
	}
	pending->set &= ~signal_bit(signal);
	return found;
}

/* The first signal of the set, and a note to be freed. 0: none. */
static int take_first_locked(struct thread_signals *ts, u64 set,
			     struct abi_siginfo *info, struct queued **note)
{
	struct signal_pending *pending = &ts->pending;
	struct queued *q;
	int signal;

	if (!(pending->set & set)) {
		pending = &ts->process->pending;
	}
	signal = first_of(pending->set & set);
	if (signal != 0) {
		q = take_locked(pending, signal);
		*info = q ? q->info : signal_info_kernel(signal);
		*note = q ? signal_note_left_locked(ts->process, q) : NULL;
	}
	return signal;
}

/* Context: thread, lock not held. */
static void note_free(struct process_signals *ps, struct queued *note)
{
	if (note != NULL) {
		kfree(note);
	}
	signal_waste_free(ps);
}

bool signal_take(struct thread_signals *ts, u64 set, struct abi_siginfo *info)
{
	struct queued *note = NULL;
	int signal = 0;

	WITH_SPINLOCK_IRQ (&ts->process->lock) {
		signal = take_first_locked(ts, set, info, &note);
		signal_recompute_locked(ts);
	}
	if (signal != 0) {
		note_free(ts->process, note);
	}
	return signal != 0;
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

static bool nothing_pending_locked(const struct thread_signals *ts)
{
	return (ts->pending.set | ts->process->pending.set) == 0;
}

/* `refused` is what it took before the mask changed. */
static noinline void mask_changed_locked(struct thread_signals *ts, u64 refused)
{
	retarget_locked(ts, refused);
	signal_recompute_locked(ts);
}

static inline void mask_set_locked(struct thread_signals *ts, u64 mask)
{
	u64 blocked = ts->blocked;

	ts->blocked = mask & ~SIGNALS_UNBLOCKABLE; /* S4 */
	/* The marks were right before, and with nothing pending still are. */
	if (unlikely(ts->restore || !nothing_pending_locked(ts))) {
		mask_changed_locked(ts, mask & ~blocked);
	}
}

void signal_mask_set(u64 mask)
{
	struct thread_signals *ts = &task_current()->signals;

	WITH_SPINLOCK_IRQ_ON (&ts->process->lock) {
		mask_set_locked(ts, mask);
	}
}

/* The action as it is now; a handler for one time is a default afterwards. */
static inline bool action_take_locked(struct thread_signals *ts, int signal,
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
static inline u64 handler_mask(const struct thread_signals *ts, int signal,
			       const struct abi_sigaction *action)
{
	u64 own = action->flags & ABI_SA_NODEFER ? 0 : signal_bit(signal);

	return (ts->blocked | action->mask | own) & ~SIGNALS_UNBLOCKABLE;
}

bool signal_take_action(struct thread_signals *ts, struct abi_siginfo *info,
			struct abi_sigaction *action)
{
	struct queued *note = NULL;
	int signal = 0;

	WITH_SPINLOCK_IRQ_ON (&ts->process->lock) {
		signal = take_first_locked(ts, ~ts->blocked, info, &note);
		if (signal != 0 && action_take_locked(ts, signal, action)) {
			mask_set_locked(ts, handler_mask(ts, signal, action));
		}
		signal_recompute_locked(ts);
	}
	if (signal != 0) {
		note_free(ts->process, note);
	}
	return signal != 0;
}

bool signal_raise_action(struct thread_signals *ts, int signal,
			 struct abi_sigaction *action)
{
	const u64 sends_more = SIGNALS_STOPPING | signal_bit(ABI_SIGCONT);
	u64 bit = signal_bit(signal);

	WITH_SPINLOCK_IRQ_ON (&ts->process->lock) {
		if (((ts->blocked | sends_more) & bit) ||
		    !nothing_pending_locked(ts) ||
		    !action_take_locked(ts, signal, action)) {
			return false;
		}
		ts->blocked = handler_mask(ts, signal, action);
	}
	return true;
}

bool signal_fault_action(struct thread_signals *ts, int signal,
			 struct abi_sigaction *action)
{
	WITH_SPINLOCK_IRQ_ON (&ts->process->lock) {
		if ((ts->blocked & signal_bit(signal)) ||
		    !action_take_locked(ts, signal, action)) {
			return false;
		}
		mask_set_locked(ts, handler_mask(ts, signal, action));
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
	signal_pending_init(&ts->pending);
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
		list_for_each_safe (node, &ts->pending.queue) {
			list_remove(node);
			if (signal_note_left_locked(
				    ts->process,
				    list_entry(node, struct queued, link))) {
				list_push_back(&notes, node);
			}
		}
		retarget_locked(ts, ~ts->blocked);
	}
	signal_queue_free(&notes);
}

void signals_exec(struct thread_signals *ts)
{
	struct process_signals *ps = ts->process;

	ts->stack = (struct signal_stack){ .flags = ABI_SS_DISABLE };
	WITH_SPINLOCK_IRQ (&ps->lock) {
		for (u64 left = ps->changed; left != 0; left &= left - 1) {
			int i = __builtin_ctzll(left);
			bool ignored = ps->actions[i].handler == ABI_SIG_IGN;

			ps->actions[i] = (struct abi_sigaction){
				.handler = ignored ? ABI_SIG_IGN : ABI_SIG_DFL,
			};
			ps->changed &= ~(ignored ? 0 : signal_bit(i + 1));
		}
	}
}

u64 signal_deadline(u64 ns)
{
	struct thread_signals *ts = &task_current()->signals;
	u64 call = arch_syscall_number();

	if (!ts->repeated || ts->call != call) {
		u64 now = clock_ns();

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
