// SPDX-License-Identifier: MIT
/*
 * The fusion ring of lib/ring.h in one thread: what goes in comes out, full
 * and empty are told apart over the wrap, nonsense is refused.
 */
#include "lib/ring_batch.h"
#include "lib/string.h"
#include "tests/ktest.h"

#define SLOTS_MAX 8

#define MEMORY_BYTES \
	(sizeof(struct ring_shared) + SLOTS_MAX * sizeof(struct ring_slot))

static aligned(sizeof(struct ring_end)) u8 memory[MEMORY_BYTES];
static struct ring_shared *const shared = (struct ring_shared *)memory;

static struct ring_producer p;
static struct ring_consumer c;

/* A ring as it is after `first` messages: 0, or whole laps. */
static void begin(u32 count, u32 first)
{
	memset(memory, 0, sizeof(memory));
	shared->consumer.taken = first;
	for (u32 i = 0; i < count; i++) {
		shared->slots[i].word = first;
	}
	ring_producer_attach(&p, shared, count);
	ring_consumer_attach(&c, shared, count);
}

static enum ring_result put(u32 n)
{
	struct ring_head head = { RING_DATA, sizeof(n), (u16)~n };

	return ring_send(&p, head, &n);
}

/* Takes the next message, which is to be put(n). */
static enum ring_result take(u32 n)
{
	struct ring_head head = { 0 };
	u32 got = ~n;
	enum ring_result result = ring_receive(&c, &head, &got, sizeof(got));

	if (result == RING_OK &&
	    (got != n || head.tag != (u16)~n || head.len != sizeof(n))) {
		ktest_fail(__FILE__, __LINE__, "the message put in", got, n);
	}
	return result;
}

/* Fills and empties by every number of messages, three laps and more. */
static void go_round(u32 count)
{
	u32 n = 0;

	for (u32 step = 1; step <= count; step++) {
		for (u32 i = 0; i < step; i++) {
			EXPECT_EQ(put(n + i), RING_OK);
		}
		EXPECT_EQ(ring_messages(shared, count), step);
		EXPECT_EQ(put(0), step == count ? RING_FULL : RING_OK);
		EXPECT(ring_readable(shared, count));
		for (u32 i = 0; i < step; i++) {
			EXPECT_EQ(take(n + i), RING_OK);
		}
		if (step < count) {
			EXPECT_EQ(take(0), RING_OK);
		}
		EXPECT_EQ(take(0), RING_EMPTY);
		EXPECT(!ring_readable(shared, count));
		EXPECT(ring_writable(shared, count));
		n += step;
	}
}

KTEST(ring_messages_in_order,
      "messages come out whole and in order, over the wrap at 2^32, too")
{
	for (u32 count = 1; count <= SLOTS_MAX; count *= 2) {
		for (u32 laps = 0; laps < 4; laps++) {
			begin(count, 0u - laps * count);
			go_round(count);
		}
	}
}

static struct ring_message batch[2 * SLOTS_MAX];

KTEST(ring_messages_batch, "a batch moves as much as fits, and says what stops")
{
	enum ring_result why;

	begin(SLOTS_MAX, 0);
	for (u32 n = 0; n < ARRAY_SIZE(batch); n++) {
		batch[n].head = (struct ring_head){ RING_DATA, 4, (u16)~n };
		memcpy(batch[n].data, &n, sizeof(n));
	}
	for (u32 lap = 0; lap < 3 * SLOTS_MAX; lap++) {
		EXPECT_EQ(put(0), RING_OK);
		EXPECT_EQ(take(0), RING_OK);
		EXPECT_EQ(take(0), RING_EMPTY);
		for (u32 left = SLOTS_MAX, n; left > 0; left -= n) {
			n = ring_send_batch(&p, batch + SLOTS_MAX - left,
					    ARRAY_SIZE(batch), &why);
			EXPECT(n > 0 && n <= left);
		}
		EXPECT_EQ(ring_send_batch(&p, batch, 1, &why), 0);
		EXPECT_EQ(why, RING_FULL);
		EXPECT_EQ(take(0), RING_OK);
		EXPECT_EQ(ring_receive_batch(&c, batch + SLOTS_MAX, SLOTS_MAX,
					     &why),
			  SLOTS_MAX - 1);
		EXPECT_EQ(why, RING_EMPTY);
		EXPECT(memcmp(batch + 1, batch + SLOTS_MAX,
			      (SLOTS_MAX - 1) * sizeof(*batch)) == 0);
	}
}

