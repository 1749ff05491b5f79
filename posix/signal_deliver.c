/* SPDX-License-Identifier: MIT */
/*
 * Signals on the way to user mode: handlers, default actions, and the system
 * calls that a signal interrupted.
 *
 * D1  All of it happens with a complete trap frame, interrupts on, no lock
 *     held; the way to user mode comes back here until nothing is left to do.
 * D2  A system call that was interrupted is decided on once, by the first
 *     handler that runs or when it is clear that none does.
 */
#include "posix/signal.h"

#include "arch/cpu.h"
#include "arch/trap.h"
#include "lib/errno.h"
#include "posix/process.h"
#include "trace/trace.h"

/*
 * Where the handler's frame goes.  On the signal stack it must stay there,
 * whether it is the first frame or an inner one.
 */
static void place_choose(struct thread_signals *ts, u64 sp, u64 flags,
			 struct signal_entry *entry)
{
	bool inside = !(ts->stack.flags & ABI_SS_AUTODISARM) &&
		      signal_stack_holds(&ts->stack, sp);

	if (inside) {
		entry->low = ts->stack.base;
	} else if ((flags & ABI_SA_ONSTACK) && ts->stack.size_bytes > 0) {
		entry->low = ts->stack.base;
		entry->top = ts->stack.base + ts->stack.size_bytes;
	}
}

/*
 * `mask` is the one before the handler's, which is in force already; where the
 * frame finds no room it comes back.
 */
static int handler_enter(struct thread_signals *ts, struct trap_frame *frame,
			 const struct abi_siginfo *info,
			 const struct abi_sigaction *action, u64 mask)
{
	struct signal_entry entry;
	int err;

	entry.signal = (u64)info->signal;
	entry.info = action->flags & ABI_SA_SIGINFO ? info : NULL;
	entry.handler = action->handler;
	entry.restorer = action->restorer;
	entry.top = entry.low = 0;
	entry.mask = ts->restore ? ts->saved : mask;
	entry.stack = &ts->stack;
	place_choose(ts, arch_frame_sp(frame), action->flags, &entry);
	err = action->flags & ABI_SA_RESTORER ? arch_signal_enter(frame, &entry)
					      : -EFAULT;
	if (err) {
		signal_mask_set(mask);
		return err;
	}
	trace(TRACE_SIGNAL, info->signal, action->handler);
	ts->restore = false;
	ts->repeated = false;
	if (ts->stack.flags & ABI_SS_AUTODISARM) {
		ts->stack = (struct signal_stack){ .flags = ABI_SS_DISABLE };
	}
	return 0;
}

void signal_die(int signal)
{
	process_exit_group(STATUS_KILLED(signal));
}

/* There was no room for the handler's frame. */
static void frame_failed(int signal)
{
	struct abi_siginfo info = signal_info_kernel(ABI_SIGSEGV);

	if (signal == ABI_SIGSEGV) {
		signal_die(signal);
	}
	signal_force(&info);
}

/* Sleeps until SIGCONT, SIGKILL, or until another thread ends them all. */
static void stop_sleep(struct process_signals *ps)
{
	u64 flags = waitq_lock(&ps->stop_waitq);
	int err = 0;

	while (READ_ONCE(ps->stopped)) {
		/* What else was sent waits; pairs with task_notify(). */
		__atomic_store_n(&current_thread()->interrupted, false,
				 __ATOMIC_SEQ_CST);
		if (task_is_ending(task_current())) {
			break;
		}
		err = waitq_sleep_interruptible(&ps->stop_waitq, WAITQ_FOREVER);
	}
	(void)err;
	waitq_unlock(&ps->stop_waitq, flags);
}

/* The last thread that stops tells the parent, and the first that goes on. */
static void stop_here(struct process_signals *ps)
{
	struct process *p = process_current();
	u8 signal = 0;
	bool last = false;

	while (READ_ONCE(ps->stopped) && !task_is_ending(task_current())) {
		WITH_SPINLOCK_IRQ (&ps->lock) {
			ps->stopped_count += ps->stopped;
			last = signal_stop_complete_locked(ps);
			signal = ps->stop_signal;
		}
		if (last) {
			signal_child_stopped(p, signal);
		}
		stop_sleep(ps);
	}
	if (READ_ONCE(ps->continued)) {
		WITH_SPINLOCK_IRQ (&ps->lock) {
			last = ps->continued;
			ps->continued = false;
		}
		if (last) {
			signal_child_continued(p);
		}
	}
}

