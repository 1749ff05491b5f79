/* SPDX-License-Identifier: MIT */
/*
 * Sending capabilities through rings.
 */
#ifndef EXO_IPC_RING_MAIL_H
#define EXO_IPC_RING_MAIL_H

#include "ipc/capability.h"
#include "ipc/ring_object.h"

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
 * Takes out what has the ticket; NULL: nothing has.  Then either the capability
 * has found a place, and ring_mail_done() is next, or it goes back.
 */
must_check struct ring_letter *ring_mail_take(struct ring_object *r,
					      u64 ticket);
struct cap ring_mail_open(const struct ring_letter *letter);
void ring_mail_done(struct ring_letter *letter);
void ring_mail_return(struct ring_object *r, struct ring_letter *letter);

/* Nobody will receive any more. Context: thread. */
void ring_mail_drop(struct ring_object *r);

#endif
