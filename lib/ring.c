// SPDX-License-Identifier: MIT
/*
 * What a fusion ring does rarely: when it is full, empty or wrong, and when an
 * end begins, sleeps or is looked at by the kernel.  lib/ring.h holds the
 * theory.
 */
#include "lib/ring.h"

static u32 sequence_at(const struct ring_shared *shared, u32 n, u32 count)
{
	return (u32)__atomic_load_n(&shared->slots[ring_slot(n, count)].word,
				    __ATOMIC_ACQUIRE);
}

/* Message n has been published, if all before it have. */
static bool is_full(const struct ring_shared *shared, u32 n, u32 count)
{
	return sequence_at(shared, n, count) == ring_sequence(n, count);
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

		if (is_full(shared, taken + middle, count)) {
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
	struct ring_slot *next = &shared->slots[ring_slot(head, count)];

	*p = (struct ring_producer){ .shared = shared,
				     .count = count,
				     .next = next,
				     .stop = next,
				     .sequence = ring_sequence(head, count) };
}

enum ring_result ring_refill(struct ring_producer *p)
{
	struct ring_slot *slots = p->shared->slots, *end = slots + p->count;
	u32 fill;

	if (p->next == end) {
		p->next = p->stop = slots;
		p->sequence += p->count;
	}
	/* Pairs with the release in publish(). */
	fill = ring_number(p->shared, p->next, p->sequence, p->count) -
	       taken_of(p->shared);
	if (fill > p->count) {
		return RING_CORRUPT;
	}
	if (is_closed(&p->shared->consumer)) {
		return RING_GONE;
	}
	p->stop = MIN(p->next + (p->count - fill), end);
	return fill < p->count ? RING_OK : RING_FULL;
}

static u32 tail_of(const struct ring_consumer *c)
{
	return ring_number(c->shared, c->next, c->sequence, c->count);
}

/* Where the quarter ends in which `next` is. */
static void set_stop(struct ring_consumer *c)
{
	u32 quarter = MAX(c->count / 4, 1u);
	u32 slot = (u32)(c->next - c->shared->slots);

	c->stop = &c->shared->slots[ALIGN_DOWN(slot, quarter) + quarter];
}

void ring_consumer_attach(struct ring_consumer *c, struct ring_shared *shared,
			  u32 count)
{
	u32 taken = taken_of(shared);

	*c = (struct ring_consumer){
		.shared = shared,
		.count = count,
		.next = &shared->slots[ring_slot(taken, count)],
		.sequence = ring_sequence(taken, count),
		.published = taken
	};
	set_stop(c);
}

static void publish(struct ring_consumer *c, u32 taken)
{
	c->published = taken;
	/* Pairs with the acquire in ring_refill(). */
	__atomic_store_n(&c->shared->consumer.taken, taken, __ATOMIC_RELEASE);
}

static void look_for_sleeper(struct ring_consumer *c)
{
	c->wake |= READ_ONCE(c->shared->producer.state) == RING_SLEEPS;
}

void ring_taken_publish(struct ring_consumer *c)
{
	publish(c, tail_of(c));
	if (c->next == c->shared->slots + c->count) {
		c->next = c->shared->slots;
		c->sequence += c->count;
	}
	set_stop(c);
	/* Pairs with the barrier in ring_end_sleeps(). */
	ring_barrier();
	look_for_sleeper(c);
}

void ring_quarter_done(struct ring_consumer *c)
{
	if (c->next == c->shared->slots + c->count) {
		ring_taken_publish(c);
	} else {
		publish(c, tail_of(c));
		set_stop(c);
		look_for_sleeper(c);
	}
}

/*
 * The next slot has the sequence of the last lap.  What has not been published
 * is less than a quarter of the ring, and no more than that seems full to the
 * producer: it does not sleep, and need not be woken.
 */
static enum ring_result nothing(struct ring_consumer *c)
{
	if (c->published != tail_of(c)) {
		publish(c, tail_of(c));
	}
	/* What it published before it closed can be seen behind that. */
	if (is_closed(&c->shared->producer) &&
	    !is_full(c->shared, tail_of(c), c->count)) {
		return RING_GONE;
	}
	return RING_EMPTY;
}

enum ring_result ring_refusal(struct ring_consumer *c, u64 word)
{
	struct ring_head head = ring_head_of(word);

	if ((u32)word == c->sequence - c->count) {
		return nothing(c);
	}
	if ((u32)word != c->sequence) {
		return RING_CORRUPT;
	}
	return head.kind < RING_KINDS && head.len <= RING_DATA_BYTES
		       ? RING_TOO_LONG
		       : RING_MALFORMED;
}

/* A sequence that is neither means that there is an error to be found. */
bool ring_readable(const struct ring_shared *shared, u32 count)
{
	u32 taken = taken_of(shared);

	return sequence_at(shared, taken, count) !=
		       ring_sequence(taken, count) - count ||
	       is_closed(&shared->producer);
}

/* All slots are full when the last of them is. */
bool ring_writable(const struct ring_shared *shared, u32 count)
{
	return !is_full(shared, taken_of(shared) + count - 1, count) ||
	       is_closed(&shared->consumer);
}
