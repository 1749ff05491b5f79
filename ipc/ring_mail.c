/* SPDX-License-Identifier: MIT */
/*
 * Capabilities on their way through a ring: the kernel keeps them, the message
 * tells the receiver the ticket.
 *
 * M1  What is in a ring's mail has its references.  It waits there until it is
 *     received, or nobody has the receiving end any more.
 * M2  `travels` counts the ends of the ring that are in the mail of rings,
 *     `ring_mail` the ends of rings that are in its own.  One of the two is 0:
 *     so rings in mails never keep each other, or themselves, alive.
 */
#include "ipc/ring_mail.h"

#include "lib/errno.h"
#include "mm/kmem.h"

/* On their way through one ring at a time. */
#define MAIL_MAX 64

struct ring_letter {
	struct list link;            /* [mail_lock] in ring_object.mail */
	struct cap cap;              /* [I] */
	struct ring_object *carried; /* [I] the ring of the end that it is */
	u32 ticket;                  /* [I] */
};

/* Guards the mail of all rings, for a few instructions. */
static struct spinlock mail_lock = SPINLOCK_INIT(LOCK_RING_MAIL);

/* Errors: -EPIPE, -EAGAIN, -ELOOP (M2). */
static int refused_locked(const struct ring_object *r,
			  const struct ring_object *carried)
{
	if (ring_object_closed(r, RING_CONSUMER)) {
		return -EPIPE;
	}
	if (r->mail_count == MAIL_MAX) {
		return -EAGAIN;
	}
	return carried != NULL && (carried == r || carried->ring_mail > 0 ||
				   r->travels > 0)
		       ? -ELOOP
		       : 0;
}

static void enter_locked(struct ring_object *r, struct ring_letter *letter)
{
	list_push_back(&r->mail, &letter->link);
	r->mail_count++;
	if (letter->carried != NULL) {
		letter->carried->travels++;
		r->ring_mail++;
	}
}

static void leave_locked(struct ring_object *r, struct ring_letter *letter)
{
	list_remove(&letter->link);
	r->mail_count--;
	if (letter->carried != NULL) {
		letter->carried->travels--;
		r->ring_mail--;
	}
}

long ring_mail_send(struct ring_object *r, struct cap cap,
		    struct ring_object *carried)
{
	struct ring_letter *letter = kmalloc(sizeof(*letter));
	long result = -ENOMEM;

	if (letter == NULL) {
		return result;
	}
	letter->cap = cap;
	letter->carried = carried;
	WITH_SPINLOCK (&mail_lock) {
		result = refused_locked(r, carried);
		if (result == 0) {
			letter->ticket = r->next_ticket++;
			result = letter->ticket;
			enter_locked(r, letter);
		}
	}
	if (result < 0) {
		kfree(letter);
	}
	return result;
}

struct ring_letter *ring_mail_take(struct ring_object *r, u64 ticket)
{
	struct ring_letter *found = NULL;

	WITH_SPINLOCK (&mail_lock) {
		list_for_each (at, &r->mail) {
			struct ring_letter *letter =
				list_entry(at, struct ring_letter, link);

			if (letter->ticket == ticket) {
				found = letter;
				break;
			}
		}
		if (found != NULL) {
			leave_locked(r, found);
		}
	}
	return found;
}

struct cap ring_mail_open(const struct ring_letter *letter)
{
	return letter->cap;
}

void ring_mail_done(struct ring_letter *letter)
{
	kfree(letter);
}

void ring_mail_return(struct ring_object *r, struct ring_letter *letter)
{
	bool lost = false;

	WITH_SPINLOCK (&mail_lock) {
		lost = refused_locked(r, letter->carried) != 0;
		if (!lost) {
			enter_locked(r, letter);
		}
	}
	if (lost) {
		cap_drop(letter->cap);
		kfree(letter);
	}
}

/* An end that leaves a mail may be the last of its ring, whose mail is next. */
void ring_mail_drop(struct ring_object *r)
{
	struct ring_letter *letter;

	do {
		letter = NULL;
		WITH_SPINLOCK (&mail_lock) {
			if (!list_empty(&r->mail)) {
				letter = list_first(&r->mail,
						    struct ring_letter, link);
				leave_locked(r, letter);
			}
		}
		if (letter != NULL) {
			cap_drop(letter->cap);
			kfree(letter);
		}
	} while (letter != NULL);
}
