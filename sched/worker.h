/* SPDX-License-Identifier: MIT */
/*
 * A thread on each processor that runs what must run there: emptying its
 * caches of free memory, for example.
 */
#ifndef EXO_SCHED_WORKER_H
#define EXO_SCHED_WORKER_H

#include "lib/list.h"
#include "lib/types.h"

/* Makes the worker of processor `cpu`. Errors: -ENOMEM. Context: boot. */
must_check int worker_start(unsigned cpu);

/*
 * Runs fn() on every processor in turn and waits for each.  Context: thread,
 * may sleep; not a worker.
 */
void worker_run_everywhere(void (*fn)(void));

/* What an interrupt leaves to a thread. */
struct deferred {
	void (*fn)(struct deferred *); /* [I] */
	struct list link;              /* LOCK_DEFERRED */
	bool queued;                   /* likewise: it will begin */
};

#define DEFERRED_INIT(function)  \
	{                        \
		.fn = (function) \
	}

/*
 * Has the first processor's worker call the function soon, once for all calls
 * before it begins.  Context: any; no lock of rank LOCK_WAITQ or above held.
 */
void worker_defer(struct deferred *deferred);

/* Every cache of free frames, objects and stacks is emptied. */
void worker_drain_memory(void);

#endif
