/* SPDX-License-Identifier: MIT */
/*
 * The ends of a fusion ring for a program that may wait: an end that has
 * nothing to do spins a little, then sleeps in the kernel; an end that has
 * moved something wakes the other if that sleeps.  While both are awake no
 * call enters the kernel.
 *
 * One file of the program includes "lib/ring.c".  An end belongs to one thread.
 * Errors are negated errno: -EPIPE (the other end is closed, and nothing is
 * left), -EPROTO (the other side broke the protocol), -EBADMSG (kind or length
 * of the next message make no sense), -EMSGSIZE (it is longer than the caller
 * can take), -EAGAIN, and those of exo_ring_wait().
 */
#ifndef EXO_USER_EXO_RING_H
#define EXO_USER_EXO_RING_H

#include <errno.h>
#include <stdbool.h>
#include <sys/mman.h>

#include "lib/ring_batch.h"
#include "user/exo.h"

#define EXO_RING_SPINS 200

struct exo_sender {
	struct ring_producer ring;
	exo_handle end;
};

struct exo_receiver {
	struct ring_consumer ring;
	exo_handle end;
};

/* Maps a ring and its arena by one of its ends; NULL: see errno. */
static inline void *exo_ring_map(exo_handle end, uint32_t slots,
				 uint64_t arena_bytes)
{
	void *at = mmap(NULL, exo_ring_arena(slots) + arena_bytes,
			PROT_READ | PROT_WRITE, MAP_SHARED, (int)end, 0);

	return at == MAP_FAILED ? NULL : at;
}

static inline void exo_sender_open(struct exo_sender *s, exo_handle end,
				   void *ring, uint32_t slots)
{
	ring_producer_attach(&s->ring, ring, slots);
	s->end = end;
}

static inline void exo_receiver_open(struct exo_receiver *r, exo_handle end,
				     void *ring, uint32_t slots)
{
	ring_consumer_attach(&r->ring, ring, slots);
	r->end = end;
}

static inline long exo_ring_error(enum ring_result result)
{
	static const short errors[] = {
		[RING_OK] = 0,
		[RING_EMPTY] = -EAGAIN,
		[RING_FULL] = -EAGAIN,
		[RING_GONE] = -EPIPE,
		[RING_CORRUPT] = -EPROTO,
		[RING_MALFORMED] = -EBADMSG,
		[RING_TOO_LONG] = -EMSGSIZE,
	};

	return errors[result];
}

/* After the last message of several: wakes the receiver if it sleeps. */
static inline long exo_flush(struct exo_sender *s)
{
	return ring_producer_bell(&s->ring) ? exo_ring_bell(s->end) : 0;
}

/* Sends without waking anybody; waits for room. */
static inline long exo_send_more(struct exo_sender *s, struct ring_head head,
				 const void *data)
{
	for (unsigned spins = 0;; spins++) {
		enum ring_result result = ring_send(&s->ring, head, data);
		long err = 0;

		if (result != RING_FULL) {
			return exo_ring_error(result);
		}
		if (spins >= EXO_RING_SPINS) {
			err = exo_flush(s);
			if (err == 0) {
				err = exo_ring_wait(s->end, EXO_FOREVER,
						    EXO_NO_BELL);
			}
			spins = 0;
		}
		if (err < 0 && err != -EINTR) {
			return err;
		}
		__builtin_ia32_pause();
	}
}

/* Sends, and wakes the receiver if it sleeps. */
static inline long exo_send(struct exo_sender *s, struct ring_head head,
			    const void *data)
{
	long err = exo_send_more(s, head, data);

	return err < 0 ? err : exo_flush(s);
}

/* Takes what is there, -EAGAIN if nothing is; as ring_receive(). */
static inline long exo_try_receive(struct exo_receiver *r,
				   struct ring_head *head, void *data,
				   uint32_t size_bytes)
{
	enum ring_result result =
		ring_receive(&r->ring, head, data, size_bytes);

	if (r->ring.wake) {
		r->ring.wake = false;
		/* That the sender is gone is seen when nothing is left. */
		(void)exo_ring_bell(r->end);
	}
	return exo_ring_error(result);
}

/* Waits for a message and takes it; as ring_receive(). */
static inline long exo_receive(struct exo_receiver *r, struct ring_head *head,
			       void *data, uint32_t size_bytes)
{
	for (unsigned spins = 0;; spins++) {
		long err = exo_try_receive(r, head, data, size_bytes);

		if (err != -EAGAIN) {
			return err;
		}
		if (spins >= EXO_RING_SPINS) {
			err = exo_ring_wait(r->end, EXO_FOREVER, EXO_NO_BELL);
			if (err < 0 && err != -EINTR) {
				return err;
			}
			spins = 0;
		}
		__builtin_ia32_pause();
	}
}

#endif
