/* SPDX-License-Identifier: MIT */
/*
 * Terminals: reading, writing, typing, hanging up.
 */
#include "drivers/tty.h"

#include "kernel/clock.h"
#include "lib/errno.h"
#include "lib/string.h"

/* VTIME counts these. */
#define DECISECOND_NS 100000000ull

/* As in poll(2). */
#define POLL_IN  0x0041u /* POLLIN | POLLRDNORM */
#define POLL_OUT 0x0104u /* POLLOUT | POLLWRNORM */
#define POLL_HUP 0x0010u

/* So much room is worth a writer's waking up: a tab becomes eight bytes. */
#define ROOM_MIN 512u

static struct {
	struct spinlock lock; /* LOCK_TTYS */
	struct list list;
} ttys = {
	.lock = SPINLOCK_INIT(LOCK_TTYS),
	.list = LIST_INIT(ttys.list),
};

/* Who sleeps looks again. [q] */
static void wake_locked(struct tty *tty)
{
	while (waitq_wake_one_locked(&tty->q)) {
	}
}

static void emit(struct ldisc *ldisc, const u8 *bytes, size_t len_bytes)
{
	struct tty *tty = container_of(ldisc, struct tty, ldisc);

	tty->ops->show(tty, bytes, len_bytes);
}

void tty_init(struct tty *tty, const struct tty_ops *ops, u16 rows, u16 cols)
{
	memset(tty, 0, sizeof(*tty));
	waitq_init(&tty->q);
	pollq_init(&tty->pollq);
	tty->ops = ops;
	tty->winsize = (struct tty_winsize){ .rows = rows, .cols = cols };
	ldisc_init(&tty->ldisc, emit);
	tty->refs = 1;
	WITH_SPINLOCK (&ttys.lock) {
		list_push_back(&ttys.list, &tty->link);
	}
}

struct tty *tty_find(bool (*fn)(const struct tty *tty, u32 what), u32 what)
{
	WITH_SPINLOCK (&ttys.lock) {
		list_for_each (node, &ttys.list) {
			struct tty *tty = list_entry(node, struct tty, link);

			if (fn(tty, what)) {
				tty->refs++;
				return tty;
			}
		}
	}
	return NULL;
}

void tty_put(struct tty *tty)
{
	bool last = false;

	WITH_SPINLOCK (&ttys.lock) {
		last = --tty->refs == 0;
		if (last) {
			list_remove(&tty->link);
		}
	}
	if (last) {
		tty->ops->end(tty);
	}
}

static bool has_session(const struct tty *tty, u32 session)
{
	return READ_ONCE(tty->session) == session;
}

struct tty *tty_of_session(u32 session)
{
	return session ? tty_find(has_session, session) : NULL;
}

bool tty_session_has_one(u32 session)
{
	struct tty *tty = tty_of_session(session);

	if (tty != NULL) {
		tty_put(tty);
	}
	return tty != NULL;
}

void tty_close(struct tty *tty)
{
	if (tty->ops->opened != NULL) {
		tty->ops->opened(tty, false);
	}
	tty_put(tty);
}

struct tty_opening tty_open(struct tty *tty)
{
	u32 hangups;

	if (tty->ops->opened != NULL) {
		tty->ops->opened(tty, true);
	}
	hangups = READ_ONCE(tty->hangups);
	/* Read after it, as it is set before: one of the two tells. */
	return (struct tty_opening){ .tty = tty,
				     .hangups =
					     hangups - READ_ONCE(tty->gone) };
}

static bool is_hung_up(const struct tty_opening *o)
{
	return READ_ONCE(o->tty->hangups) != o->hangups;
}

static void signal_all(u32 group, u32 signals)
{
	while (group != 0 && signals != 0) {
		tty_signal_group(group, __builtin_ctz(signals));
		signals &= signals - 1;
	}
}

size_t tty_room(struct tty *tty)
{
	size_t room = 0;

	WITH_SPINLOCK_IRQ (&tty->q.lock) {
		room = ldisc_room(&tty->ldisc);
		tty->full = room == 0;
	}
	return room;
}

