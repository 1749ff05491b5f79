/* SPDX-License-Identifier: MIT */
/*
 * What processors hand to each other: timers armed here and cancelled there,
 * run queues with thieves, bytes in a ring, traces read afterwards.
 */
#include "arch/cpu.h"
#include "kernel/clock.h"
#include "kernel/spinlock.h"
#include "kernel/timer.h"
#include "lib/random.h"
#include "lib/ring.h"
#include "sched/fair.h"
#include "tests/ktest.h"
#include "tests/threads/threads.h"
#include "trace/trace.h"

#define POOL       16
#define STEPS      4000
#define DUE_MAX_NS 20000ul
#define AGAIN_MAX  3

struct alarm {
	struct timer timer;
	u64 due_ns;     /* [claimed], and the function's */
	unsigned again; /* likewise: how often it arms itself */
	bool claimed;   /* [a] */
};

static struct alarm pool[POOL];
static u64 seed;

static struct {
	u64 armed, cancelled, ran, early; /* [a] */
} sums;

static void alarm_arm(struct alarm *a)
{
	__atomic_fetch_add(&sums.armed, 1, __ATOMIC_RELAXED);
	a->due_ns = clock_ns() + a->due_ns % DUE_MAX_NS;
	timer_arm(&a->timer, a->due_ns);
}

static void alarm_rings(struct timer *timer)
{
	struct alarm *a = container_of(timer, struct alarm, timer);

	__atomic_fetch_add(&sums.ran, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&sums.early, clock_ns() < a->due_ns,
			   __ATOMIC_RELAXED);
	if (a->again > 0) {
		a->again--;
		alarm_arm(a);
	}
}

static void alarm_step(u64 random)
{
	struct alarm *a = &pool[random % POOL];

	if (__atomic_exchange_n(&a->claimed, true, __ATOMIC_ACQUIRE)) {
		return;
	}
	if (timer_cancel(&a->timer)) {
		__atomic_fetch_add(&sums.cancelled, 1, __ATOMIC_RELAXED);
	}
	if (random >> 32 & 3) {
		a->due_ns = random >> 40;
		a->again = (unsigned)(random >> 34) % AGAIN_MAX;
		alarm_arm(a);
	}
	__atomic_store_n(&a->claimed, false, __ATOMIC_RELEASE);
}

static bool any_armed(void)
{
	u64 armed = __atomic_load_n(&sums.armed, __ATOMIC_RELAXED);

	return armed != READ_ONCE(sums.ran) + READ_ONCE(sums.cancelled);
}

static unsigned at_work; /* [a] processors that may still arm */

static void storm_of_timers(unsigned cpu)
{
	struct random random;

	random_seed(&random, seed + cpu);
	for (unsigned i = 0; i < STEPS; i++) {
		alarm_step(random_next(&random));
		if (i % 4 == 0) {
			processor_timer_interrupt();
		}
	}
	__atomic_fetch_sub(&at_work, 1, __ATOMIC_RELAXED);
	while (READ_ONCE(at_work) > 0 || any_armed()) {
		processor_timer_interrupt();
	}
}

KTEST(threads_timers,
      "timers armed, moved and cancelled by several processors run once")
{
	sums.armed = sums.cancelled = sums.ran = sums.early = 0;
	at_work = PROCESSORS;
	seed = ktest_random();
	for (unsigned i = 0; i < POOL; i++) {
		pool[i] = (struct alarm){ .claimed = false };
		timer_init(&pool[i].timer, alarm_rings);
	}
	EXPECT_EQ(timer_start(), 0);
	run_on_processors(storm_of_timers);
	EXPECT_EQ(sums.early, 0);
	EXPECT(sums.ran > 0 && sums.cancelled > 0);
	EXPECT_EQ(sums.armed, sums.ran + sums.cancelled);
}

#define ENTITIES 24

/* As in sched/balance.c: one lock at a time, and none is waited for. */
static struct shelf {
	struct spinlock lock;
	struct fair_queue queue; /* [lock] */
} shelves[PROCESSORS];

static struct job {
	struct fair_entity fair; /* [who has it in hand, or its shelf] */
	u64 turns;               /* likewise */
} jobs[ENTITIES];

static void put_back(struct shelf *shelf, struct job *job)
{
	WITH_SPINLOCK (&shelf->lock) {
		fair_insert(&shelf->queue, &job->fair);
	}
}

/* Takes one from another shelf, unless that is locked, and brings it home. */
static void steal(struct shelf *own, struct shelf *victim)
{
	struct fair_entity *e;

	if (own == victim || !spin_trylock(&victim->lock)) {
		return;
	}
	e = fair_take_last(&victim->queue);
	spin_unlock(&victim->lock);
	if (e != NULL) {
		put_back(own, container_of(e, struct job, fair));
	}
}

