/* SPDX-License-Identifier: MIT */
/*
 * The run queue: the calendar of sched/fair.c, with a lock around it and
 * without, and the deque of Chase and Lev, in which work-stealing
 * schedulers keep what is ready.  Its owner needs no lock, but it runs the
 * newest first and knows no shares.
 */
#include "bench/host/host.h"

#include <stdatomic.h>

#include "kernel/spinlock.h"
#include "sched/fair.h"

#define ENTITIES_MAX 16

#define DAY_CYCLES   (1ul << 20)

/* What entities run: those that do not yield, and those that do. */
#define SLICE_CYCLES (FAIR_SLICE_DAYS * DAY_CYCLES)
#define TURN_CYCLES  100

static struct {
	struct spinlock lock;
	struct fair_queue queue;
	struct fair_entity *running;
	struct fair_entity entities[ENTITIES_MAX];
} runq = { .lock = SPINLOCK_INIT(LOCK_RUNQ) };

static const char *exo_start(unsigned arg)
{
	fair_queue_init(&runq.queue, DAY_CYCLES);
	runq.queue.running = &runq.running;
	for (unsigned i = 0; i < arg; i++) {
		fair_entity_init(&runq.entities[i], 0);
		fair_start(&runq.queue, &runq.entities[i], NULL);
	}
	return NULL;
}

static inline void exo_turn(void)
{
	struct fair_entity *e = fair_pick(&runq.queue);

	fair_charge(e, SLICE_CYCLES);
	fair_insert(&runq.queue, e);
}

static void exo_run(void)
{
	for (unsigned i = 0; i < HOST_BATCH; i++) {
		exo_turn();
	}
}

const struct contender exo_runq = { exo_start, exo_run };

static void exo_run_locked(void)
{
	for (unsigned i = 0; i < HOST_BATCH; i++) {
		WITH_SPINLOCK_IRQ (&runq.lock) {
			exo_turn();
		}
	}
}

const struct contender exo_runq_locked = { exo_start, exo_run_locked };

/* As sched_yield() does it. */
static void exo_yield(struct fair_entity *e)
{
	struct fair_queue *q = &runq.queue;

	fair_charge(e, TURN_CYCLES);
	if (likely(e->vtime < q->turn_end && fair_is_plain(fair_turn(e)))) {
		runq.running = fair_turn(e);
		return;
	}
	fair_yield(q, e);
	runq.running = fair_pick(q);
	fair_open_turns(q, runq.running);
}

static void exo_run_yield(void)
{
	runq.running = fair_pick(&runq.queue);
	for (unsigned i = 0; i < HOST_BATCH; i++) {
		WITH_SPINLOCK_IRQ (&runq.lock) {
			exo_yield(runq.running);
		}
	}
	fair_insert(&runq.queue, runq.running);
}

const struct contender exo_runq_yield = { exo_start, exo_run_yield };

/* ---- The deque: fixed size, the owner's half ---------------------------- */

#define DEQUE_SIZE (2 * ENTITIES_MAX)

static struct {
	aligned(64) atomic_ulong top; /* thieves take here */
	aligned(64) atomic_ulong bottom;
	_Atomic(void *) slots[DEQUE_SIZE];
} deque;

static void deque_push(void *item)
{
	unsigned long b =
		atomic_load_explicit(&deque.bottom, memory_order_relaxed);

	atomic_store_explicit(&deque.slots[b % DEQUE_SIZE], item,
			      memory_order_relaxed);
	/* A thief that sees the new bottom sees the item. */
	atomic_store_explicit(&deque.bottom, b + 1, memory_order_release);
}

static void *deque_take(void)
{
	unsigned long b =
		atomic_load_explicit(&deque.bottom, memory_order_relaxed) - 1;
	unsigned long t;
	void *item;

	atomic_store_explicit(&deque.bottom, b, memory_order_relaxed);
	/* Either a thief sees the new bottom, or we see its top. */
	atomic_thread_fence(memory_order_seq_cst);
	t = atomic_load_explicit(&deque.top, memory_order_relaxed);
	item = atomic_load_explicit(&deque.slots[b % DEQUE_SIZE],
				    memory_order_relaxed);
	if (likely(t < b)) {
		return item;
	}
	/* The last one: whoever moves the top has it. */
	if (t != b || !atomic_compare_exchange_strong(&deque.top, &t, t + 1)) {
		item = NULL;
	}
	atomic_store_explicit(&deque.bottom, b + 1, memory_order_relaxed);
	return item;
}

static const char *chase_lev_start(unsigned arg)
{
	atomic_store(&deque.top, 0);
	atomic_store(&deque.bottom, 0);
	for (unsigned i = 0; i < arg; i++) {
		fair_entity_init(&runq.entities[i], 0);
		deque_push(&runq.entities[i]);
	}
	return NULL;
}

static void chase_lev_run(void)
{
	for (unsigned i = 0; i < HOST_BATCH; i++) {
		struct fair_entity *e = deque_take();

		fair_charge(e, SLICE_CYCLES);
		deque_push(e);
	}
}

const struct contender chase_lev_runq = { chase_lev_start, chase_lev_run };
