// SPDX-License-Identifier: MIT
/*
 * The fusion ring with a peer that writes into everything shared while it is
 * used: lib/ring.c and the functions of lib/ring.h are compiled here once more,
 * and before each of their reads the peer has put there what it likes, drawn
 * from a seed: chance, numbers near the right ones, heads that are too long.  A
 * value that was read twice differs, a length that was believed runs into what
 * ASan guards.
 */
#include <stdlib.h>

#include "lib/string.h"
#include "tests/ktest.h"

static u64 hostile_load(const void *at, size_t bytes);
static void hostile_copy(void *dst, const void *src, size_t bytes);

#define __atomic_load_n(at, order) \
	((__typeof__(*(at)))hostile_load(at, sizeof(*(at))))
#define __builtin_memcpy     hostile_copy

#define ring_messages        hostile_ring_messages
#define ring_producer_attach hostile_ring_producer_attach
#define ring_consumer_attach hostile_ring_consumer_attach
#define ring_refill          hostile_ring_refill
#define ring_quarter_done    hostile_ring_quarter_done
#define ring_taken_publish   hostile_ring_taken_publish
#define ring_refusal         hostile_ring_refusal
#define ring_readable        hostile_ring_readable
#define ring_writable        hostile_ring_writable

#include "lib/ring.c"
#include "lib/ring_batch.h"
#include "lib/ring_lanes.h"

#define STEPS     60000u
#define COUNT_MAX 64u
/* The most reads of one operation: a search among COUNT_MAX, and few more. */
#define READS_MAX 16u
#define BATCH     40u

static struct {
	struct ring_shared *shared; /* ring_bytes(count), not a byte more */
	u32 count;
	u32 near; /* a number that would be right */
	u32 reads;
} peer;

static u32 below(u32 n)
{
	return (u32)(ktest_random() % n);
}

static u64 lie(void)
{
	u64 random = ktest_random();
	u64 head = random >> 8 & 0xffffff0fff03ul;
	u32 number = peer.near;

	switch (random & 7) {
	case 0: return ktest_random();
	case 1: return number + (random >> 32 & 3) - 1;
	case 2: number -= peer.count; break;
	case 3: number += (u32)(random >> 40) & (peer.count - 1); break;
	default: break;
	}
	return head << 32 | number;
}

static bool is_shared(const void *at)
{
	return (const u8 *)at >= (u8 *)peer.shared &&
	       (const u8 *)at < (u8 *)peer.shared + ring_bytes(peer.count);
}

static u64 hostile_load(const void *at, size_t bytes)
{
	u64 value = lie();

	if (is_shared(at)) {
		peer.reads++;
		memcpy((void *)at, &value, bytes);
	}
	value = 0;
	memcpy(&value, at, bytes);
	return value;
}

/* Bytes may change while they are copied: here they do so after each read. */
static void hostile_copy(void *dst, const void *src, size_t bytes)
{
	memcpy(dst, src, bytes);
	if (is_shared(src)) {
		u64 value = lie();

		peer.reads++;
		memcpy((void *)src, &value, MIN(bytes, sizeof(value)));
	}
}

static void begin(u32 count)
{
	free(peer.shared);
	peer.count = count;
	peer.reads = 0;
	peer.shared = aligned_alloc(
		sizeof(struct ring_end),
		ALIGN_UP(ring_bytes(count), sizeof(struct ring_end)));
	memset(peer.shared, 0, ring_bytes(count));
}

/* Whatever was read, an end stands inside the ring and needs few reads. */
static bool is_sane(const struct ring_slot *next, const struct ring_slot *stop)
{
	const struct ring_slot *slots = peer.shared->slots;
	bool few = peer.reads <= READS_MAX;

	peer.reads = 0;
	return few && next >= slots && next <= slots + peer.count &&
	       stop >= slots && stop <= slots + peer.count;
}

static bool receive_sane(struct ring_consumer *c)
{
	struct ring_head head = { 0 };
	u8 data[24];
	u32 size = 1 + below(sizeof(data));
	enum ring_result result;

	peer.near = c->sequence;
	result = ring_receive(c, &head, data, size);
	if (result == RING_OK && (head.len > size || head.kind >= RING_KINDS)) {
		return false;
	}
	return result <= RING_TOO_LONG && is_sane(c->next, c->stop) &&
	       c->next < c->stop;
}