KTEST(ring_messages_words, "words go seven to a message, as many as fit")
{
	static u64 sent[40], got[40];
	enum ring_result why;

	for (u32 n = 0; n < ARRAY_SIZE(sent); n++) {
		sent[n] = ~(u64)n << 7;
	}
	for (u32 n = 1; n <= ARRAY_SIZE(sent); n++) {
		begin(SLOTS_MAX, 0);
		memset(got, 0, sizeof(got));
		EXPECT_EQ(ring_send_words(&p, RING_ARENA, sent, n, &why), n);
		EXPECT_EQ(ring_messages(shared, SLOTS_MAX),
			  DIV_ROUND_UP(n, RING_WORDS));
		EXPECT_EQ(ring_receive_words(&c, RING_ARENA, got, n, &why), n);
		EXPECT(memcmp(sent, got, 8 * n) == 0);
		EXPECT_EQ(ring_receive_words(&c, RING_ARENA, got, n, &why), 0);
		EXPECT_EQ(why, RING_EMPTY);
	}
	EXPECT_EQ(ring_send_words(&p, RING_ARENA, sent, 40, &why), 40);
	EXPECT_EQ(ring_send_words(&p, RING_ARENA, sent, 40, &why),
		  2 * RING_WORDS);
	EXPECT_EQ(ring_send_words(&p, RING_ARENA, sent, 1, &why), 0);
	EXPECT_EQ(why, RING_FULL);
	EXPECT_EQ(ring_receive_words(&c, RING_DATA, got, 7, &why), 0);
	EXPECT_EQ(why, RING_OK);
	EXPECT_EQ(ring_receive_words(&c, RING_ARENA, got, 6, &why), 0);
	EXPECT_EQ(why, RING_TOO_LONG);
}

KTEST(ring_messages_mixed, "words come out of messages of any lengths, in turn")
{
	static u64 sent[400], got[400];
	enum ring_result why;
	u32 in = 0, out = 0;

	for (u32 n = 0; n < ARRAY_SIZE(sent); n++) {
		sent[n] = ~(u64)n << 7;
	}
	begin(SLOTS_MAX, (u32)0 - SLOTS_MAX);
	while (out < ARRAY_SIZE(sent)) {
		u32 n = (u32)(ktest_random() % 20);

		n = MIN(n, (u32)ARRAY_SIZE(sent) - in);
		in += ring_send_words(&p, RING_ARENA, sent + in, n, &why);
		n = 7 + (u32)(ktest_random() % 20);
		n = MIN(n, in - out);
		out += ring_receive_words(&c, RING_ARENA, got + out, n, &why);
		EXPECT(why == RING_OK || why == RING_TOO_LONG);
	}
	EXPECT(memcmp(sent, got, sizeof(sent)) == 0);
}

KTEST(ring_messages_room,
      "a full ring has room again when a quarter of it has been taken")
{
	begin(SLOTS_MAX, 0);
	for (u32 n = 0; n < SLOTS_MAX; n++) {
		EXPECT_EQ(put(n), RING_OK);
	}
	EXPECT(!ring_writable(shared, SLOTS_MAX));
	EXPECT_EQ(take(0), RING_OK);
	EXPECT_EQ(put(SLOTS_MAX), RING_FULL);
	EXPECT_EQ(take(1), RING_OK);
	EXPECT(ring_writable(shared, SLOTS_MAX));
	EXPECT_EQ(put(SLOTS_MAX), RING_OK);
	EXPECT_EQ(put(SLOTS_MAX + 1), RING_OK);
	EXPECT_EQ(put(SLOTS_MAX + 2), RING_FULL);
}

KTEST(ring_messages_attach, "an end goes on where another holder has stopped")
{
	for (u32 taken = 0; taken < 3 * SLOTS_MAX; taken++) {
		begin(SLOTS_MAX, 0);
		for (u32 n = 0; n < taken; n++) {
			EXPECT_EQ(put(n), RING_OK);
			EXPECT_EQ(take(n), RING_OK);
		}
		EXPECT_EQ(put(taken), RING_OK);
		ring_producer_attach(&p, shared, SLOTS_MAX);
		EXPECT_EQ(put(taken + 1), RING_OK);
		ring_taken_publish(&c);
		ring_consumer_attach(&c, shared, SLOTS_MAX);
		EXPECT_EQ(take(taken), RING_OK);
		EXPECT_EQ(take(taken + 1), RING_OK);
		EXPECT_EQ(take(0), RING_EMPTY);
	}
}

