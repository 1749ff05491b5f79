/* SPDX-License-Identifier: MIT */
/*
 * The check of a handle, before each half of a message through a ring, as a
 * system call makes it: beside the message alone, and with as many handles as
 * a process can have.  The compiler does not know what stands in the table.
 */
#include "ipc/capability.h"

#include "bench/host/host.h"
#include "lib/assert.h"
#include "lib/ring.h"

#define HANDLES_MAX 65536u

/* Far apart, so that all handles are used in turn. */
#define STRIDE 40503u

static aligned(PAGE_SIZE)
	u8 memory[sizeof(struct ring_shared) + QUEUE_SLOTS * RING_LINE_BYTES];

static struct ends {
	struct ring_producer producer;
	struct ring_consumer consumer;
} ends;

static struct cap_slot slots[HANDLES_MAX];
static struct cap_table table = { .slots = slots };

static const char *start(unsigned handle_count)
{
	__builtin_memset(memory, 0, sizeof(memory));
	ring_producer_attach(&ends.producer, (void *)memory, QUEUE_SLOTS);
	ring_consumer_attach(&ends.consumer, (void *)memory, QUEUE_SLOTS);
	table.size = handle_count;
	for (unsigned i = 0; i < handle_count; i++) {
		slots[i] = (struct cap_slot){
			.entry = &ends,
			.generation = i + 1,
			.rights = CAP_ANY | CAP_ALL,
			.type = CAP_TYPE_RING,
		};
	}
	return NULL;
}

static always_inline void message(struct ends *to, struct ends *from)
{
	struct ring_head head = { RING_DATA, RING_DATA_BYTES, 0 };
	u64 data[RING_DATA_BYTES / sizeof(u64)] = { 0 };

	ASSERT(ring_send(&to->producer, head, data) == RING_OK);
	ASSERT(ring_receive(&from->consumer, &head, data, sizeof(data)) ==
	       RING_OK);
}

static always_inline struct ends *look_up(u32 slot, u32 right)
{
	u64 handle = (u64)(slot + 1) << 32 | slot;

	return cap_find_handle(&table, handle, right, CAP_TYPE_RING);
}

static void run_checked(void)
{
	u32 slot = 0;

	for (unsigned i = 0; i < HOST_BATCH; i++) {
		slot = (slot + STRIDE) & (table.size - 1);
		message(look_up(slot, CAP_WRITE), look_up(slot, CAP_READ));
	}
}

static void run_alone(void)
{
	for (unsigned i = 0; i < HOST_BATCH; i++) {
		struct ends *known = &ends;

		__asm__ volatile("" : "+r"(known));
		message(known, known);
	}
}

const struct contender checked_message = { start, run_checked };
const struct contender message_alone = { start, run_alone };
