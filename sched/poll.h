/* SPDX-License-Identifier: MIT */
/*
 * Waiting for any of several objects, as poll(2) and select(2) do.  An object
 * that can be waited for has a `pollq`; who changes its readiness calls
 * pollq_wake() afterwards.  The one who waits has a `poller`:
 *
 *	poller_init(&poller);
 *	ask every object, each of which calls poller_watch(&poller, &pollq)
 *	while (none is ready && err == 0) {
 *		err = poller_sleep(&poller, deadline_ns);
 *		ask every object again, without the poller
 *	}
 *	poller_end(&poller);
 *
 * Others do not sleep but are told of each change (`notify`): sets of files
 * (fs/epoll.h), whose own pollq is then woken in turn, with the lock of the
 * first one held.  Such a queue is `nested`: all of these have one lock.
 */
#ifndef EXO_SCHED_POLL_H
#define EXO_SCHED_POLL_H

#include "kernel/spinlock.h"
#include "kernel/waitq.h"
#include "lib/list.h"

/* Watches that need no memory of their own. */
#define POLLER_NEAR 3

struct pollq {
	struct spinlock lock; /* LOCK_POLLQ */
	bool nested;          /* [I] the lock is another, common to all */
	struct list watches;  /* [lock] struct watch */
	u32 count;            /* [a] of them */
};

struct watch {
	struct list link;      /* [pollq] */
	struct pollq *pollq;   /* [I] */
	struct poller *poller; /* [I] */
	struct watch *next;    /* the poller's own */
};

struct poller {
	struct waitq q; /* LOCK_POLLER */
	bool woken;     /* [q] since the last poller_sleep() */
	int err;        /* -ENOMEM: something is not watched */
	/* [I] NULL: it sleeps. Context: interrupts off, the lock of `from`. */
	void (*notify)(struct poller *poller, u32 events,
		       const struct pollq *from);
	u32 count;             /* watches, in `near` first */
	struct watch *watches; /* all of them */
	struct watch near[POLLER_NEAR];
};

#define POLLQ_INIT(q)                              \
	{                                          \
		.lock = SPINLOCK_INIT(LOCK_POLLQ), \
		.watches = LIST_INIT((q).watches), \
	}

void pollq_init(struct pollq *q);

/* One that others' notify() wakes by pollq_pass(). */
void pollq_init_nested(struct pollq *q);

/*
 * The object may be ready for some of `events` (of poll(2)) that it was not
 * ready for, or for anything.  Context: any; no lock of rank LOCK_POLLQ or
 * above held.
 */
void pollq_wake_events(struct pollq *q, u32 events);
#define POLLQ_ANYTHING UINT32_MAX

static inline void pollq_wake(struct pollq *q)
{
	pollq_wake_events(q, POLLQ_ANYTHING);
}

/* The same, and cheap where nobody watches. */
static inline void pollq_wake_for(struct pollq *q, u32 events)
{
	/* Adds nothing: the access pairs with the one in poller_watch(). */
	if (unlikely(__atomic_fetch_add(&q->count, 0, __ATOMIC_SEQ_CST) > 0)) {
		pollq_wake_events(q, events);
	}
}

/* The same for a nested queue, in a notify() that was called for `from`. */
void pollq_pass(struct pollq *q, u32 events, const struct pollq *from);

void poller_init(struct poller *poller);

/*
 * From now on `q` wakes the poller; call it before the object is asked.  The
 * object must live until poller_end().  A NULL poller watches nothing.
 * Context: thread.
 */
void poller_watch_more(struct poller *poller, struct pollq *q);

static inline void poller_watch(struct poller *poller, struct pollq *q)
{
	if (poller != NULL) {
		poller_watch_more(poller, q);
	}
}

/*
 * Sleeps until one of the objects was changed since the last call, or since
 * it is watched.  Errors: -ETIMEDOUT, -EINTR, -ENOMEM.
 */
must_check int poller_sleep(struct poller *poller, u64 deadline_ns);

/* Watches nothing any more. Context: thread. */
void poller_end(struct poller *poller);

#endif
