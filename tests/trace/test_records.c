/* SPDX-License-Identifier: MIT */
/*
 * Records while others are made: on all processors at once with a reader, and
 * by a thread that is preempted at any instruction of one.
 */
#include "trace/trace.h"

#include "arch/probe.h"
#include "kernel/clock.h"
#include "kernel/preempt.h"
#include "kernel/timer.h"
#include "mm/kmem.h"
#include "sched/sched.h"
#include "sched/worker.h"
#include "tests/ktest.h"
#include "tests/sched/crew.h"

#define RING_RECORDS 1024

/* What a reader has seen of one writer: its marks count from 0 on. */
struct seen {
	u64 count;
	u64 wrong; /* a mark out of turn, or whose arguments do not belong */
};

enum { WRITER, TIMER, WRITERS };

/* What was written, and what was read of it. */
struct sums {
	u64 written[WRITERS]; /* [a] */
	struct seen seen[WRITERS];
	u64 lost;
};

/* [c] One processor's; `collected` is set by the reader, there. */
struct share {
	struct sums sums;
	u64 collected[WRITERS]; /* [a] */
	struct timer timer;
	struct trace_cursor cursor;
	struct arch_record records[RING_RECORDS];
};

static struct crew crew;
static struct share *shares;
static struct sums sum; /* of all processors */
static struct {
	u64 marks;    /* [I] that each writer makes at least */
	u64 ahead;    /* [I] no more of each than so many that wait */
	bool unmoved; /* [I] nobody is preempted within a record */
	u64 left;     /* [a] writers that still write */
} task;

/* The kind stands in the lowest bit. */
static void mark_of(struct share *share, unsigned writer)
{
	u64 n = share->sums.written[writer]++;

	trace_record(TRACE_MARK, n << 1 | writer, ~(n << 1 | writer));
}

/* Too far before the reader, whom nobody hurries. */
static bool is_ahead(const struct share *share, unsigned writer)
{
	return READ_ONCE(share->sums.written[writer]) -
		       READ_ONCE(share->collected[writer]) >=
	       task.ahead;
}

static void timer_marks(struct timer *timer)
{
	struct share *share = &shares[cpu_id()];

	if (!is_ahead(share, TIMER)) {
		mark_of(share, TIMER);
	}
	if (READ_ONCE(share->sums.written[WRITER]) < task.marks) {
		timer_arm(timer, clock_ns() + 20000);
	}
}

static void write_marks(void *arg)
{
	struct share *share = arg;
	const u64 *written = share->sums.written;

	timer_arm(&share->timer, clock_ns());
	while (*written < task.marks || READ_ONCE(written[TIMER]) == 0) {
		if (is_ahead(share, WRITER)) {
			sched_yield();
		} else if (task.unmoved) {
			WITH_PREEMPT_OFF () {
				mark_of(share, WRITER);
			}
		} else {
			mark_of(share, WRITER);
		}
	}
	timer_cancel(&share->timer);
	__atomic_sub_fetch(&task.left, 1, __ATOMIC_RELEASE);
}

static void look_at(struct share *share, const struct arch_record *r)
{
	struct seen *seen = &share->sums.seen[r->a & 1];

	seen->wrong += r->event != TRACE_MARK || r->b != ~r->a ||
		       r->a >> 1 < seen->count || r->cpu != cpu_id();
	if (share->cursor.lost == 0) {
		seen->wrong += r->a >> 1 != seen->count;
	}
	seen->count++;
}

/* In each processor's worker. */
static void collect_here(void)
{
	struct share *share = &shares[cpu_id()];
	u32 count = trace_collect(&share->cursor, share->records, RING_RECORDS);

	for (u32 i = 0; i < count; i++) {
		look_at(share, &share->records[i]);
	}
	for (unsigned i = 0; i < WRITERS; i++) {
		WRITE_ONCE(share->collected[i], share->sums.seen[i].count);
	}
}

/* On each processor, before a writer is there. */
static void start_here(void)
{
	struct share *share = &shares[cpu_id()];

	trace_cursor_start(&share->cursor, cpu_id());
	while (trace_collect(&share->cursor, share->records, RING_RECORDS)) {
	}
	share->cursor.lost = 0;
	timer_init(&share->timer, timer_marks);
}

