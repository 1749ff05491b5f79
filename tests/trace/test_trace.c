/* SPDX-License-Identifier: MIT */
/*
 * The trace: order, groups, text, and that no record is ever two records'.
 */
#include "trace/trace.h"

#include "arch/cpu.h"
#include "kernel/clock.h"
#include "kernel/preempt.h"
#include "kernel/timer.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/kmem.h"
#include "sched/sched.h"
#include "tests/ktest.h"
#include "tests/sched/crew.h"

/* The ring of boot/steps.c. */
#define RING_RECORDS  1024
#define WRAP_MARKS    (3 * RING_RECORDS)
#define INTERRUPTS    300

#define TORN_TRIALS   100
#define TORN_LIMIT_NS 3000000000ul
#define TORN_MARK     0x5ca1ab1e00000000ul

static struct crew crew;

static struct {
	u64 shown;
	u64 marks;
	u64 first_mark; /* argument of the oldest one shown */
	u64 last_mark;
	u64 last_time;
	u64 disordered; /* older than the one before, or a mark out of order */
	u64 torn;       /* a mark whose arguments do not belong together */
} dump;

static void look_at_mark(const struct arch_record *r)
{
	dump.torn += r->b != ~r->a;
	if (dump.marks++ == 0) {
		dump.first_mark = r->a;
	} else {
		dump.disordered += r->a != dump.last_mark + 1;
	}
	dump.last_mark = r->a;
}

static void look(const struct arch_record *r)
{
	dump.shown++;
	dump.disordered += r->time < dump.last_time;
	dump.last_time = r->time;
	if (r->event == TRACE_MARK) {
		look_at_mark(r);
	}
}

/* Nothing is recorded meanwhile, as in a panic. */
static void dump_now(unsigned count)
{
	u64 flags = arch_irq_save();

	memset(&dump, 0, sizeof(dump));
	trace_dump(count, look);
	arch_irq_restore(flags);
}

static void mark(u64 n)
{
	trace(TRACE_MARK, n, ~n);
}

KTEST(trace_keeps_newest, "the newest records are shown, oldest of them first")
{
	for (u64 i = 0; i < WRAP_MARKS; i++) {
		WITH_PREEMPT_OFF () {
			mark(i);
		}
		if (i % 97 == 0) {
			sched_yield();
		}
	}
	/* A dump is for a machine that has stopped; another one may record. */
	for (unsigned i = 0; i < 100; i++) {
		dump_now(32);
		if (dump.disordered == 0 && dump.torn == 0) {
			break;
		}
	}
	EXPECT_EQ(dump.shown, 32);
	EXPECT_EQ(dump.disordered, 0);
	EXPECT_EQ(dump.torn, 0);
	EXPECT(dump.marks > 0);
	EXPECT_EQ(dump.last_mark, WRAP_MARKS - 1);
	dump_now(TRACE_DUMP_MAX + 1000);
	EXPECT_EQ(dump.shown, TRACE_DUMP_MAX);
	dump_now(1);
	EXPECT_EQ(dump.shown, 1);
	dump_now(0);
	EXPECT_EQ(dump.shown, 0);
}

KTEST(trace_groups_select, "a group that is off leaves no records")
{
	u32 groups = trace_groups;
	u64 with, without, named;

	dump_now(1);
	EXPECT_EQ(trace_select("sched,irq"), 0);
	mark(1);
	dump_now(TRACE_DUMP_MAX);
	without = dump.marks && dump.last_mark == 1;
	EXPECT_EQ(trace_select("boot"), 0);
	mark(1);
	dump_now(1);
	with = dump.marks && dump.last_mark == 1;
	EXPECT_EQ(trace_select("nonsense,boot,irqs"), -EINVAL);
	named = trace_groups;
	EXPECT_EQ(trace_select("off"), 0);
	EXPECT_EQ(trace_groups, 0);
	trace_groups = groups;
	EXPECT_EQ(without, 0);
	EXPECT_EQ(with, 1);
	EXPECT_EQ(named, 1u << TRACE_GROUP_boot);
}

/* Adds the marks among what was collected, in the order that they had. */
static void look_at_all(const struct arch_record *records, u32 count)
{
	for (u32 i = 0; i < count; i++) {
		look(&records[i]);
	}
}

/* Marks from 0 on, collected with interrupts off: nothing else is recorded. */
static void collect_marks(struct trace_cursor *cursor,
			  struct arch_record *records, u64 marks, u32 most)
{
	u64 flags = arch_irq_save();
	u32 part;

	memset(&dump, 0, sizeof(dump));
	trace_cursor_start(cursor, cpu_id());
	while (trace_collect(cursor, records, RING_RECORDS) > 0) {
	}
	for (u64 i = 0; i < marks; i++) {
		mark(i);
	}
	do {
		part = trace_collect(cursor, records, most);
		look_at_all(records, part);
	} while (part > 0);
	arch_irq_restore(flags);
}

