/* SPDX-License-Identifier: MIT */
/*
 * System calls on signals: actions, masks, waiting, sending.
 */
#include "arch/trap.h"
#include "arch/user.h"
#include "lib/errno.h"
#include "posix/abi.h"
#include "posix/process.h"
#include "posix/signal.h"
#include "posix/syscall.h"
#include "posix/time.h"

#define STACK_MODES (ABI_SS_ONSTACK | ABI_SS_DISABLE)

static bool signal_valid(u64 signal)
{
	return signal >= 1 && signal <= ABI_NSIG;
}

/* ---- Actions ------------------------------------------------------------ */

/* S3: what is pending and now ignored goes. */
static void action_set(struct process_signals *ps, int signal,
		       const struct abi_sigaction *new)
{
	struct abi_sigaction *action = &ps->actions[signal - 1];

	*action = *new;
	action->mask &= ~SIGNALS_UNBLOCKABLE;
	ps->changed |= signal_bit(signal);
	if (new->handler == ABI_SIG_IGN ||
	    (new->handler == ABI_SIG_DFL &&signal_default(signal) ==
	     SIGNAL_IGNORED)) {
		signal_flush_locked(ps, signal_bit(signal));
	}
}

SYSCALL_HANDLER(rt_sigaction)
{
	struct process_signals *ps = signals_current()->process;
	struct abi_sigaction new, old = { 0 };

	if (d != sizeof(new.mask) || !signal_valid(a)) {
		return -EINVAL;
	}
	if (b != 0) {
		if (copy_from_user(&new, uaddr(b), sizeof(new)) != 0) {
			return -EFAULT;
		}
		if (signal_bit((int)a) & SIGNALS_UNBLOCKABLE) {
			return -EINVAL;
		}
	}
	WITH_SPINLOCK_IRQ (&ps->lock) {
		old = ps->actions[a - 1];
		if (b != 0) {
			action_set(ps, (int)a, &new);
		}
	}
	return c ? copy_to_user(uaddr(c), &old, sizeof(old)) : 0;
}

SYSCALL_WHOLE_HANDLER(rt_sigreturn)
{
	struct trap_frame *frame = arch_user_frame();

	signal_handler_leave(frame);
	arch_syscall_leave(frame);
}

/* ---- The signal stack --------------------------------------------------- */

static bool stack_in_use(const struct thread_signals *ts, u64 sp)
{
	return !(ts->stack.flags & ABI_SS_AUTODISARM) &&
	       signal_stack_holds(&ts->stack, sp);
}

int signal_stack_set(struct thread_signals *ts, const struct signal_stack *new,
		     u64 sp)
{
	u32 mode = new->flags & ~ABI_SS_AUTODISARM;

	if (stack_in_use(ts, sp)) {
		return -EPERM;
	}
	if (mode != 0 && mode != ABI_SS_ONSTACK && mode != ABI_SS_DISABLE) {
		return -EINVAL;
	}
	if (mode != ABI_SS_DISABLE && new->size_bytes < ABI_MINSIGSTKSZ) {
		return -ENOMEM;
	}
	ts->stack = *new;
	ts->stack.pad = 0;
	if (mode == ABI_SS_DISABLE) {
		ts->stack.base = ts->stack.size_bytes = 0;
	}
	return 0;
}

static struct signal_stack stack_seen(const struct thread_signals *ts, u64 sp)
{
	struct signal_stack seen = ts->stack;

	seen.flags &= ABI_SS_AUTODISARM;
	if (seen.size_bytes == 0) {
		seen.flags |= ABI_SS_DISABLE;
	} else if (stack_in_use(ts, sp)) {
		seen.flags |= ABI_SS_ONSTACK;
	}
	return seen;
}

SYSCALL_HANDLER(sigaltstack)
{
	struct thread_signals *ts = signals_current();
	u64 sp = arch_frame_sp(arch_user_frame());
	struct signal_stack old = stack_seen(ts, sp), new;

	if (a != 0) {
		int err = copy_from_user(&new, uaddr(a), sizeof(new));

		err = err ? err : signal_stack_set(ts, &new, sp);
		if (err) {
			return err;
		}
	}
	return b ? copy_to_user(uaddr(b), &old, sizeof(old)) : 0;
}