void tty_input(struct tty *tty, const u8 *bytes, size_t len_bytes)
{
	u32 signals = 0;
	u32 group = 0;

	WITH_SPINLOCK_IRQ (&tty->q.lock) {
		ldisc_input(&tty->ldisc, bytes, len_bytes);
		signals = tty->ldisc.signals;
		tty->ldisc.signals = 0;
		group = tty->group;
		wake_locked(tty);
	}
	signal_all(group, signals);
	pollq_wake(&tty->pollq);
}

/*
 * 0 if the running process may do what only the foreground may, or the
 * terminal is not its session's.  Errors: as tty_stop_background().
 */
static int check_foreground(struct tty *tty, int signal)
{
	struct tty_caller me = tty_caller();
	bool background = false;

	WITH_SPINLOCK_IRQ (&tty->q.lock) {
		background = tty->session == me.session && tty->group != 0 &&
			     tty->group != me.group;
	}
	return background ? tty_stop_background(signal) : 0;
}

/* How long a read waits, and for how much. */
struct patience {
	size_t had;      /* bytes at the last look */
	u64 deadline_ns; /* WAITQ_FOREVER: the clock does not run */
};

/*
 * True if the read is to end with what there is: enough, or nothing and no
 * waiting was asked for (termios(3): MIN and TIME).  Else the deadline of the
 * next sleep is set. [q]
 */
static bool raw_read_ends(const struct ldisc *l, size_t len_bytes,
			  struct patience *p)
{
	size_t min = MIN(l->termios.chars[TTY_VMIN], len_bytes);
	u64 time_ns = l->termios.chars[TTY_VTIME] * DECISECOND_NS;
	size_t have = ldisc_pending(l);
	bool starts =
		min == 0 ? p->deadline_ns == WAITQ_FOREVER : have != p->had;

	if (have >= MAX(min, 1u) || (min == 0 && time_ns == 0)) {
		return true;
	}
	if (time_ns != 0 && starts) {
		p->deadline_ns = clock_ns() + time_ns;
	}
	p->had = have;
	return false;
}

/* Sleeps until a read can be answered. Errors: -EAGAIN, -ERESTART. [q] */
static int wait_input_locked(const struct tty_opening *o, size_t len_bytes)
{
	struct patience p = { .deadline_ns = WAITQ_FOREVER };
	struct tty *tty = o->tty;
	const struct ldisc *l = &tty->ldisc;
	int err = 0;

	while (!is_hung_up(o) && err != -ETIMEDOUT) {
		bool lines = l->termios.lflag & TTY_ICANON;

		if (lines ? ldisc_readable(l, 1)
			  : raw_read_ends(l, len_bytes, &p)) {
			break;
		}
		if (err == -EINTR || o->nonblock) {
			if (!lines && ldisc_pending(l) > 0) {
				break;
			}
			return err ? -ERESTART : -EAGAIN;
		}
		err = waitq_sleep_interruptible(&tty->q, p.deadline_ns);
	}
	return 0;
}

/* True once: the device waits, and there is room again. [q] */
static bool resumes_locked(struct tty *tty)
{
	bool resumes = tty->full && ldisc_room(&tty->ldisc) > LDISC_BYTES / 2;

	tty->full &= !resumes;
	return resumes;
}

long tty_read(const struct tty_opening *o, u8 *buf, size_t len_bytes)
{
	struct tty *tty = o->tty;
	bool resumes = false;
	long result = check_foreground(tty, TTY_SIGTTIN);

	if (result != 0) {
		return result;
	}
	WITH_SPINLOCK_IRQ (&tty->q.lock) {
		result = wait_input_locked(o, len_bytes);
		if (result == 0 && !is_hung_up(o)) {
			result = (long)ldisc_read(&tty->ldisc, buf, len_bytes);
			resumes = resumes_locked(tty);
		}
	}
	if (resumes) {
		tty->ops->resume(tty);
	}
	return result;
}

