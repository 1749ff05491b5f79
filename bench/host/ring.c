// SPDX-License-Identifier: MIT
/*
 * The fusion ring of lib/ring.h, and the bare cache line that no ring can
 * overtake: a word there, and a word back on a line of its own.
 */
#include "bench/host/queue.h"

#include "lib/ring_batch.h"
#include "lib/ring_lanes.h"

#define RINGS 2

static struct {
	aligned(4096) u8 memory[RINGS][sizeof(struct ring_shared) +
				       QUEUE_SLOTS * RING_LINE_BYTES];
	struct ring_producer producers[RINGS];
	struct ring_consumer consumers[RINGS];
	struct ring_lanes lanes;
	struct ring_message sent[BURST], got[BURST];
} rings;

const struct message queue_messages[BURST] = {
#define M(i)              \
	{                 \
		{         \
			i \
		}         \
	}
#define M4(i) M(i), M(i + 1), M(i + 2), M(i + 3)
	M4(0), M4(4), M4(8), M4(12), M4(16), M4(20), M4(24), M4(28),
};

const u64 queue_words[BURST] = {
#define W4(i) i, i + 1, i + 2, i + 3
	W4(0), W4(4), W4(8), W4(12), W4(16), W4(20), W4(24), W4(28),
};

static void exo_init(unsigned slots)
{
	for (unsigned i = 0; i < RINGS; i++) {
		struct ring_shared *shared = (void *)rings.memory[i];

		__builtin_memset(shared, 0, ring_bytes(slots));
		ring_producer_attach(&rings.producers[i], shared, slots);
		ring_consumer_attach(&rings.consumers[i], shared, slots);
	}
	ring_lanes_init(&rings.lanes, rings.consumers, RINGS);
	for (unsigned i = 0; i < BURST; i++) {
		struct ring_message *m = &rings.sent[i];

		m->head = (struct ring_head){ RING_DATA, RING_DATA_BYTES, 0 };
		__builtin_memcpy(m->data, &queue_messages[i], sizeof(m->data));
	}
}

static always_inline bool exo_put(unsigned queue, const struct message *message)
{
	struct ring_head head = { RING_DATA, sizeof(*message), 0 };

	return ring_send(&rings.producers[queue], head, message) == RING_OK;
}

static always_inline bool exo_take(unsigned queue, struct message *message)
{
	struct ring_head head;

	return ring_receive(&rings.consumers[queue], &head, message,
			    sizeof(*message)) == RING_OK;
}

/* The heads stand beside the bytes: the burst was made before. */
static always_inline unsigned exo_put_burst(const struct message *messages,
					    unsigned n)
{
	enum ring_result why;

	return ring_send_batch(&rings.producers[0],
			       &rings.sent[messages - queue_messages], n, &why);
}

static always_inline unsigned exo_take_burst(struct message *messages,
					     unsigned n)
{
	enum ring_result why;
	unsigned got =
		ring_receive_batch(&rings.consumers[0], rings.got, n, &why);

	__builtin_memcpy(messages, rings.got[0].data, sizeof(*messages));
	LOOK_AT(rings.got);
	return got;
}

static const struct queue_ops exo_ops = { exo_put, exo_take, exo_put_burst,
					  exo_take_burst };

static always_inline bool exo_take_any(unsigned queue, struct message *message)
{
	struct ring_head head;

	(void)queue;
	return ring_lanes_receive(&rings.lanes, &head, message,
				  sizeof(*message)) == RING_OK;
}

static const struct queue_ops exo_many = { exo_put, exo_take_any, NULL, NULL };

static always_inline unsigned exo_put_words(const u64 *words, unsigned n)
{
	enum ring_result why;

	return ring_send_words(&rings.producers[0], RING_ARENA, words, n, &why);
}

static always_inline unsigned exo_take_words(u64 *words, unsigned n)
{
	enum ring_result why;

	return ring_receive_words(&rings.consumers[0], RING_ARENA, words, n,
				  &why);
}

static const struct words_ops exo_words = { exo_put_words, exo_take_words };

QUEUE_ROWS(exo, exo_ops, exo_many, exo_words);

/* ---- The bare line ------------------------------------------------------- */

static struct {
	aligned(128) u64 there;
	aligned(128) u64 back;
} line;

static void line_init(unsigned unused)
{
	(void)unused;
	line.there = line.back = 0;
}

static void line_wait(const u64 *word, u64 want)
{
	while (__atomic_load_n(word, __ATOMIC_ACQUIRE) != want) {
		__builtin_ia32_pause();
	}
}

static void line_ask(const u64 *unused)
{
	u64 next = line.there;

	(void)unused;
	cores_go();
	for (unsigned i = 0; i < HOST_BATCH; i++) {
		__atomic_store_n(&line.there, ++next, __ATOMIC_RELEASE);
		line_wait(&line.back, next);
	}
	cores_wait();
}

static void line_answer(const u64 *unused)
{
	u64 next = line.back;

	(void)unused;
	for (unsigned i = 0; i < HOST_BATCH; i++) {
		line_wait(&line.there, ++next);
		__atomic_store_n(&line.back, next, __ATOMIC_RELEASE);
	}
}

QUEUE_CORES(line, trip, line_ask, line_answer, line.there);
