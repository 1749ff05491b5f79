/* SPDX-License-Identifier: MIT */
/*
 * A ring with both of its ends in one program, for its children to share.
 */
#ifndef EXO_TESTS_USER_RING_PAIR_H
#define EXO_TESTS_USER_RING_PAIR_H

#include <sys/mman.h>
#include <unistd.h>

#include "lib/ring.h"
#include "lib/ring_batch.h"
#include "tests/user/check.h"
#include "user/exo.h"

#define SLOTS 8u

struct ring {
	exo_handle ends[2];
	struct ring_producer producer;
	struct ring_consumer consumer;
};

static inline struct ring ring_make(void)
{
	struct ring r = { .ends = { 0 } };
	struct ring_shared *shared;

	EXPECT_EQ(exo_ring_create(SLOTS, 0, r.ends, 0), 0);
	shared = mmap(NULL, exo_ring_arena(SLOTS), PROT_READ | PROT_WRITE,
		      MAP_SHARED, (int)r.ends[0], 0);
	EXPECT(shared != MAP_FAILED);
	ring_producer_attach(&r.producer, shared, SLOTS);
	ring_consumer_attach(&r.consumer, shared, SLOTS);
	return r;
}

static inline void ring_end(const struct ring *r)
{
	munmap(r->producer.shared, exo_ring_arena(SLOTS));
	close((int)r->ends[0]);
	close((int)r->ends[1]);
}

#endif
