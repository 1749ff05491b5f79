/* SPDX-License-Identifier: MIT */
/*
 * Pseudo-terminals.
 *
 * What the slave shows stands in a ring until the master reads it; echo that
 * finds no room there is lost.  What the master types goes to the slave's line
 * discipline; it waits while that has no room.  Everybody sleeps in the
 * terminal's one queue.
 */
#include "drivers/pty.h"

#include "arch/user.h"
#include "lib/errno.h"
#include "lib/ring.h"
#include "mm/kmem.h"

#define PTY_BYTES 4096u

/* As in poll(2). */
#define POLL_IN  0x0041u /* POLLIN | POLLRDNORM */
#define POLL_OUT 0x0104u /* POLLOUT | POLLWRNORM */
#define POLL_HUP 0x0010u

/* Marks: [I] immutable, [q] tty.q.lock. */
struct pty {
	struct tty tty;
	u32 number;  /* [I] */
	bool locked; /* [q] the slave cannot be opened yet */
	bool left;   /* [q] the slave was open, and is not */
	bool packet; /* [a] the master reads a 0 before all that was shown */
	u32 slaves;  /* [q] times that the slave is open */
	u32 head;    /* [q] bytes shown so far */
	u32 tail;    /* [q] of them read */
	u8 shown[PTY_BYTES];
};

static const struct tty_ops pty_ops;

static u64 numbers[BITMAP_WORDS(PTY_COUNT_MAX)]; /* [a] those in use */

/* The lowest number that is free, taken; PTY_COUNT_MAX: there is none. */
static u32 number_take(void)
{
	u32 n = 0;

	while (n < PTY_COUNT_MAX &&
	       (__atomic_fetch_or(&numbers[n / 64], 1ull << n % 64,
				  __ATOMIC_ACQ_REL) >>
			n % 64 &
		1)) {
		n++;
	}
	return n;
}

static void number_free(u32 n)
{
	__atomic_fetch_and(&numbers[n / 64], ~(1ull << n % 64),
			   __ATOMIC_ACQ_REL);
}

static struct pty *pty_of(const struct tty *tty)
{
	return container_of(tty, struct pty, tty);
}

static size_t room(const struct tty *tty)
{
	const struct pty *p = pty_of(tty);

	return PTY_BYTES - ring_fill(p->head, p->tail);
}

static void show(struct tty *tty, const u8 *bytes, size_t len_bytes)
{
	struct pty *p = pty_of(tty);
	size_t len = MIN(len_bytes, room(tty));

	for (size_t i = 0; i < len; i++) {
		p->shown[ring_slot(p->head++, PTY_BYTES)] = bytes[i];
	}
}

/* Whoever sleeps or polls at either side looks again. */
static void wake(struct tty *tty)
{
	waitq_wake_all(&tty->q);
	pollq_wake(&tty->pollq);
}

static void opened(struct tty *tty, bool open)
{
	struct pty *p = pty_of(tty);

	WITH_SPINLOCK_IRQ (&tty->q.lock) {
		p->slaves += open ? 1u : -1u;
		p->left = p->slaves == 0;
	}
	wake(tty);
}

static void end(struct tty *tty)
{
	number_free(pty_of(tty)->number);
	kfree(pty_of(tty));
}

static const struct tty_ops pty_ops = {
	.show = show,
	.written = wake,
	.resume = wake,
	.room = room,
	.opened = opened,
	.end = end,
	.outlives = true,
};

/* ---- Making and finding ------------------------------------------------- */

static bool has_number(const struct tty *tty, u32 number)
{
	return tty->ops == &pty_ops && pty_of(tty)->number == number;
}

u32 pty_number(const struct tty *tty)
{
	return pty_of(tty)->number;
}

int pty_create(struct tty **out)
{
	u32 number = number_take();
	struct pty *p;

	if (number == PTY_COUNT_MAX) {
		return -ENOSPC;
	}
	p = kzalloc(sizeof(*p));
	if (p == NULL) {
		number_free(number);
		return -ENOMEM;
	}
	p->number = number;
	p->locked = true;
	tty_init(&p->tty, &pty_ops, 0, 0);
	*out = &p->tty;
	return 0;
}

int pty_find_slave(u32 number, struct tty **out)
{
	*out = tty_find(has_number, number);
	if (*out == NULL) {
		return -ENXIO;
	}
	if (READ_ONCE(pty_of(*out)->locked) || READ_ONCE((*out)->gone)) {
		tty_put(*out);
		return -EIO;
	}
	return 0;
}

void pty_close(struct tty *tty)
{
	WITH_SPINLOCK_IRQ (&tty->q.lock) {
		tty->gone = true;
	}
	tty_hangup(tty);
	tty_put(tty);
}