/* Bytes that can be written now, at most len_bytes. [q] */
static size_t writable_locked(const struct tty *tty, size_t len_bytes)
{
	size_t room = tty->ops->room ? tty->ops->room(tty) : SIZE_MAX;

	return tty->ldisc.stopped || room < ROOM_MIN ? 0
						     : MIN(len_bytes, room / 8);
}

/* Errors: -EAGAIN, -ERESTART. [q] */
static int wait_output_locked(const struct tty_opening *o)
{
	int err = 0;

	while (writable_locked(o->tty, 1) == 0 && !is_hung_up(o)) {
		if (o->nonblock) {
			return -EAGAIN;
		}
		if (err != 0) {
			return -ERESTART;
		}
		err = waitq_sleep_interruptible(&o->tty->q, WAITQ_FOREVER);
	}
	return 0;
}

long tty_write(const struct tty_opening *o, const u8 *buf, size_t len_bytes)
{
	struct tty *tty = o->tty;
	long result = 0;

	if (READ_ONCE(tty->ldisc.termios.lflag) & TTY_TOSTOP) {
		result = check_foreground(tty, TTY_SIGTTOU);
	}
	if (result != 0) {
		return result;
	}
	WITH_SPINLOCK_IRQ (&tty->q.lock) {
		result = wait_output_locked(o);
		if (result == 0) {
			result =
				is_hung_up(o)
					? -EIO
					: (long)writable_locked(tty, len_bytes);
		}
		if (result > 0) {
			ldisc_output(&tty->ldisc, buf, (size_t)result);
		}
	}
	if (result > 0) {
		tty->ops->written(tty);
	}
	return result;
}

u32 tty_poll(const struct tty_opening *o, struct poller *poller)
{
	struct tty *tty = o->tty;
	const struct ldisc *l = &tty->ldisc;
	u32 events = 0;

	poller_watch(poller, &tty->pollq);
	WITH_SPINLOCK_IRQ (&tty->q.lock) {
		unsigned min = l->termios.chars[TTY_VMIN];

		if (l->termios.chars[TTY_VTIME] != 0) {
			min = 1;
		}
		if (is_hung_up(o)) {
			return POLL_IN | POLL_HUP;
		}
		events |= ldisc_readable(l, min) ? POLL_IN : 0;
		events |= writable_locked(tty, 1) == 0 ? 0 : POLL_OUT;
	}
	return events;
}

void tty_acquire(struct tty *tty)
{
	struct tty_caller me = tty_caller();

	if (!me.leads || tty_session_has_one(me.session)) {
		return;
	}
	WITH_SPINLOCK_IRQ (&tty->q.lock) {
		if (tty->session == 0) {
			tty->session = me.session;
			tty->group = me.group;
		}
	}
}

/* Lets go of its session, whose foreground is told. */
static void release(struct tty *tty, bool hangs_up)
{
	const u32 signals = 1u << TTY_SIGHUP | 1u << TTY_SIGCONT;
	u32 session = 0;
	u32 group = 0;

	WITH_SPINLOCK_IRQ (&tty->q.lock) {
		session = tty->session;
		group = tty->group;
		tty->session = 0;
		tty->group = 0;
		if (!hangs_up) {
			break;
		}
		tty->hangups++;
		ldisc_flush_input(&tty->ldisc);
		ldisc_start(&tty->ldisc, LDISC_STOPPED | LDISC_SUSPENDED);
		wake_locked(tty);
	}
	signal_all(group, signals);
	if (session != group && hangs_up) {
		signal_all(session, signals);
	}
	pollq_wake(&tty->pollq);
}

void tty_hangup(struct tty *tty)
{
	release(tty, true);
}

void tty_session_end(u32 session)
{
	struct tty *tty = tty_of_session(session);

	if (tty != NULL) {
		release(tty, !tty->ops->outlives);
		tty_put(tty);
	}
}
