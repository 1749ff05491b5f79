/* SPDX-License-Identifier: MIT */
/*
 * Runs the real code of two or three threads in every order that a processor
 * of the x86 kind allows, and says whether any of them goes wrong.  The code is
 * compiled with its shared accesses turned into the calls below
 * (tests/lib/test_ring_model_host.c).
 *
 * Each thread (actor) has a store buffer: a store goes into it, and at any time
 * later its oldest goes on to memory; the thread itself sees what stands there.
 * A fence and a locked instruction wait until it is empty.
 */
#ifndef EXO_TESTS_HOST_INTERLEAVE_H
#define EXO_TESTS_HOST_INTERLEAVE_H

#include "lib/types.h"

#define INTERLEAVE_ACTORS 3

struct interleave {
	unsigned actors;
	void *shared; /* memory that all see; as it is before the first step */
	size_t shared_bytes;
	void *locals; /* actors in a row, what each knows and nobody else */
	size_t local_bytes;
	/*
	 * Does the next operation of an actor, which depends on its local
	 * state and what it loads alone; false: it has no more.
	 */
	bool (*run)(unsigned actor);
	/* Defects to plant. */
	bool no_fence[INTERLEAVE_ACTORS]; /* its fences do nothing */
	bool any_order; /* buffers keep order for each address alone */
};

struct interleave_result {
	u64 states;
	const char *wrong; /* NULL: in no order */
};

struct interleave_result interleave_run(const struct interleave *model);

/* ---- For the code under test, inside run() ------------------------------- */

u64 interleave_load(const void *at, size_t bytes);
void interleave_store(void *at, size_t bytes, u64 value);
/* Locked: value = (value & and) | or; returns what was there. */
u64 interleave_update(void *at, size_t bytes, u64 and, u64 or);
void interleave_fence(void);
/* As memcpy, 8 bytes at a time where memory is shared. */
void interleave_copy(void *dst, const void *src, size_t bytes);

/* One lock for all, as that of a wait queue. */
void interleave_lock(void);
void interleave_unlock(void);
/* Releases the lock and sleeps until interleave_wake(), in one step. */
void interleave_sleep(void);
/* Wakes the actor if it sleeps, under the lock. */
void interleave_wake(unsigned actor);

/* What was expected did not come: this order is wrong. */
void interleave_wrong(const char *why);

#endif