static void work_and_steal(unsigned cpu)
{
	struct shelf *own = &shelves[cpu];
	struct random random;

	random_seed(&random, seed + cpu);
	for (unsigned i = 0; i < STEPS; i++) {
		struct fair_entity *e = NULL;

		WITH_SPINLOCK (&own->lock) {
			e = fair_pick(&own->queue);
		}
		if (e != NULL) {
			fair_charge(e, random_below(&random, 1000));
			container_of(e, struct job, fair)->turns++;
			put_back(own, container_of(e, struct job, fair));
		}
		if (e == NULL || i % 8 == 0) {
			steal(own, &shelves[random_below(&random, PROCESSORS)]);
		}
	}
}

KTEST(threads_steal, "no job is lost or run twice while processors steal them")
{
	unsigned found = 0;

	seed = ktest_random();
	for (unsigned i = 0; i < PROCESSORS; i++) {
		spin_init(&shelves[i].lock, LOCK_RUNQ);
		fair_queue_init(&shelves[i].queue, 1024);
	}
	for (unsigned i = 0; i < ENTITIES; i++) {
		fair_entity_init(&jobs[i].fair, 0);
		jobs[i].turns = 0;
		fair_start(&shelves[0].queue, &jobs[i].fair, NULL);
	}
	run_on_processors(work_and_steal);
	for (unsigned i = 0; i < PROCESSORS; i++) {
		while (fair_pick(&shelves[i].queue) != NULL) {
			found++;
		}
	}
	EXPECT_EQ(found, ENTITIES);
	for (unsigned i = 0; i < ENTITIES; i++) {
		EXPECT(jobs[i].turns > 0);
	}
}

#define RING_SLOTS 8
#define RING_ITEMS 20000

static struct {
	u32 head; /* [a] the producer's */
	u32 tail; /* [a] the consumer's */
	u32 slots[RING_SLOTS];
	u64 wrong; /* the consumer's */
} ring;

static void ring_put(u32 item)
{
	u32 head = ring.head;

	/* Pairs with the release in ring_take(). */
	while (ring_space(head, __atomic_load_n(&ring.tail, __ATOMIC_ACQUIRE),
			  RING_SLOTS) == 0) {
		arch_relax();
	}
	ring.slots[ring_slot(head, RING_SLOTS)] = item;
	__atomic_store_n(&ring.head, head + 1, __ATOMIC_RELEASE);
}

static u32 ring_take(void)
{
	u32 tail = ring.tail, item;

	/* Pairs with the release in ring_put(). */
	while (ring_fill(__atomic_load_n(&ring.head, __ATOMIC_ACQUIRE), tail) ==
	       0) {
		arch_relax();
	}
	item = ring.slots[ring_slot(tail, RING_SLOTS)];
	__atomic_store_n(&ring.tail, tail + 1, __ATOMIC_RELEASE);
	return item;
}

static void use_ring(unsigned cpu)
{
	for (u32 i = 0; cpu < 2 && i < RING_ITEMS; i++) {
		if (cpu == 0) {
			ring_put(i);
		} else {
			ring.wrong += ring_take() != i;
		}
	}
}

KTEST(threads_ring,
      "a ring hands on each item once and in order, over the wrap")
{
	ring.head = ring.tail = UINT32_MAX - RING_ITEMS / 2;
	ring.wrong = 0;
	run_on_processors(use_ring);
	EXPECT_EQ(ring.wrong, 0);
	EXPECT_EQ(ring_fill(ring.head, ring.tail), 0);
}

static unsigned arrived; /* [a] */
static unsigned shown;
static u64 last_time, disordered;

static void show(const struct arch_record *record)
{
	disordered += record->time < last_time || record->event != TRACE_WAKE ||
		      record->a != record->cpu;
	last_time = record->time;
	shown++;
}

/* All record at once; the last to end reads all rings, as a panic does. */
static void record_all(unsigned cpu)
{
	for (u64 i = 0; i < STEPS; i++) {
		trace_record(TRACE_WAKE, cpu, i);
	}
	if (__atomic_add_fetch(&arrived, 1, __ATOMIC_ACQ_REL) == PROCESSORS) {
		trace_dump(TRACE_DUMP_MAX, show);
		__atomic_fetch_add(&arrived, 1, __ATOMIC_RELEASE);
	}
	while (__atomic_load_n(&arrived, __ATOMIC_ACQUIRE) <= PROCESSORS) {
		arch_relax();
	}
}

KTEST(threads_trace, "processors record side by side, and one reads it merged")
{
	arrived = shown = 0;
	last_time = disordered = 0;
	run_on_processors(record_all);
	EXPECT_EQ(shown, TRACE_DUMP_MAX);
	EXPECT_EQ(disordered, 0);
}