/* ---- Masks and waiting -------------------------------------------------- */

static int mask_read(u64 *mask, u64 from, u64 size_bytes)
{
	if (size_bytes != sizeof(*mask)) {
		return -EINVAL;
	}
	return copy_from_user(mask, uaddr(from), sizeof(*mask));
}

static int mask_change(struct thread_signals *ts, u64 how, u64 mask)
{
	switch ((int)how) {
	case ABI_SIG_BLOCK: signal_mask_set(ts->blocked | mask); return 0;
	case ABI_SIG_UNBLOCK: signal_mask_set(ts->blocked & ~mask); return 0;
	case ABI_SIG_SETMASK: signal_mask_set(mask); return 0;
	default: return -EINVAL;
	}
}

SYSCALL_HANDLER(rt_sigprocmask)
{
	struct thread_signals *ts = signals_current();
	u64 old = ts->blocked, mask;
	int err;

	if (d != sizeof(mask)) {
		return -EINVAL;
	}
	if (b != 0) {
		err = mask_read(&mask, b, d);
		err = err ? err : mask_change(ts, a, mask);
		if (err) {
			return err;
		}
	}
	return c ? copy_to_user(uaddr(c), &old, sizeof(old)) : 0;
}

SYSCALL_HANDLER(rt_sigpending)
{
	struct thread_signals *ts = signals_current();
	u64 set = (ts->pending.set | ts->process->pending.set) & ts->blocked;

	if (b > sizeof(set)) {
		return -EINVAL;
	}
	return copy_to_user(uaddr(a), &set, b);
}

int signal_wait(u64 deadline)
{
	struct waitq nobody_wakes = WAITQ_INIT(nobody_wakes);
	u64 flags = waitq_lock(&nobody_wakes);
	int err;

	do {
		err = waitq_sleep_interruptible(&nobody_wakes, deadline);
	} while (err == 0);
	waitq_unlock(&nobody_wakes, flags);
	return err;
}

SYSCALL_HANDLER(pause)
{
	return signal_wait(WAITQ_FOREVER);
}

SYSCALL_HANDLER(rt_sigsuspend)
{
	u64 mask;
	int err = mask_read(&mask, a, b);

	if (err) {
		return err;
	}
	signal_mask_replace(mask);
	return signal_wait(WAITQ_FOREVER);
}

static void await(struct thread_signals *ts, u64 set)
{
	WITH_SPINLOCK_IRQ (&ts->process->lock) {
		ts->awaited = set;
	}
}

int signal_await(struct thread_signals *ts, u64 set, u64 deadline,
		 struct abi_siginfo *info)
{
	int err;

	/* From now on a sender tells us; it may have been before. */
	await(ts, set);
	if (signal_take(ts, set, info)) {
		err = 0;
	} else {
		err = signal_wait(deadline);
		if (signal_take(ts, set, info)) {
			err = 0;
		}
	}
	await(ts, 0);
	return err == -ETIMEDOUT ? -EAGAIN : err;
}

static int info_write(u64 to, const struct abi_siginfo *info)
{
	if (copy_to_user(uaddr(to), info, sizeof(*info)) != 0) {
		return -EFAULT;
	}
	return clear_user(uaddr(to + sizeof(*info)),
			  ABI_SIGINFO_BYTES - sizeof(*info));
}

SYSCALL_HANDLER(rt_sigtimedwait)
{
	u64 set, ns, deadline = WAITQ_FOREVER;
	struct abi_siginfo info;
	int err = mask_read(&set, a, d);

	if (err == 0 && c != 0) {
		err = time_read(uaddr(c), &ns);
		deadline = err ? 0 : signal_deadline(ns);
	}
	if (err == 0) {
		err = signal_await(signals_current(),
				   set & ~SIGNALS_UNBLOCKABLE, deadline, &info);
	}
	if (err == 0 && b != 0) {
		err = info_write(b, &info);
	}
	return err ? err : info.signal;
}
