/* SPDX-License-Identifier: MIT */
/*
 * Reading the trace of a machine that goes on.  Each processor copies its own
 * ring, with interrupts off: a record that was begun is finished by then, and
 * none is overwritten meanwhile but by an NMI, which takes a slot of its own.
 */
#include "trace/trace.h"

#define RECORD_BYTES ((u32)sizeof(struct arch_record))

static u32 ring_bytes(const struct arch_record_ring *ring)
{
	return ring->mask + RECORD_BYTES;
}

u32 trace_ring_records(unsigned cpu)
{
	return ring_bytes(cpu_ptr(cpu, trace_ring)) / RECORD_BYTES;
}

void trace_cursor_start(struct trace_cursor *cursor, unsigned cpu)
{
	const struct arch_record_ring *ring = cpu_ptr(cpu, trace_ring);
	u32 next = READ_ONCE(ring->next);

	cursor->next = next - MIN(next, ring_bytes(ring));
	cursor->lost = 0;
}

u32 trace_collect(struct trace_cursor *cursor, struct arch_record *out,
		  u32 most)
{
	u64 flags = arch_irq_save();
	const struct arch_record_ring *ring = this_cpu_ptr(trace_ring);
	u32 size = ring_bytes(ring), behind = ring->next - cursor->next;
	u32 count = 0;

	if (behind > size) {
		cursor->lost += (behind - size) / RECORD_BYTES;
		cursor->next = ring->next - size;
	}
	while (cursor->next != ring->next && count < most) {
		u32 at = (cursor->next & ring->mask) / RECORD_BYTES;

		out[count] = ring->records[at];
		count += out[count].event != TRACE_NONE;
		cursor->next += RECORD_BYTES;
	}
	arch_irq_restore(flags);
	return count;
}