KTEST(trace_collects, "a reader gets each record once, and how many are lost")
{
	struct arch_record *records = kmalloc(RING_RECORDS * sizeof(*records));
	struct trace_cursor few, many;
	u64 marks, disordered;

	EXPECT(records != NULL);
	collect_marks(&few, records, 10, 4);
	marks = dump.marks;
	disordered = dump.disordered + dump.torn + dump.first_mark;
	collect_marks(&many, records, WRAP_MARKS, RING_RECORDS);
	kfree(records);
	EXPECT_EQ(marks, 10);
	EXPECT_EQ(disordered, 0);
	EXPECT_EQ(few.lost, 0);
	EXPECT_EQ(dump.marks, RING_RECORDS);
	EXPECT_EQ(dump.last_mark, WRAP_MARKS - 1);
	EXPECT_EQ(dump.disordered, 0);
	EXPECT_EQ(many.lost, WRAP_MARKS - RING_RECORDS);
}

KTEST(trace_text, "a record reads as its list says, cut to the buffer")
{
	struct arch_record r = { .event = TRACE_MARK, .a = 5, .b = 7 };
	char text[64];

	trace_format(&r, text, sizeof(text));
	EXPECT_EQ(strcmp(text, "mark 5 7"), 0);
	EXPECT_EQ(strcmp(trace_event_name(TRACE_MARK), "_MARK") == 0 ||
			  strcmp(trace_event_name(TRACE_MARK), "MARK") == 0,
		  1);
	for (unsigned size = 1; size < sizeof(text); size++) {
		memset(text, 0x7e, sizeof(text));
		trace_format(&r, text, size);
		EXPECT_EQ(strnlen(text, size), MIN(size - 1, 8u));
		EXPECT_EQ(text[size], 0x7e);
	}
	r.event = UINT8_MAX;
	trace_format(&r, text, sizeof(text));
	EXPECT_EQ(strcmp(text, "?"), 0);
	EXPECT_EQ(strcmp(trace_event_name(60000), "?"), 0);
	r.event = TRACE_THREAD_START;
	r.b = (u64)dump_now;
	trace_format(&r, text, sizeof(text));
	EXPECT_EQ(strcmp(text, "thread 5 starts at dump_now+0"), 0);
}

static u64 interrupt_marks;

static void mark_in_interrupt(struct timer *timer)
{
	for (unsigned i = 0; i < 3; i++) {
		mark(TORN_MARK + interrupt_marks);
	}
	if (++interrupt_marks < INTERRUPTS) {
		timer_arm(timer, clock_ns() + 3000);
	}
}

KTEST(trace_interrupted, "an interrupt in the middle of a record takes another")
{
	struct timer timer;
	u64 torn = 0;

	interrupt_marks = 0;
	timer_init(&timer, mark_in_interrupt);
	timer_arm(&timer, clock_ns());
	while (READ_ONCE(interrupt_marks) < INTERRUPTS) {
		for (u64 i = 0; i < 20; i++) {
			mark(i);
		}
		dump_now(TRACE_DUMP_MAX);
		torn += dump.torn;
	}
	timer_cancel(&timer);
	EXPECT_EQ(torn, 0);
}

static struct {
	bool stop;  /* [a] */
	u64 trials; /* switches in the middle of the marks */
	u64 torn;
	u64 lost; /* a mark under way was finished over another's */
} tear;

/* Writes until it is preempted; then looks for what it finished afterwards. */
static void tear_writer(void *arg)
{
	u64 switches = sched_switches();
	u64 end = clock_ns() + TORN_LIMIT_NS;

	(void)arg;
	for (u64 i = 0; tear.trials < TORN_TRIALS && clock_ns() < end; i++) {
		mark(TORN_MARK + i);
		if (sched_switches() != switches) {
			dump_now(TRACE_DUMP_MAX);
			tear.trials++;
			tear.torn += dump.torn;
			switches = sched_switches();
		}
	}
	WRITE_ONCE(tear.stop, true);
}

/* Once round the ring, so that a slot is written that somebody has taken. */
static void tear_wrapper(void *arg)
{
	(void)arg;
	while (!READ_ONCE(tear.stop)) {
		WITH_PREEMPT_OFF () {
			for (u64 i = 0; i < RING_RECORDS + 8; i++) {
				mark(i);
			}
		}
		sched_yield();
	}
}

KTEST(trace_preempted,
      "no record mixes two, whoever is preempted in the middle")
{
	tear.stop = false;
	tear.trials = tear.torn = 0;
	crew_pin_here(&crew);
	EXPECT_EQ(crew_add(&crew, tear_writer, NULL), 0);
	EXPECT_EQ(crew_add(&crew, tear_wrapper, NULL), 0);
	crew_join(&crew);
	EXPECT(tear.trials > 0);
	EXPECT_EQ(tear.torn, 0);
}
