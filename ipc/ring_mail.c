/* SPDX-License-Identifier: MIT */
/*
 * Capabilities and pages on their way through a ring: the kernel keeps them,
 * the message tells the receiver the ticket.
 *
 * M1  What is in a ring's mail has its references.  It waits there until it is
 *     received, or nobody has the receiving end any more.
 * M2  `travels` counts the ends of the ring that are in the mail of rings,
 *     `ring_mail` the ends of rings that are in its own.  One of the two is 0:
 *     so rings in mails never keep each other, or themselves, alive.
 * M3  Pages are in the mail before they leave their sender, for that must not
 *     fail any more then; until they have left, `ready` is false and nobody is
 *     given them.  If the mail is dropped meanwhile, the sender has the last
 *     references to their frames and gives them up on the way.  So the letter
 *     is found by its ticket each time, never by a pointer that was kept.
 */
#include "ipc/ring_mail.h"

#include "lib/errno.h"
#include "mm/kmem.h"

/* On their way through one ring at a time. */
#define MAIL_MAX 64

struct ring_letter {
	struct list link;            /* [mail_lock] in ring_object.mail */
	struct cap cap;              /* [I] no entry: there are pages */
	struct ring_object *carried; /* [I] the ring of the end that it is */
	struct parcel *parcel;       /* [I] or NULL */
	u32 ticket;                  /* [I] */
	bool ready;                  /* [mail_lock] see M3 */
};

/* Guards the mail of all rings, for a few instructions. */
static struct spinlock mail_lock = SPINLOCK_INIT(LOCK_RING_MAIL);

static u32 pages_of(const struct ring_letter *letter)
{
	return letter->parcel != NULL ? letter->parcel->count : 0;
}

/* Errors: -EPIPE, -EAGAIN, -ELOOP (M2). */
static int refused_locked(const struct ring_object *r,
			  const struct ring_letter *letter)
{
	const struct ring_object *carried = letter->carried;

	if (ring_object_closed(r, RING_CONSUMER)) {
		return -EPIPE;
	}
	if (r->mail_count == MAIL_MAX ||
	    r->mail_pages + pages_of(letter) > RING_PAGES_MAX) {
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
	r->mail_pages += pages_of(letter);
	if (letter->carried != NULL) {
		letter->carried->travels++;
		r->ring_mail++;
	}
}

static void leave_locked(struct ring_object *r, struct ring_letter *letter)
{
	list_remove(&letter->link);
	r->mail_count--;
	r->mail_pages -= pages_of(letter);
	if (letter->carried != NULL) {
		letter->carried->travels--;
		r->ring_mail--;
	}
}

/* What is in it goes, too. Context: thread. */
static void letter_drop(struct ring_letter *letter)
{
	if (letter->parcel != NULL) {
		parcel_free(letter->parcel);
	}
	cap_drop(letter->cap);
	kfree(letter);
}

static long letter_send(struct ring_object *r, struct ring_letter content)
{
	struct ring_letter *letter = kmalloc(sizeof(*letter));
	long result = -ENOMEM;

	if (letter == NULL) {
		return result;
	}
	*letter = content;
	WITH_SPINLOCK (&mail_lock) {
		result = refused_locked(r, letter);
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

long ring_mail_send(struct ring_object *r, struct cap cap,
		    struct ring_object *carried)
{
	return letter_send(r, (struct ring_letter){ .cap = cap,
						    .carried = carried,
						    .ready = true });
}

long ring_mail_send_pages(struct ring_object *r, struct parcel *parcel)
{
	return letter_send(r, (struct ring_letter){ .parcel = parcel });
}

static struct ring_letter *find_locked(const struct ring_object *r, u64 ticket)
{
	list_for_each (at, &r->mail) {
		struct ring_letter *letter =
			list_entry(at, struct ring_letter, link);

		if (letter->ticket == ticket) {
			return letter;
		}
	}
	return NULL;
}

void ring_mail_ready(struct ring_object *r, u64 ticket)
{
	WITH_SPINLOCK (&mail_lock) {
		struct ring_letter *letter = find_locked(r, ticket);

		if (letter != NULL) {
			letter->ready = true;
		}
	}
}

/* Takes the letter out if it is there, as far, and of that kind. */
static struct ring_letter *take(struct ring_object *r, u64 ticket, bool ready,
				bool pages)
{
	struct ring_letter *letter = NULL;

	WITH_SPINLOCK (&mail_lock) {
		letter = find_locked(r, ticket);
		if (letter != NULL && letter->ready == ready &&
		    (letter->parcel != NULL) == pages) {
			leave_locked(r, letter);
		} else {
			letter = NULL;
		}
	}
	return letter;
}

void ring_mail_cancel(struct ring_object *r, u64 ticket)
{
	struct ring_letter *letter = take(r, ticket, false, true);

	if (letter != NULL) {
		letter_drop(letter);
	}
}

struct ring_letter *ring_mail_take(struct ring_object *r, u64 ticket,
				   bool pages)
{
	return take(r, ticket, true, pages);
}

struct parcel *ring_mail_parcel(const struct ring_letter *letter)
{
	return letter->parcel;
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
		lost = refused_locked(r, letter) != 0;
		if (!lost) {
			enter_locked(r, letter);
		}
	}
	if (lost) {
		letter_drop(letter);
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
			letter_drop(letter);
		}
	} while (letter != NULL);
}
