// SPDX-License-Identifier: MIT
/*
 * The ring of Concurrency Kit: one producer and one consumer, or many
 * producers that reserve with a compare-and-swap.  It has no bursts.
 */
#include <ck_ring.h>

#include "bench/host/queue.h"

CK_RING_PROTOTYPE(queue, message)

static struct {
	ck_ring_t ring;
	struct message messages[QUEUE_SLOTS];
	ck_ring_buffer_t pointers[QUEUE_SLOTS];
} queues[2];

static void ck_init(unsigned slots)
{
	for (unsigned i = 0; i < 2; i++) {
		ck_ring_init(&queues[i].ring, slots);
	}
}

static always_inline bool ck_put(unsigned queue, const struct message *message)
{
	struct message copy = *message;

	return CK_RING_ENQUEUE_SPSC(queue, &queues[queue].ring,
				    queues[queue].messages, &copy);
}

static always_inline bool ck_take(unsigned queue, struct message *message)
{
	return CK_RING_DEQUEUE_SPSC(queue, &queues[queue].ring,
				    queues[queue].messages, message);
}

static always_inline unsigned ck_put_burst(const struct message *messages,
					   unsigned n)
{
	unsigned i = 0;

	while (i < n && ck_put(0, &messages[i])) {
		i++;
	}
	return i;
}

static always_inline unsigned ck_take_burst(struct message *messages,
					    unsigned n)
{
	unsigned i = 0;

	while (i < n && ck_take(0, &messages[i])) {
		i++;
	}
	return i;
}

static const struct queue_ops ck_ops = { ck_put, ck_take, ck_put_burst,
					 ck_take_burst };

static always_inline bool ck_put_many(unsigned producer,
				      const struct message *message)
{
	struct message copy = *message;

	(void)producer;
	return CK_RING_ENQUEUE_MPSC(queue, &queues[0].ring, queues[0].messages,
				    &copy);
}

static always_inline bool ck_take_many(unsigned queue, struct message *message)
{
	(void)queue;
	return CK_RING_DEQUEUE_MPSC(queue, &queues[0].ring, queues[0].messages,
				    message);
}

static const struct queue_ops ck_many = { ck_put_many, ck_take_many, NULL,
					  NULL };

static always_inline unsigned ck_put_words(const u64 *words, unsigned n)
{
	unsigned i = 0;

	while (i < n &&
	       ck_ring_enqueue_spsc(&queues[0].ring, queues[0].pointers,
				    (const void *)words[i])) {
		i++;
	}
	return i;
}

static always_inline unsigned ck_take_words(u64 *words, unsigned n)
{
	unsigned i = 0;

	while (i < n && ck_ring_dequeue_spsc(&queues[0].ring,
					     queues[0].pointers, &words[i])) {
		i++;
	}
	return i;
}

static const struct words_ops ck_words = { ck_put_words, ck_take_words };

QUEUE_ROWS(ck, ck_ops, ck_many, ck_words);