/* `continues` is what it was before the signal was taken. */
static void stop_process(struct thread_signals *ts, int signal, u32 continues)
{
	struct process_signals *ps = ts->process;
	bool orphaned = false;

	WITH_PROCESSES () {
		orphaned =
			signal != ABI_SIGSTOP &&
			process_group_orphaned_locked(process_current()->group);
	}
	if (orphaned) {
		return;
	}
	WITH_SPINLOCK_IRQ (&ps->lock) {
		if (ps->stopped || ps->continues != continues) {
			return;
		}
		ps->stopped = true;
		ps->continued = false;
		ps->stop_signal = (u8)signal;
		ps->stopped_count = 0;
		list_for_each (node, &ps->threads) {
			signal_tell_locked(
				list_entry(node, struct thread_signals, link));
		}
	}
}

static void default_action(struct thread_signals *ts, int signal, u32 continues)
{
	if (ts->process->unkillable) {
		return; /* it came while the signal was blocked */
	}
	switch (signal_default(signal)) {
	case SIGNAL_IGNORED: return;
	case SIGNAL_STOPS: stop_process(ts, signal, continues); return;
	default: signal_die(signal);
	}
}

/*
 * The system call that the signal interrupted.  `action` is the handler's,
 * NULL if none runs.
 */
static void call_decide(struct thread_signals *ts, struct trap_frame *frame,
			const struct abi_sigaction *action)
{
	long result;

	if (!arch_syscall_ended(frame, &result) ||
	    (result != -ERESTART && result != -EINTR)) {
		return;
	}
	if (action == NULL ||
	    (result == -ERESTART &&
	     (ts->again || (action->flags & ABI_SA_RESTART)))) {
		ts->again = false;
		ts->repeated = action == NULL;
		arch_syscall_repeat(frame);
	} else {
		arch_syscall_set_result(frame, -EINTR);
	}
}

/* The frame was not one to go back by. */
static noinline void return_failed(void)
{
	struct abi_siginfo info = signal_info_kernel(ABI_SIGSEGV);

	signal_force(&info);
}

void signal_handler_leave(struct trap_frame *frame)
{
	struct thread_signals *ts = &task_current()->signals;
	struct signal_back back;

	if (arch_signal_return(frame, &back) != 0) {
		return_failed();
		return;
	}
	if (back.mask != ts->blocked) {
		signal_mask_set(back.mask);
	}
	/* As sigaltstack() would, whose complaints nobody hears. */
	if (back.stack.size_bytes != 0 || ts->stack.size_bytes != 0) {
		(void)signal_stack_set(ts, &back.stack, arch_frame_sp(frame));
	}
}

bool signal_raise(struct trap_frame *frame, int signal)
{
	struct thread_signals *ts = &task_current()->signals;
	struct abi_sigaction action;
	struct abi_siginfo info;
	u64 mask = ts->blocked;

	if (!signal_raise_action(ts, signal, &action)) {
		return false;
	}
	info.signal = signal;
	if (action.flags & ABI_SA_SIGINFO) {
		info = signal_info_user(signal);
	}
	arch_syscall_complete(frame, 0);
	if (handler_enter(ts, frame, &info, &action, mask) != 0) {
		frame_failed(signal);
	}
	return true;
}

/* Takes one signal; false if there is none. */
static bool deliver_one(struct thread_signals *ts, struct trap_frame *frame)
{
	struct abi_sigaction action;
	struct abi_siginfo info;
	u32 continues = READ_ONCE(ts->process->continues);
	u64 mask = ts->blocked;

	if (!signal_take_action(ts, &info, &action)) {
		return false;
	}
	if (action.handler == ABI_SIG_DFL) {
		default_action(ts, info.signal, continues);
	} else if (action.handler != ABI_SIG_IGN) {
		call_decide(ts, frame, &action);
		if (handler_enter(ts, frame, &info, &action, mask) != 0) {
			frame_failed(info.signal);
		}
	}
	return true;
}

/* True if the marks say that there is something left to do. */
static bool more(const struct thread_signals *ts)
{
	return READ_ONCE(ts->task->thread->arch.work.user) != 0;
}

void user_work(struct trap_frame *frame)
{
	struct thread_signals *ts = signals_current();
	bool again;

	do {
		stop_here(ts->process);
		if (task_is_ending(task_current())) {
			task_exit();
		}
		again = deliver_one(ts, frame) && more(ts);
	} while (again);
	call_decide(ts, frame, NULL);
	if (ts->restore) {
		ts->restore = false;
		signal_mask_set(ts->saved);
	}
}

bool signal_handle_fault(struct trap_frame *frame,
			 const struct abi_siginfo *info)
{
	struct thread_signals *ts = signals_current();
	struct abi_sigaction action;
	u64 mask = ts->blocked;

	if (!signal_fault_action(ts, info->signal, &action)) {
		return false;
	}
	if (handler_enter(ts, frame, info, &action, mask) != 0) {
		frame_failed(info->signal);
	}
	return true;
}
