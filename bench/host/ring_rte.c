// SPDX-License-Identifier: MIT
/*
 * DPDK's rte_ring, all of which is in its headers but what makes one: elements
 * of 56 bytes, and pointers.
 */
#include <rte_ring.h>
#include <rte_ring_elem.h>

/* Both have it. */
#undef container_of

#include "bench/host/queue.h"

static struct {
	struct rte_ring ring;
	struct message
		messages[QUEUE_SLOTS]; /* behind it, as its code has it */
} queues[2];

static void set_up(struct rte_ring *ring, unsigned slots,
		   enum rte_ring_sync_type producers)
{
	__builtin_memset(ring, 0, sizeof(*ring));
	ring->size = slots;
	ring->mask = slots - 1;
	ring->capacity = slots - 1;
	ring->prod.sync_type = producers;
	ring->cons.sync_type = RTE_RING_SYNC_ST;
}

static void rte_init(unsigned slots)
{
	set_up(&queues[0].ring, slots, RTE_RING_SYNC_ST);
	set_up(&queues[1].ring, slots, RTE_RING_SYNC_ST);
}

static always_inline bool rte_put(unsigned queue, const struct message *message)
{
	return rte_ring_sp_enqueue_elem(&queues[queue].ring, (void *)message,
					sizeof(*message)) == 0;
}

static always_inline bool rte_take(unsigned queue, struct message *message)
{
	return rte_ring_sc_dequeue_elem(&queues[queue].ring, message,
					sizeof(*message)) == 0;
}

static always_inline unsigned rte_put_burst(const struct message *messages,
					    unsigned n)
{
	return rte_ring_sp_enqueue_burst_elem(&queues[0].ring, messages,
					      sizeof(*messages), n, NULL);
}

static always_inline unsigned rte_take_burst(struct message *messages,
					     unsigned n)
{
	return rte_ring_sc_dequeue_burst_elem(&queues[0].ring, messages,
					      sizeof(*messages), n, NULL);
}

static const struct queue_ops rte_ops = { rte_put, rte_take, rte_put_burst,
					  rte_take_burst };

static always_inline bool rte_put_many(unsigned producer,
				       const struct message *message)
{
	(void)producer;
	return rte_ring_mp_enqueue_elem(&queues[0].ring, (void *)message,
					sizeof(*message)) == 0;
}

static const struct queue_ops rte_many = { rte_put_many, rte_take, NULL, NULL };

static always_inline unsigned rte_put_words(const u64 *words, unsigned n)
{
	return rte_ring_sp_enqueue_burst(&queues[0].ring, (void *const *)words,
					 n, NULL);
}

static always_inline unsigned rte_take_words(u64 *words, unsigned n)
{
	return rte_ring_sc_dequeue_burst(&queues[0].ring, (void **)words, n,
					 NULL);
}

static const struct words_ops rte_words = { rte_put_words, rte_take_words };

QUEUE_ROWS(rte, rte_ops, rte_many, rte_words);
