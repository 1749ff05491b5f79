/* SPDX-License-Identifier: MIT */
/*
 * The check of a handle, before each half of a message through a ring, as a
 * system call makes it: beside the same look into the table that believes what
 * it finds, and beside the message alone; with few handles, and with as many as
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

/* The caller's handle for the message, in a register. */
static always_inline u64 next_handle(u32 *slot)
{
	u64 handle;

	*slot = (*slot + STRIDE) & (table.size - 1);
	handle = (u64)(*slot + 1) << 32 | *slot;
	__asm__ volatile("" : "+r"(handle));
	return handle;
}

static always_inline struct ends *look_up(u64 handle, u32 right, bool checked)
{
	return checked ? cap_find_handle(&table, handle, right, CAP_TYPE_RING)
		       : READ_ONCE(table.slots[CAP_SLOT(handle)].entry);
}

static always_inline void run(bool checked)
{
	u32 slot = 0;

	for (unsigned i = 0; i < HOST_BATCH; i++) {
		u64 handle = next_handle(&slot);

		message(look_up(handle, CAP_WRITE, checked),
			look_up(handle, CAP_READ, checked));
	}
}

static void run_checked(void)
{
	run(true);
}

static void run_believed(void)
{
	run(false);
}

static void run_alone(void)
{
	u32 slot = 0;

	for (unsigned i = 0; i < HOST_BATCH; i++) {
		struct ends *known = &ends;

		(void)next_handle(&slot);
		__asm__ volatile("" : "+r"(known));
		message(known, known);
	}
}

const struct contender checked_message = { start, run_checked };
const struct contender believed_message = { start, run_believed };
const struct contender message_alone = { start, run_alone };
