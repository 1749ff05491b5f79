/* SPDX-License-Identifier: MIT */
/*
 * The trace: what the kernel did last, always recorded.
 *
 * Theory.  Each processor has a ring of 32-byte records and alone writes to
 * it, overwriting the oldest.  Taking a slot is one XADD without a lock
 * prefix: an interrupt or NMI that comes between two instructions takes the
 * next slot and leaves ours alone.  So recording needs no lock, no atomic bus
 * cycle and no masking, and is allowed everywhere.  A thread that was preempted
 * in the middle for a whole round of the ring would finish its record over a
 * newer one; so who preempts it there empties its slot and lets it begin anew
 * (trace_restart()), which costs nothing where nobody is preempted.
 *
 * I1  `next` counts the bytes ever taken; the slot is at `next` mod size.
 * I2  A record is complete once its event is not TRACE_NONE: that field is
 *     cleared first and written last, so a reader that finds it cleared knows
 *     that the writer was stopped in the middle.
 * I3  Of the threads that wait, none is in the middle of a record.
 */
#ifndef EXO_TRACE_TRACE_H
#define EXO_TRACE_TRACE_H

#include "arch/cpu.h"
#include "arch/record.h"
#include "lib/types.h"

enum trace_group {
#define TRACE_GROUP(name, start) TRACE_GROUP_##name,
#include "trace/events.def"
#undef TRACE_GROUP
	TRACE_GROUP_COUNT
};

enum trace_event {
	TRACE_NONE,
#define TRACE_EVENT(name, group, format) name,
#include "trace/events.def"
#undef TRACE_EVENT
	TRACE_EVENT_COUNT
};

/* TRACE_USUAL_GROUP: whether it is on as long as nobody has chosen. */
enum trace_usual {
	TRACE_OFF,
	TRACE_ON,
#define TRACE_GROUP(name, start) TRACE_USUAL_##name = TRACE_##start,
#include "trace/events.def"
#undef TRACE_GROUP
};

/* NAME_USUAL: the same of the event's group. */
enum trace_event_usual {
#define TRACE_EVENT(name, group, format) name##_USUAL = TRACE_USUAL_##group,
#include "trace/events.def"
#undef TRACE_EVENT
};

/* NAME_MASK: the bit of the event's group in trace_groups. */
enum trace_event_mask {
#define TRACE_EVENT(name, group, format) name##_MASK = 1 << TRACE_GROUP_##group,
#include "trace/events.def"
#undef TRACE_EVENT
};

static_assert(TRACE_EVENT_COUNT <= UINT8_MAX, "`event` holds each");
static_assert(MAX_CPUS <= UINT16_MAX && TRACE_NONE == 0,
	      "the processor's number leaves `event` empty");

/* [a] bit per enum trace_group; trace= and /proc/exo/trace choose. */
extern u32 trace_groups;

/* [c] A processor's ring, for what follows and trace/ alone. */
extern percpu struct arch_record_ring trace_ring;

/* Records unconditionally; trace() is the way to call it. Context: any. */
void trace_record(enum trace_event event, u64 a, u64 b);

/* The files built for speed have the record in place, the others call it. */
#ifdef __OPTIMIZE_SIZE__
#define trace_record_(event, a, b) trace_record(event, a, b)
#else
#define trace_record_(event, a, b) arch_record(trace_ring, event, a, b)
#endif

/* Whether the group of `event` is on. */
#define trace_wants(event) arch_any_set(&trace_groups, event##_MASK)

/*
 * Records `event` if its group is on; what usually is off is out of the way.
 * Context: any, NMI included.
 */
#define trace(event, a, b)                                                 \
	do {                                                               \
		if (__builtin_expect(trace_wants(event), event##_USUAL)) { \
			trace_record_(event, (u64)(a), (u64)(b));          \
		}                                                          \
	} while (0)

/* As trace_record(), with the time. Context: any that cannot be preempted. */
static inline void trace_write_(enum trace_event event, u64 time, u64 a, u64 b)
{
	u32 at = arch_percpu_add(trace_ring.next, sizeof(struct arch_record)) &
		 this_cpu(trace_ring).mask;
	struct arch_record *r =
		(void *)((u8 *)this_cpu(trace_ring).records + at);

	/* This clears the event, too. */
	r->cpu_and_tid = this_cpu(percpu_head).cpu_and_tid;
	barrier();
	r->time = time;
	r->a = a;
	r->b = b;
	barrier();
	r->event = (u8)event;
}

/* As trace() where arch_cycles() was just read. Context: interrupts off. */
#define trace_at(time, event, a, b)                                    \
	do {                                                           \
		if (likely(trace_wants(event))) {                      \
			trace_write_(event, time, (u64)(a), (u64)(b)); \
		}                                                      \
	} while (0)

/*
 * The frame's thread is about to be preempted by an interrupt: if it was in
 * the middle of a record, or of what else begins anew (arch/restart.h), it
 * begins that anew.  Context: interrupts off.
 */
void trace_restart(struct trap_frame *frame);

/* Gives this processor its first, small ring. Context: boot, first of all. */
void trace_init(void);

/*
 * Replaces this processor's ring by `records` of `count` (a power of two),
 * which the trace owns from then on; what was recorded so far moves over.
 */
void trace_set_ring(struct arch_record *records, u32 count);

/*
 * What somebody who reads the trace has got of one processor's ring: the
 * bytes taken up to there.
 */
struct trace_cursor {
	u32 next;
	u32 lost; /* records that were overwritten before they were read */
};

/* Puts the cursor before all that the ring of `cpu` still has. */
void trace_cursor_start(struct trace_cursor *cursor, unsigned cpu);

/*
 * Copies what this processor has recorded behind `cursor`, oldest first, at
 * most `most` records, and moves the cursor.  Returns how many.  Context: a
 * thread, for then no record of this processor is half made.
 */
u32 trace_collect(struct trace_cursor *cursor, struct arch_record *out,
		  u32 most);

/* The records that the ring of `cpu` holds. */
u32 trace_ring_records(unsigned cpu);

/*
 * trace=: "off", "all", or the names of groups parted by commas.  Errors:
 * -EINVAL for a name that is no group; the others are taken.
 */
int trace_select(const char *groups);

/*
 * Shows the last `count` (<= TRACE_DUMP_MAX) complete records of all
 * processors, oldest first.  Takes no lock and allocates nothing; meant for a
 * machine whose other processors have stopped.
 */
#define TRACE_DUMP_MAX 64
void trace_dump(unsigned count, void (*show)(const struct arch_record *));

/* Decodes a record: its name, and its arguments as text. */
const char *trace_event_name(unsigned event);
void trace_format(const struct arch_record *record, char *buf,
		  size_t size_bytes);

/* Upward call, defined by kernel/: the function at an address, for %s. */
size_t trace_symbol(u64 address, char *buf, size_t size_bytes);

/* Upward call, defined by kernel/: for %n. */
u64 clock_cycles_to_ns(u64 cycles);

#endif
