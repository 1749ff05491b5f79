/* SPDX-License-Identifier: MIT */
/*
 * The recording path of the trace and the merged view of its rings.
 */
#include "trace/trace.h"

#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/string.h"

#define EARLY_RECORDS 128
#define RECORD_BYTES  ((u32)sizeof(struct arch_record))

static struct arch_record early_records[EARLY_RECORDS];

/* A processor without a ring yet scribbles on the first early record. */
percpu struct arch_record_ring trace_ring = { .records = early_records };

u32 trace_groups =
#define TRACE_GROUP(name, start) (TRACE_USUAL_##name << TRACE_GROUP_##name) |
#include "trace/events.def"
#undef TRACE_GROUP
	0;

void trace_init(void)
{
	this_cpu(trace_ring).mask = sizeof(early_records) - RECORD_BYTES;
}

void trace_record(enum trace_event event, u64 a, u64 b)
{
	arch_record(trace_ring, event, a, b);
}

void trace_restart(struct trap_frame *frame)
{
	struct arch_record *slot =
		arch_restart(frame, this_cpu_ptr(trace_ring));

	if (slot != NULL) {
		slot->event = TRACE_NONE;
	}
}

/*
 * The record that is `age` (1 is the newest) back, NULL beyond the ring; one
 * that was never taken is TRACE_NONE.  `next` may have wrapped: it tells where
 * the newest is, not how many there are.
 */
static const struct arch_record *ring_back(const struct arch_record_ring *ring,
					   u32 age)
{
	if (ring->records == NULL || age > ring->mask / RECORD_BYTES + 1) {
		return NULL;
	}
	return &ring->records[((ring->next - age * RECORD_BYTES) & ring->mask) /
			      RECORD_BYTES];
}

void trace_set_ring(struct arch_record *records, u32 count)
{
	u64 flags = arch_irq_save();
	struct arch_record_ring *ring = this_cpu_ptr(trace_ring);

	u32 old_count = ring->mask / RECORD_BYTES + 1;

	DEBUG_ASSERT(IS_POW2(count) && count >= old_count);
	memset(records, 0, count * sizeof(*records));
	for (u32 age = old_count; age > 0; age--) {
		u32 at = ring->next / RECORD_BYTES - age;

		records[at & (count - 1)] = *ring_back(ring, age);
	}
	ring->records = records;
	ring->mask = (count - 1) * RECORD_BYTES;
	arch_irq_restore(flags);
}

/* Takes the newest complete record that no cursor has passed yet. */
static const struct arch_record *newest(u32 ages[MAX_CPUS])
{
	const struct arch_record *best = NULL;
	unsigned best_cpu = 0;

	for (unsigned cpu = 0; cpu < MAX_CPUS; cpu++) {
		const struct arch_record *r;

		if (!cpu_present(cpu)) {
			continue;
		}
		do {
			r = ring_back(cpu_ptr(cpu, trace_ring), ages[cpu] + 1);
			ages[cpu] += r && r->event == TRACE_NONE;
		} while (r && r->event == TRACE_NONE);
		if (r && (best == NULL || r->time > best->time)) {
			best = r;
			best_cpu = cpu;
		}
	}
	if (best) {
		ages[best_cpu]++;
	}
	return best;
}

void trace_dump(unsigned count, void (*show)(const struct arch_record *))
{
	/* Static: a panic may have little stack left, and only one dumps. */
	static const struct arch_record *found[TRACE_DUMP_MAX];
	static u32 ages[MAX_CPUS];
	unsigned n = 0;

	memset(ages, 0, sizeof(ages));
	while (n < MIN(count, (unsigned)TRACE_DUMP_MAX) &&
	       (found[n] = newest(ages)) != NULL) {
		n++;
	}
	while (n > 0) {
		show(found[--n]);
	}
}
