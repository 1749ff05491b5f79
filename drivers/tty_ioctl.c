/* SPDX-License-Identifier: MIT */
/*
 * The requests that a terminal answers (drivers/termios.def).  All others,
 * such as those of virtual consoles, are -ENOTTY; TIOCSTI, which would let a
 * program type for its user, is -EIO as on a Linux that forbids it.
 */
#include "arch/user.h"
#include "drivers/tty.h"
#include "kernel/clock.h"
#include "lib/errno.h"
#include "lib/string.h"

/* How often it is looked whether all output has left. */
#define DRAIN_LOOK_NS 1000000ull

static struct tty_caller me_of(const struct tty *tty, bool *mine)
{
	struct tty_caller me = tty_caller();

	*mine = READ_ONCE(tty->session) == me.session;
	return me;
}

/* What changes a terminal is for the foreground. Errors: see tty.h. */
static int check_change(struct tty *tty)
{
	bool mine;
	struct tty_caller me = me_of(tty, &mine);
	u32 group = READ_ONCE(tty->group);

	if (!mine || group == 0 || group == me.group) {
		return 0;
	}
	return tty_stop_background(TTY_SIGTTOU);
}

static size_t unsent(const struct tty *tty)
{
	return tty->ops->unsent ? tty->ops->unsent() : 0;
}

/* Waits until the device has sent everything. Errors: -ERESTART. */
static int drain(struct tty *tty)
{
	u64 flags = waitq_lock(&tty->q);
	int err = 0;

	while (err != -EINTR && unsent(tty) > 0) {
		err = waitq_sleep_interruptible(&tty->q,
						clock_ns() + DRAIN_LOOK_NS);
	}
	waitq_unlock(&tty->q, flags);
	return err == -EINTR ? -ERESTART : 0;
}

/* The three moments at which settings are made, in the requests' order. */
enum when { NOW, DRAINED, DRAINED_AND_FLUSHED };

static int termios_set(struct tty *tty, const struct tty_termios *t,
		       enum when when)
{
	int err = check_change(tty);

	if (err == 0 && when != NOW) {
		err = drain(tty);
	}
	if (err != 0) {
		return err;
	}
	WITH_SPINLOCK_IRQ (&tty->q.lock) {
		if (when == DRAINED_AND_FLUSHED) {
			ldisc_flush_input(&tty->ldisc);
		}
		ldisc_set_termios(&tty->ldisc, t);
		while (waitq_wake_one_locked(&tty->q)) {
		}
	}
	pollq_wake(&tty->pollq);
	return 0;
}

static struct tty_termios termios_get(struct tty *tty)
{
	struct tty_termios t = { 0 };

	WITH_SPINLOCK_IRQ (&tty->q.lock) {
		t = tty->ldisc.termios;
	}
	return t;
}

static long set_from_user(struct tty *tty, uaddr_t arg, size_t len_bytes,
			  enum when when)
{
	struct tty_termios t = termios_get(tty);
	int err = copy_from_user(&t, arg, len_bytes);

	return err ? err : termios_set(tty, &t, when);
}

/* System V's structure has the lower halves of the flags. */
static long old_get(struct tty *tty, uaddr_t arg)
{
	struct tty_termios t = termios_get(tty);
	struct tty_termio old = { .iflag = (u16)t.iflag,
				  .oflag = (u16)t.oflag,
				  .cflag = (u16)t.cflag,
				  .lflag = (u16)t.lflag,
				  .line = t.line };

	memcpy(old.chars, t.chars, sizeof(old.chars));
	return copy_to_user(arg, &old, sizeof(old));
}

static void merge(u32 *flags, u16 lower)
{
	*flags = (*flags & ~0xffffu) | lower;
}

static long old_set(struct tty *tty, uaddr_t arg, enum when when)
{
	struct tty_termios t = termios_get(tty);
	struct tty_termio old;
	int err = copy_from_user(&old, arg, sizeof(old));

	if (err) {
		return err;
	}
	merge(&t.iflag, old.iflag);
	merge(&t.oflag, old.oflag);
	merge(&t.cflag, old.cflag);
	merge(&t.lflag, old.lflag);
	t.line = old.line;
	memcpy(t.chars, old.chars, sizeof(old.chars));
	return termios_set(tty, &t, when);
}

static long winsize_get(struct tty *tty, uaddr_t arg)
{
	struct tty_winsize size = { 0 };

	WITH_SPINLOCK_IRQ (&tty->q.lock) {
		size = tty->winsize;
	}
	return copy_to_user(arg, &size, sizeof(size));
}

static long winsize_set(struct tty *tty, uaddr_t arg)
{
	struct tty_winsize size;
	u32 group = 0;
	int err = copy_from_user(&size, arg, sizeof(size));

	if (err) {
		return err;
	}
	WITH_SPINLOCK_IRQ (&tty->q.lock) {
		if (memcmp(&tty->winsize, &size, sizeof(size)) != 0) {
			tty->winsize = size;
			group = tty->group;
		}
	}
	if (group != 0) {
		tty_signal_group(group, TTY_SIGWINCH);
	}
	return 0;
}

static long put_u32(uaddr_t arg, u64 value)
{
	u32 out = (u32)value;

	return copy_to_user(arg, &out, sizeof(out));
}

