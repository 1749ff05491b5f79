/* SPDX-License-Identifier: MIT */
/*
 * Benchmarks of the check that stands before every use of a handle: the same
 * for a few handles and for as many as a process can have.
 */
#include "bench/bench.h"

#include "ipc/capability.h"
#include "mm/kmem.h"

#define BATCH     64
#define FOUND_ALL (BATCH * (BENCH_WARM_UP + BENCH_SAMPLES))

/* Far apart, so that all slots are asked for in turn. */
#define STRIDE 40503u

#define FEW    10u
#define MANY   65536u

/* Objects that nobody looks at. */
static u8 object;

static struct cap_table *table_fill(u32 count)
{
	struct cap cap = { &object, CAP_ANY | CAP_ALL, CAP_TYPE_RING };
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
	struct cap_table *t = table_fill(count);
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
	return found == FOUND_ALL ? NULL : "a handle was not found";
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
	struct cap_table *t = table_fill(FEW);
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
	return found == FOUND_ALL ? NULL : "a handle was not found";
}