/* All processors write, and this thread reads meanwhile and once more. */
static int write_and_read(void)
{
	int err = 0;

	worker_run_everywhere(start_here);
	for (unsigned cpu = 0; cpu_present(cpu) && err == 0; cpu++) {
		__atomic_add_fetch(&task.left, 1, __ATOMIC_RELAXED);
		crew.affinity = 1ul << cpu;
		err = crew_add(&crew, write_marks, &shares[cpu]);
	}
	while (__atomic_load_n(&task.left, __ATOMIC_ACQUIRE) > 0 && err == 0) {
		worker_run_everywhere(collect_here);
	}
	crew_join(&crew);
	crew.affinity = 0;
	worker_run_everywhere(collect_here);
	return err;
}

static void add_up(const struct share *share)
{
	sum.lost += share->cursor.lost;
	for (unsigned i = 0; i < WRITERS; i++) {
		sum.written[i] += share->sums.written[i];
		sum.seen[i].count += share->sums.seen[i].count;
		sum.seen[i].wrong += share->sums.seen[i].wrong;
	}
}

/* With nothing recorded but the marks. */
static int run_task(u64 marks, u64 ahead, bool unmoved)
{
	u32 groups = trace_groups;
	unsigned cpus = 0;
	int err;

	while (cpu_present(cpus)) {
		cpus++;
	}
	shares = kzalloc(cpus * sizeof(*shares));
	if (shares == NULL) {
		return 1;
	}
	task.marks = marks;
	task.ahead = ahead;
	task.unmoved = unmoved;
	task.left = 0;
	sum = (struct sums){ 0 };
	trace_groups = TRACE_MARK_MASK;
	err = write_and_read();
	trace_groups = groups;
	while (cpus-- > 0) {
		add_up(&shares[cpus]);
	}
	kfree(shares);
	return err;
}

KTEST(trace_loses_nothing,
      "all processors and their interrupts write, a reader gets every record")
{
	EXPECT_EQ(run_task(3 * RING_RECORDS, RING_RECORDS / 4, false), 0);
	EXPECT_EQ(sum.lost, 0);
	EXPECT(sum.written[TIMER] > 0);
	for (unsigned i = 0; i < WRITERS; i++) {
		EXPECT_EQ(sum.seen[i].count, sum.written[i]);
		EXPECT_EQ(sum.seen[i].wrong, 0);
	}
}

KTEST(trace_tells_losses,
      "writers that are too fast: what is lost is told, to the record")
{
	EXPECT_EQ(run_task(8 * RING_RECORDS, UINT64_MAX, true), 0);
	EXPECT(sum.lost > 0);
	EXPECT_EQ(sum.seen[WRITER].count + sum.seen[TIMER].count + sum.lost,
		  sum.written[WRITER] + sum.written[TIMER]);
	EXPECT_EQ(sum.seen[WRITER].wrong + sum.seen[TIMER].wrong, 0);
}

/* What holds the slot: a count of bytes, its lower bits, an address. */
KTEST(trace_begins_anew,
      "whoever is preempted within a record begins it anew, at any instruction")
{
	static struct arch_record records[4];
	const struct arch_record_ring ring = { records, 0, 3 * 32 };
	const u64 slots[] = { 0x12345640, 2 * 32, (u64)&records[2] };
	u64 first = 0, start = 0, early = 0;

	for (u64 ip = (u64)trace_record; ip < (u64)trace_record + 128; ip++) {
		for (unsigned i = 0; i < ARRAY_SIZE(slots); i++) {
			u64 to = ip;
			struct arch_record *slot =
				arch_probe_restart(&to, slots[i], &ring);

			if (slot == NULL) {
				early = to == ip ? early : to;
				continue;
			}
			EXPECT_EQ(slot, &records[2]);
			first = first ? first : ip;
			EXPECT_EQ(start ? start : to, to);
			start = to;
		}
	}
	EXPECT(first > start);
	EXPECT_EQ(early, start); /* with the time read, but no slot taken */
}
