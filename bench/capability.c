/* SPDX-License-Identifier: MIT */
/*
 * Benchmarks of the check that stands before every use of a handle: the same
 * for a few handles and for as many as a process can have; and of a message
 * through a ring, bell and wait included, with the check and without.
 */
#include "bench/bench.h"

#include "ipc/capability.h"
#include "ipc/ring_object.h"
#include "mm/kmem.h"

#define BATCH 64

/* Far apart, so that all slots are asked for in turn. */
#define STRIDE 40503u

#define FEW    10u
#define MANY   65536u

#define SLOTS  64u

/* Objects that nobody looks at. */
static u8 object;

static struct cap_table *table_fill(u32 count, void *entry)
{
	struct cap cap = { entry, CAP_ANY | CAP_ALL, CAP_TYPE_RING };
	struct cap_table *t = kmalloc(sizeof(*t));

	if (t == NULL) {
		return NULL;
	}
	cap_table_init(t);
	if (cap_table_grow(t, count - 1) != 0) {
		kfree(t);
		return NULL;
	}
	/* Nobody else has it: no lock. */
	for (u32 slot = 0; slot < count; slot++) {
		cap_fill_locked(t, slot, cap, false);
	}
	return t;
}

static void table_free(struct cap_table *t)
{
	cap_table_destroy(t);
	kfree(t);
}

static const char *check(struct bench *b, u32 count)
{
	struct cap_table *t = table_fill(count, &object);
	u32 slot = 0, found = 0;

	if (t == NULL) {
		return "no memory";
	}
	b->batch = BATCH;
	while (bench_more(b)) {
		u64 start = bench_start();

		for (u32 i = 0; i < BATCH; i++) {
			slot = (slot + STRIDE) % count;
			found += cap_find_handle(t, slot, CAP_WAIT,
						 CAP_TYPE_RING) != NULL;
		}
		bench_stop(b, start);
	}
	table_free(t);
	return found == BATCH * b->wanted ? NULL : "a handle was not found";
}

const char *bench_handle_check_10(struct bench *b)
{
	return check(b, FEW);
}

const char *bench_handle_check_64k(struct bench *b)
{
	return check(b, MANY);
}

/* The same loop, and the slot is believed. */
const char *bench_handle_unchecked(struct bench *b)
{
	struct cap_table *t = table_fill(FEW, &object);
	u32 slot = 0, found = 0;

	if (t == NULL) {
		return "no memory";
	}
	b->batch = BATCH;
	while (bench_more(b)) {
		u64 start = bench_start();

		for (u32 i = 0; i < BATCH; i++) {
			slot = (slot + STRIDE) % FEW;
			found += READ_ONCE(t->slots[slot].entry) != NULL;
		}
		bench_stop(b, start);
	}
	table_free(t);
	return found == BATCH * b->wanted ? NULL : "a handle was not found";
}

/* ---- Messages ------------------------------------------------------------ */

struct both_ends {
	struct ring_producer producer;
	struct ring_consumer consumer;
};

/* The ring of a handle, which has to be right, or is believed. */
static always_inline struct ring_object *ring_at(const struct cap_table *t,
						 u32 slot, bool checked)
{
	return checked ? cap_find_handle(t, slot, CAP_WAIT, CAP_TYPE_RING)
		       : READ_ONCE(t->slots[slot].entry);
}

/* Each of the two calls looks its handle up. Errors: theirs. */
static always_inline int message(struct both_ends *ends,
				 const struct cap_table *t, u32 slot,
				 bool checked)
{
	struct ring_head head = { .len = sizeof(u64) };
	u64 data = slot;
	enum ring_result sent = ring_send(&ends->producer, head, &data);
	int err = ring_object_bell(ring_at(t, slot, checked), RING_PRODUCER) |
		  ring_object_wait(ring_at(t, slot, checked), RING_CONSUMER, 0);
	enum ring_result got =
		ring_receive(&ends->consumer, &head, &data, sizeof(data));

	return err | (int)sent | (int)got | (data != slot);
}

static always_inline const char *messages(struct bench *b, u32 count,
					  bool checked)
{
	struct ring_object *r;
	struct both_ends ends;
	struct cap_table *t;
	u32 slot = 0;
	int err = ring_object_create(SLOTS, 0, &r);

	if (err) {
		return "no memory";
	}
	ring_producer_attach(&ends.producer, r->shared, SLOTS);
	ring_consumer_attach(&ends.consumer, r->shared, SLOTS);
	t = table_fill(count, r);
	b->batch = BATCH;
	while (t != NULL && bench_more(b)) {
		u64 start = bench_start();

		for (u32 i = 0; i < BATCH; i++) {
			slot = (slot + STRIDE) % count;
			err |= message(&ends, t, slot, checked);
		}
		bench_stop(b, start);
	}
	if (t != NULL) {
		table_free(t);
	}
	ring_object_close(r, RING_PRODUCER);
	ring_object_close(r, RING_CONSUMER);
	return t == NULL ? "no memory" : err ? "a message went astray" : NULL;
}

const char *bench_ring_unchecked(struct bench *b)
{
	return messages(b, FEW, false);
}

const char *bench_ring_checked_10(struct bench *b)
{
	return messages(b, FEW, true);
}

const char *bench_ring_checked_64k(struct bench *b)
{
	return messages(b, MANY, true);
}