KTEST(ring_messages_bell, "an end is told to wake the other if that sleeps")
{
	begin(2, 0);
	EXPECT_EQ(put(0), RING_OK);
	EXPECT(!ring_producer_bell(&p));
	ring_end_sleeps(&shared->consumer);
	EXPECT(ring_producer_bell(&p));
	ring_end_woke(&shared->consumer);
	EXPECT(!ring_producer_bell(&p));
	EXPECT_EQ(put(1), RING_OK);
	EXPECT_EQ(take(0), RING_OK);
	EXPECT(!c.wake);
	ring_end_sleeps(&shared->producer);
	EXPECT_EQ(take(1), RING_OK);
	EXPECT(c.wake);
}

KTEST(ring_messages_closed, "what a dead producer left is read, then the end")
{
	begin(2, 0);
	EXPECT_EQ(put(0), RING_OK);
	ring_end_close(&shared->producer);
	EXPECT(ring_readable(shared, 2));
	EXPECT_EQ(take(0), RING_OK);
	EXPECT_EQ(take(0), RING_GONE);
	EXPECT(ring_readable(shared, 2));
	begin(1, 0);
	EXPECT_EQ(put(0), RING_OK);
	ring_end_close(&shared->consumer);
	EXPECT(ring_writable(shared, 1));
	EXPECT(ring_producer_bell(&p));
	EXPECT_EQ(put(1), RING_GONE);
}

KTEST(ring_messages_refused, "a message that makes no sense stays where it is")
{
	struct ring_head head = { 0 };
	u8 byte = 0;

	begin(2, 0);
	EXPECT_EQ(put(0), RING_OK);
	EXPECT_EQ(ring_receive(&c, &head, &byte, sizeof(byte)), RING_TOO_LONG);
	shared->slots[0].word |= (u64)(RING_DATA_BYTES + 1) << 40;
	EXPECT_EQ(take(0), RING_MALFORMED);
	shared->slots[0].word = ring_word(2, (struct ring_head){ 255, 4, 0 });
	EXPECT_EQ(take(0), RING_MALFORMED);
	shared->slots[0].word =
		ring_word(2, (struct ring_head){ RING_DATA, 4, 0xffff });
	EXPECT_EQ(take(0), RING_OK);
}

KTEST(ring_messages_corrupt, "a sequence or number that cannot be is an error")
{
	begin(4, 0);
	for (u32 bit = 1; bit != 0; bit <<= 1) {
		shared->slots[0].word = ring_sequence(0, 4) ^ bit;
		EXPECT_EQ(take(0), bit == 4 ? RING_EMPTY : RING_CORRUPT);
	}
	shared->slots[0].word = 0;
	for (u32 n = 0; n < 4; n++) {
		EXPECT_EQ(put(n), RING_OK);
	}
	shared->consumer.taken = 5;
	EXPECT_EQ(put(4), RING_CORRUPT);
	shared->consumer.taken = ~0u;
	EXPECT_EQ(put(4), RING_CORRUPT);
}

KTEST(ring_extents_bounded, "no extent of a message leaves the arena")
{
	struct ring_head head = { RING_ARENA, 2 * sizeof(struct ring_extent),
				  0 };
	struct ring_extent e[2] = { { 0, 4096 }, { 4096, 0 } };

	EXPECT_EQ(ring_extents(head, e, 4096), 2);
	e[1] = (struct ring_extent){ 4095, 1 };
	EXPECT_EQ(ring_extents(head, e, 4096), 2);
	e[1] = (struct ring_extent){ 4095, 2 };
	EXPECT_EQ(ring_extents(head, e, 4096), 0);
	e[1] = (struct ring_extent){ 4097, 0 };
	EXPECT_EQ(ring_extents(head, e, 4096), 0);
	e[1] = (struct ring_extent){ ~0u, ~0u };
	EXPECT_EQ(ring_extents(head, e, 4096), 0);
	e[1] = (struct ring_extent){ 1, ~0u };
	EXPECT_EQ(ring_extents(head, e, 4096), 0);
	head.len--;
	EXPECT_EQ(ring_extents(head, e, 4096), 0);
	head = (struct ring_head){ RING_DATA, 8, 0 };
	EXPECT_EQ(ring_extents(head, e, 4096), 0);
}