static bool receive_batch_sane(struct ring_consumer *c)
{
	struct ring_message messages[BATCH];
	enum ring_result why;
	u32 n = below(BATCH + 1), got;

	peer.near = c->sequence;
	got = ring_receive_batch(c, messages, n, &why);
	for (u32 i = 0; i < got; i++) {
		if (messages[i].head.len > RING_DATA_BYTES) {
			return false;
		}
	}
	peer.reads -= MIN(peer.reads, 4 * got);
	return got <= n && is_sane(c->next, c->stop) && c->next < c->stop;
}

KTEST(ring_hostile_producer, "a consumer survives any producer")
{
	for (u32 count = 1; count <= COUNT_MAX; count *= 2) {
		struct ring_consumer c;

		begin(count);
		ring_consumer_attach(&c, peer.shared, count);
		for (u32 i = 0; i < STEPS / COUNT_MAX; i++) {
			EXPECT(receive_sane(&c));
			EXPECT(receive_batch_sane(&c));
			if (i % 64 == 0) {
				ring_consumer_attach(&c, peer.shared, count);
			}
		}
	}
}

static u32 number_of(const struct ring_producer *p)
{
	return ring_number(p->shared, p->next, p->sequence, p->count);
}

static bool send_sane(struct ring_producer *p)
{
	static const struct ring_message batch[BATCH];
	struct ring_head head = { RING_DATA, RING_DATA_BYTES, 0 };
	u8 data[RING_DATA_BYTES] = { 0 };
	enum ring_result result;

	peer.near = number_of(p);
	if (below(2) == 0) {
		result = ring_send(p, head, data);
	} else {
		ring_send_batch(p, batch, BATCH, &result);
	}
	return result <= RING_CORRUPT && is_sane(p->next, p->stop) &&
	       p->next <= p->stop;
}

KTEST(ring_hostile_consumer, "a producer survives any consumer")
{
	for (u32 count = 1; count <= COUNT_MAX; count *= 2) {
		struct ring_producer p;

		begin(count);
		ring_producer_attach(&p, peer.shared, count);
		for (u32 i = 0; i < STEPS / COUNT_MAX; i++) {
			EXPECT(send_sane(&p));
			if (i % 64 == 0) {
				ring_producer_attach(&p, peer.shared, count);
			}
		}
	}
}

KTEST(ring_hostile_both, "the kernel's look at a ring ends, whatever is there")
{
	u32 answers = 0;

	for (u32 count = 1; count <= COUNT_MAX; count *= 2) {
		begin(count);
		for (u32 i = 0; i < STEPS / COUNT_MAX; i++) {
			peer.near = (u32)ktest_random();
			EXPECT(ring_messages(peer.shared, count) <= count);
			answers += ring_readable(peer.shared, count);
			answers += ring_writable(peer.shared, count);
			EXPECT(peer.reads <= READS_MAX);
			peer.reads = 0;
		}
	}
	EXPECT(answers > 0);
}

KTEST(ring_hostile_lane, "a lane that lies does not keep others from theirs")
{
	static aligned(128)
		u8 honest[sizeof(struct ring_shared) + RING_LINE_BYTES];
	struct ring_consumer lanes[2];
	struct ring_lanes all;
	struct ring_producer p;
	u32 got = 0;

	begin(4);
	memset(honest, 0, sizeof(honest));
	ring_producer_attach(&p, (struct ring_shared *)honest, 1);
	ring_consumer_attach(&lanes[0], peer.shared, 4);
	ring_consumer_attach(&lanes[1], (struct ring_shared *)honest, 1);
	ring_lanes_init(&all, lanes, 2);
	for (u32 i = 0; i < STEPS; i++) {
		struct ring_head head = { RING_DATA, sizeof(got), 0 };
		u32 data;

		EXPECT(ring_send(&p, head, &got) <= RING_FULL);
		peer.near = lanes[0].sequence;
		if (ring_lanes_receive(&all, &head, &data, sizeof(data)) ==
			    RING_OK &&
		    all.from == 1) {
			EXPECT_EQ(data, got++);
		}
	}
	EXPECT(got >= STEPS / (2 * RING_LANE_TURN));
}
