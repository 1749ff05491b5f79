// SPDX-License-Identifier: MIT
/*
 * What a fusion ring does rarely: when it is full, empty or wrong, and when an
 * end begins, sleeps or is looked at by the kernel.  lib/ring.h holds the
 * theory.
 */
#include "lib/ring.h"

static u32 sequence_at(const struct ring_shared *shared, u32 n, u32 mask)
{
	return (u32)__atomic_load_n(&shared->slots[n & mask].word,
				    __ATOMIC_ACQUIRE);
}

/* Message n has been published, if all before it have. */
static bool is_full(const struct ring_shared *shared, u32 n, u32 mask)
{
	return sequence_at(shared, n, mask) == ring_sequence(n, mask);
}

static u32 taken_of(const struct ring_shared *shared)
{
	return __atomic_load_n(&shared->consumer.taken, __ATOMIC_ACQUIRE);
}

static bool is_closed(const struct ring_end *end)
{
	return (__atomic_load_n(&end->state, __ATOMIC_ACQUIRE) & RING_CLOSED) !=
	       0;
}

/* Slots fill in order, so the first that is not full is found by halving. */
u32 ring_messages(const struct ring_shared *shared, u32 count)
{
	u32 taken = taken_of(shared), low = 0, high = count;

	while (low < high) {
		u32 middle = (low + high) / 2;

		if (is_full(shared, taken + middle, count - 1)) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

void ring_producer_attach(struct ring_producer *p, struct ring_shared *shared,
			  u32 count)
{
	u32 head = taken_of(shared) + ring_messages(shared, count);

	*p = (struct ring_producer){
		.shared = shared, .mask = count - 1, .head = head, .limit = head
	};
}

enum ring_result ring_refill(struct ring_producer *p)
{
	/* Pairs with the release in ring_taken_publish(). */
	u32 taken = taken_of(p->shared), count = p->mask + 1;
	u32 fill = ring_fill(p->head, taken);

	if (fill > count) {
		return RING_CORRUPT;
	}
	if (is_closed(&p->shared->consumer)) {
		return RING_GONE;
	}
	p->limit = taken + count;
	return fill < count ? RING_OK : RING_FULL;
}

void ring_consumer_attach(struct ring_consumer *c, struct ring_shared *shared,
			  u32 count)
{
	u32 taken = taken_of(shared);

	*c = (struct ring_consumer){ .shared = shared,
				     .mask = count - 1,
				     .tail = taken,
				     .published = taken };
}

void ring_taken_publish(struct ring_consumer *c)
{
	c->published = c->tail;
	/* Pairs with the acquire in ring_refill(). */
	__atomic_store_n(&c->shared->consumer.taken, c->tail, __ATOMIC_RELEASE);
	/* Pairs with the barrier in ring_end_sleeps(). */
	ring_barrier();
	c->wake |= READ_ONCE(c->shared->producer.state) == RING_SLEEPS;
}

enum ring_result ring_nothing(struct ring_consumer *c, u32 sequence)
{
	if (sequence != ring_sequence(c->tail, c->mask) - c->mask - 1) {
		return RING_CORRUPT;
	}
	if (c->published != c->tail) {
		ring_taken_publish(c);
	}
	/* What it published before it closed can be seen behind that. */
	if (is_closed(&c->shared->producer) &&
	    !is_full(c->shared, c->tail, c->mask)) {
		return RING_GONE;
	}
	return RING_EMPTY;
}

/* A sequence that is neither means that there is an error to be found. */
bool ring_readable(const struct ring_shared *shared, u32 count)
{
	u32 taken = taken_of(shared), mask = count - 1;

	return sequence_at(shared, taken, mask) !=
		       ring_sequence(taken, mask) - count ||
	       is_closed(&shared->producer);
}

/* All slots are full when the last of them is. */
bool ring_writable(const struct ring_shared *shared, u32 count)
{
	return !is_full(shared, taken_of(shared) + count - 1, count - 1) ||
	       is_closed(&shared->consumer);
}
