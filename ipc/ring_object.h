/* SPDX-License-Identifier: MIT */
/*
 * Ring objects: a fusion ring (lib/ring.h), the arena behind it, and who waits
 * at its ends.  The messages are between the two programs that map it; the
 * kernel owns the pages, puts the ends to sleep, wakes them and tells each that
 * the other is gone.
 *
 * It trusts nothing that stands in the pages: how many slots there are and who
 * has closed is known here, and what is read there decides only who sleeps.
 */
#ifndef EXO_IPC_RING_OBJECT_H
#define EXO_IPC_RING_OBJECT_H

#include "kernel/waitq.h"
#include "lib/ring.h"
#include "mm/object.h"
#include "sched/poll.h"

enum ring_side {
	RING_PRODUCER,
	RING_CONSUMER,
	RING_SIDES,
};

/* Those who wait at one end. */
struct ring_waiters {
	struct waitq q;
	struct pollq pollq;
	u32 sleepers; /* [q] */
	bool closed;  /* [a] nobody has the end any more */
};

struct ring_object {
	struct mem_object object;   /* its references are all there are */
	phys_t block;               /* [I] its frames, in a row */
	u32 pages;                  /* [I] */
	u32 count;                  /* [I] slots */
	struct ring_shared *shared; /* [I] at `block` */
	struct ring_waiters sides[RING_SIDES];
	/* ipc/ring_mail.c's, under its lock: */
	struct list mail;
	u32 mail_count;
	u32 mail_pages; /* of parcels in it */
	u32 next_ticket;
	u32 travels;   /* its ends in mails */
	u32 ring_mail; /* ends of rings in its mail */
};

/* The most that a ring and its arena may have. */
#define RING_PAGES_MAX 4096u

/* Pages of a ring of `count` slots and its arena. */
static inline u64 ring_object_pages(u32 count, u64 arena_bytes)
{
	return DIV_ROUND_UP(ring_bytes(count), PAGE_SIZE) +
	       DIV_ROUND_UP(arena_bytes, PAGE_SIZE);
}

/*
 * An empty ring of `count` slots, and behind it, from the next page on, an
 * arena.  The caller has the reference of each of the two ends.
 * Errors: -EINVAL, -ENOMEM.  Context: thread.
 */
must_check int ring_object_create(u32 count, u64 arena_bytes,
				  struct ring_object **out);

/* Where the arena begins, in bytes. */
static inline u64 ring_object_arena(const struct ring_object *r)
{
	return ALIGN_UP((u64)ring_bytes(r->count), PAGE_SIZE);
}

/* Drops an end and its reference: the other end learns of it. */
void ring_object_close(struct ring_object *r, enum ring_side side);

/*
 * Sleeps until the end has something to do, be it to find that the other is
 * gone or wrong.  Errors: -EPIPE (it is gone, and nothing is left), -EINTR,
 * -ETIMEDOUT (also at once, if `deadline_ns` is 0).  Context: thread.
 */
must_check int ring_object_wait(struct ring_object *r, enum ring_side side,
				u64 deadline_ns);

/*
 * The bell of the end `mine` of the ring `to`, then ring_object_wait() without
 * a deadline: who sleeps there may get the processor at once.  Errors: -EPIPE,
 * also of the bell, -EINTR.  Context: a system call.
 */
must_check int ring_object_bell_wait(struct ring_object *to,
				     enum ring_side mine, struct ring_object *r,
				     enum ring_side side);

/* Wakes who waits at the other end. Errors: -EPIPE: nobody has it any more. */
must_check int ring_object_bell(struct ring_object *r, enum ring_side side);

/*
 * True if the end has something to do; else whoever rings next is asked to wake
 * the poller, which is told of it.
 */
bool ring_object_poll(struct ring_object *r, enum ring_side side,
		      struct poller *poller);

/* True if nobody has that end any more. */
static inline bool ring_object_closed(const struct ring_object *r,
				      enum ring_side side)
{
	/* Pairs with ring_object_close(). */
	return __atomic_load_n(&r->sides[side].closed, __ATOMIC_ACQUIRE);
}

static inline enum ring_side ring_other(enum ring_side side)
{
	return side == RING_PRODUCER ? RING_CONSUMER : RING_PRODUCER;
}

#endif
