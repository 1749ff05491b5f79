/* SPDX-License-Identifier: MIT */
/*
 * Sending capabilities and pages through rings.
 */
#ifndef EXO_IPC_RING_MAIL_H
#define EXO_IPC_RING_MAIL_H

#include "ipc/capability.h"
#include "ipc/ring_object.h"
#include "mm/parcel.h"

struct ring_letter;

/*
 * Puts a capability, with its references if this succeeds, into the mail of a
 * ring; `carried`: the ring of which it is an end, or NULL.  Returns the ticket
 * by which the receiver asks for it.  Errors: -EPIPE (nobody can receive),
 * -EAGAIN (64 are on their way), -ELOOP (a ring through itself, or through one
 * that is on its way, or with rings on their way in it), -ENOMEM.
 */
must_check long ring_mail_send(struct ring_object *r, struct cap cap,
			       struct ring_object *carried);

/*
 * The same for pages, which the ring owns if this succeeds, and which nobody
 * receives before ring_mail_ready().  Errors: -EPIPE, -EAGAIN (also: pages of
 * RING_PAGES_MAX are on their way), -ENOMEM.
 */
must_check long ring_mail_send_pages(struct ring_object *r,
				     struct parcel *parcel);

/*
 * The pages have left their sender, or they have not: then they are taken back
 * from the mail.  Nothing if the receiver was closed meanwhile.
 */
void ring_mail_ready(struct ring_object *r, u64 ticket);
void ring_mail_cancel(struct ring_object *r, u64 ticket);

/*
 * Takes out what has the ticket, pages or a capability; NULL: nothing has.
 * Then either what was in it has found a place, and ring_mail_done() is next,
 * or it goes back.
 */
must_check struct ring_letter *ring_mail_take(struct ring_object *r, u64 ticket,
					      bool pages);
struct cap ring_mail_open(const struct ring_letter *letter);
struct parcel *ring_mail_parcel(const struct ring_letter *letter);
void ring_mail_done(struct ring_letter *letter);
void ring_mail_return(struct ring_object *r, struct ring_letter *letter);

/* How many pages are on their way. Context: a guess without the lock. */
static inline u32 ring_mail_pages(const struct ring_object *r)
{
	return READ_ONCE(r->mail_pages);
}

/* Nobody will receive any more. Context: thread. */
void ring_mail_drop(struct ring_object *r);

#endif