static long flow(struct tty *tty, u64 what)
{
	int err = check_change(tty);

	if (err) {
		return err;
	}
	WITH_SPINLOCK_IRQ (&tty->q.lock) {
		struct ldisc *l = &tty->ldisc;

		switch (what) {
		case TTY_TCOOFF: ldisc_stop(l, LDISC_SUSPENDED); break;
		case TTY_TCOON: ldisc_start(l, LDISC_SUSPENDED); break;
		case TTY_TCIOFF:
			tty->ops->show(tty, &l->termios.chars[TTY_VSTOP], 1);
			break;
		case TTY_TCION:
			tty->ops->show(tty, &l->termios.chars[TTY_VSTART], 1);
			break;
		default: return -EINVAL;
		}
		while (waitq_wake_one_locked(&tty->q)) {
		}
	}
	pollq_wake(&tty->pollq);
	return 0;
}

/* What was written is with the device, which does not give it back. */
static long flush(struct tty *tty, u64 what)
{
	int err = check_change(tty);

	if (err) {
		return err;
	}
	if (what > TTY_TCIOFLUSH) {
		return -EINVAL;
	}
	if (what != TTY_TCOFLUSH) {
		WITH_SPINLOCK_IRQ (&tty->q.lock) {
			ldisc_flush_input(&tty->ldisc);
		}
	}
	return 0;
}

/* ---- Sessions and groups ----------------------------------------------- */

/* `steal`: the superuser takes it from another session. */
static long session_take(struct tty *tty, bool steal)
{
	bool mine;
	struct tty_caller me = me_of(tty, &mine);

	if (me.leads && mine) {
		return 0;
	}
	if (!me.leads || tty_session_has_one(me.session)) {
		return -EPERM;
	}
	WITH_SPINLOCK_IRQ (&tty->q.lock) {
		if (tty->session != 0 && !(steal && me.privileged)) {
			return -EPERM;
		}
		tty->session = me.session;
		tty->group = me.group;
	}
	return 0;
}

static long session_leave(struct tty *tty)
{
	bool mine;
	struct tty_caller me = me_of(tty, &mine);

	if (!mine) {
		return -ENOTTY;
	}
	if (!me.leads) {
		return -EPERM;
	}
	tty_hangup(tty);
	return 0;
}

static long group_set(struct tty *tty, uaddr_t arg)
{
	bool mine;
	struct tty_caller me = me_of(tty, &mine);
	s32 group;
	u32 session;
	int err = check_change(tty);

	if (err) {
		return err;
	}
	if (!mine) {
		return -ENOTTY;
	}
	if (copy_from_user(&group, arg, sizeof(group)) != 0) {
		return -EFAULT;
	}
	if (group < 0) {
		return -EINVAL;
	}
	session = tty_group_session((u32)group);
	if (session != me.session) {
		return session == 0 ? -ESRCH : -EPERM;
	}
	WITH_SPINLOCK_IRQ (&tty->q.lock) {
		tty->group = (u32)group;
	}
	return 0;
}

static long group_get(struct tty *tty, u64 request, uaddr_t arg)
{
	bool mine;

	(void)me_of(tty, &mine);
	if (!mine) {
		return -ENOTTY;
	}
	return put_u32(arg, request == TTY_TIOCGSID ? READ_ONCE(tty->session)
						    : READ_ONCE(tty->group));
}

static size_t pending(struct tty *tty)
{
	size_t count = 0;

	WITH_SPINLOCK_IRQ (&tty->q.lock) {
		count = ldisc_pending(&tty->ldisc);
	}
	return count;
}

static long act(struct tty *tty, u64 request, uaddr_t arg)
{
	struct tty_termios t;

	switch (request) {
	case TTY_TCGETS:
	case TTY_TCGETS2:
		t = termios_get(tty);
		return copy_to_user(arg, &t,
				    request == TTY_TCGETS ? TERMIOS_BYTES
							  : sizeof(t));
	case TTY_TCSETS ... TTY_TCSETSF:
		return set_from_user(tty, arg, TERMIOS_BYTES,
				     (enum when)(request - TTY_TCSETS));
	case TTY_TCSETS2 ... TTY_TCSETSF2:
		return set_from_user(tty, arg, sizeof(t),
				     (enum when)(request - TTY_TCSETS2));
	case TTY_TCGETA: return old_get(tty, arg);
	case TTY_TCSETA ... TTY_TCSETAF:
		return old_set(tty, arg, (enum when)(request - TTY_TCSETA));
	case TTY_TIOCGWINSZ: return winsize_get(tty, arg);
	case TTY_TIOCSWINSZ: return winsize_set(tty, arg);
	case TTY_TCSBRK:
	case TTY_TCSBRKP: return drain(tty);
	case TTY_TCXONC: return flow(tty, arg.va);
	case TTY_TCFLSH: return flush(tty, arg.va);
	case TTY_FIONREAD: return put_u32(arg, pending(tty));
	case TTY_TIOCOUTQ: return put_u32(arg, unsent(tty));
	case TTY_TIOCGETD: return put_u32(arg, 0);
	case TTY_TIOCSCTTY: return session_take(tty, arg.va == 1);
	case TTY_TIOCNOTTY: return session_leave(tty);
	case TTY_TIOCGSID:
	case TTY_TIOCGPGRP: return group_get(tty, request, arg);
	case TTY_TIOCSPGRP: return group_set(tty, arg);
	case TTY_TIOCSTI: return -EIO;
	default: return -ENOTTY;
	}
}

long tty_ioctl(const struct tty_opening *o, u64 request, uaddr_t arg)
{
	if (READ_ONCE(o->tty->hangups) != o->hangups) {
		return -EIO;
	}
	return act(o->tty, request, arg);
}