/* ---- The master's side -------------------------------------------------- */

/* One look in vain: sleeps. Errors: -EAGAIN, -ERESTART. [q] */
static int wait_locked(struct tty *tty, bool nonblock)
{
	if (nonblock) {
		return -EAGAIN;
	}
	return waitq_sleep_interruptible(&tty->q, WAITQ_FOREVER) ? -ERESTART
								 : 0;
}

static size_t take_locked(struct pty *p, u8 *buf, size_t len_bytes)
{
	size_t at = READ_ONCE(p->packet) ? 1 : 0;
	size_t shown = ring_fill(p->head, p->tail);
	size_t len = MIN(len_bytes - at, shown);

	if (shown == 0) {
		return 0;
	}
	buf[0] = 0; /* TIOCPKT_DATA */
	for (size_t i = 0; i < len; i++) {
		buf[at + i] = p->shown[ring_slot(p->tail++, PTY_BYTES)];
	}
	return at + len;
}

long pty_read(struct tty *tty, u8 *buf, size_t len_bytes, bool nonblock)
{
	struct pty *p = pty_of(tty);
	long got = 0;

	WITH_SPINLOCK_IRQ (&tty->q.lock) {
		for (;;) {
			got = (long)take_locked(p, buf, len_bytes);
			if (got == 0) {
				got = p->left ? -EIO
					      : wait_locked(tty, nonblock);
			}
			if (got != 0) {
				break;
			}
		}
	}
	if (got > 0) {
		wake(tty);
	}
	return got;
}

/*
 * How much the line discipline takes: a line that is too long is lost from
 * there on, for nobody could read it to make room.  [q]
 */
static size_t typed_room_locked(struct tty *tty)
{
	size_t free = ldisc_room(&tty->ldisc);

	if (free == 0 && (tty->ldisc.termios.lflag & TTY_ICANON) &&
	    !ldisc_readable(&tty->ldisc, 1)) {
		return SIZE_MAX;
	}
	tty->full |= free == 0; /* another may wait already */
	return free;
}

long pty_write(struct tty *tty, const u8 *buf, size_t len_bytes, bool nonblock)
{
	size_t free = 0;
	int err = 0;

	WITH_SPINLOCK_IRQ (&tty->q.lock) {
		while (free == 0 && err == 0) {
			free = typed_room_locked(tty);
			if (free == 0) {
				err = wait_locked(tty, nonblock);
			}
		}
	}
	if (err) {
		return err;
	}
	len_bytes = MIN(len_bytes, free);
	tty_input(tty, buf, len_bytes);
	return (long)len_bytes;
}

u32 pty_poll(struct tty *tty, struct poller *poller)
{
	const struct pty *p = pty_of(tty);
	u32 events = 0;

	poller_watch(poller, &tty->pollq);
	WITH_SPINLOCK_IRQ (&tty->q.lock) {
		events |= p->head != p->tail ? POLL_IN : 0;
		events |= p->left ? POLL_HUP : 0;
		events |= typed_room_locked(tty) > 0 ? POLL_OUT : 0;
	}
	return events;
}

static long u32_out(uaddr_t arg, u32 value)
{
	return copy_to_user(arg, &value, sizeof(value));
}

static long bool_in(uaddr_t arg, bool *to)
{
	u32 value;
	int err = copy_from_user(&value, arg, sizeof(value));

	if (err == 0) {
		WRITE_ONCE(*to, value != 0);
	}
	return err;
}

long pty_ioctl(struct tty *tty, u64 request, uaddr_t arg)
{
	struct pty *p = pty_of(tty);
	struct tty_opening slave = { .tty = tty, .hangups = tty->hangups };

	switch (request) {
	case TTY_TIOCGPTN: return u32_out(arg, p->number);
	case TTY_TIOCSPTLCK: return bool_in(arg, &p->locked);
	case TTY_TIOCPKT: return bool_in(arg, &p->packet);
	case TTY_TIOCGPKT: return u32_out(arg, READ_ONCE(p->packet));
	case TTY_TIOCGPTLCK: return u32_out(arg, READ_ONCE(p->locked));
	case TTY_FIONREAD: return u32_out(arg, ring_fill(p->head, p->tail));
	/* The master need not be of the slave's session. */
	case TTY_TIOCGPGRP: return u32_out(arg, READ_ONCE(tty->group));
	case TTY_TIOCGSID: return u32_out(arg, READ_ONCE(tty->session));
	case TTY_TIOCSCTTY:
	case TTY_TIOCNOTTY: return -ENOTTY;
	default: return tty_ioctl(&slave, request, arg);
	}
}
