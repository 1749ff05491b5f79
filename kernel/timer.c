/* SPDX-License-Identifier: MIT */
/*
 * Timer queues.  A processor's queue is a tree by due time; the local timer is
 * set for the first one only, so a processor without timers gets no interrupt.
 *
 * I1  armed <=> the node is in the queue of timer->cpu.
 * I2  The hardware is set to no later than the first due time, or the least
 *     distance from now, or the interrupt that will set it is pending or
 *     running.
 * I3  `running` names the timer whose function runs outside the lock.  It is
 *     set before the timer stops being armed, so one that is neither armed nor
 *     `running` is left alone until it is armed again.
 *
 * A timer interrupt may wake a thread that arms the next timer at once.  If
 * that were due as soon as interrupts are on again, nobody else would ever run
 * an instruction.  So soon after an interrupt (TIMER_CROWD_NS) the hardware is
 * set no nearer than twice what has passed since then, up to LEAST_NS: whatever
 * the processor's speed, it has time for others.
 */
#include "kernel/timer.h"

#include "arch/cpu.h"
#include "arch/irq.h"
#include "arch/vectors.h"
#include "kernel/clock.h"
#include "kernel/irq.h"
#include "kernel/spinlock.h"
#include "trace/trace.h"

#define DUE_MAX_NS (1ul << 63)

#define LEAST_NS   20000ul

struct timer_queue {
	struct spinlock lock;
	u64 interrupted_ns;    /* [lock] when the last interrupt began */
	struct tree timers;    /* [lock] */
	struct timer *running; /* [lock] */
};

static percpu struct timer_queue timer_queue = {
	.lock = SPINLOCK_INIT(LOCK_TIMER),
};

void timer_init(struct timer *timer, void (*fn)(struct timer *timer))
{
	*timer = (struct timer){ .fn = fn };
}

static void hardware_set(const struct timer_queue *queue)
{
	const struct tree_node *first = tree_first(&queue->timers);
	u64 now = clock_ns();
	u64 ago = now - queue->interrupted_ns;
	u64 least = ago < TIMER_CROWD_NS ? MIN(2 * ago, LEAST_NS) : 0;

	if (first == NULL) {
		arch_timer_stop();
	} else {
		arch_timer_set(first->key > now + least ? first->key - now
							: least);
	}
}

/*
 * Timers of one moment stand in the order in which they were armed.  What is
 * due in centuries is due at DUE_MAX_NS, so that its distance is positive.
 */
static void insert(struct timer_queue *queue, struct timer *timer, u64 due_ns)
{
	timer->node.key = MIN(due_ns, DUE_MAX_NS);
	tree_insert_behind(&queue->timers, &timer->node);
	WRITE_ONCE(timer->cpu, cpu_id());
	/* Pairs with the acquire in remove(), which then finds the queue. */
	__atomic_store_n(&timer->armed, true, __ATOMIC_RELEASE);
}

/* Takes the timer out of whichever queue it is in. */
static bool remove(struct timer *timer)
{
	/* Pairs with the releases in insert() and take_due(). */
	while (__atomic_load_n(&timer->armed, __ATOMIC_ACQUIRE)) {
		struct timer_queue *queue =
			cpu_ptr(READ_ONCE(timer->cpu), timer_queue);

		WITH_SPINLOCK_IRQ (&queue->lock) {
			/* In another queue, they change as we look. */
			if (READ_ONCE(timer->armed) &&
			    cpu_ptr(READ_ONCE(timer->cpu), timer_queue) ==
				    queue) {
				tree_remove(&queue->timers, &timer->node);
				WRITE_ONCE(timer->armed, false);
				return true;
			}
		}
	}
	return false;
}

void timer_arm(struct timer *timer, u64 due_ns)
{
	u64 flags;
	struct timer_queue *queue;

	remove(timer);
	flags = arch_irq_save();
	queue = this_cpu_ptr(timer_queue);
	spin_lock(&queue->lock);
	insert(queue, timer, due_ns);
	if (tree_first(&queue->timers) == &timer->node) {
		hardware_set(queue);
	}
	spin_unlock_irq(&queue->lock, flags);
}

/* It ran or was never armed; waits for a run on another processor. */
static void wait_for_run(const struct timer *timer)
{
	const struct timer_queue *queue =
		cpu_ptr(READ_ONCE(timer->cpu), timer_queue);

	while (__atomic_load_n(&queue->running, __ATOMIC_ACQUIRE) == timer &&
	       queue != this_cpu_ptr(timer_queue)) {
		arch_relax();
	}
}

bool timer_cancel(struct timer *timer)
{
	do {
		if (remove(timer)) {
			return true;
		}
		wait_for_run(timer);
	} while (READ_ONCE(timer->armed)); /* by its own function meanwhile */
	return false;
}

/* The first timer that was due at `now`, out of the queue and `running`. */
static struct timer *take_due(struct timer_queue *queue, u64 now)
{
	struct tree_node *first = tree_first(&queue->timers);
	struct timer *timer;

	if (first == NULL || first->key > now) {
		return NULL;
	}
	timer = container_of(first, struct timer, node);
	tree_remove(&queue->timers, first);
	WRITE_ONCE(queue->running, timer);
	/* Pairs with the acquire in remove(): who sees it sees `running`. */
	__atomic_store_n(&timer->armed, false, __ATOMIC_RELEASE);
	return timer;
}

/*
 * What becomes due meanwhile has an interrupt of its own: a timer that arms
 * itself for less time than this takes must not keep us here.
 */
static void timer_interrupt(void *arg)
{
	struct timer_queue *queue = this_cpu_ptr(timer_queue);
	u64 now = clock_ns();
	struct timer *timer;

	(void)arg;
	spin_lock(&queue->lock);
	queue->interrupted_ns = now;
	while ((timer = take_due(queue, now)) != NULL) {
		spin_unlock(&queue->lock);
		trace(TRACE_TIMER, timer->fn, 0);
		timer->fn(timer);
		spin_lock(&queue->lock);
		/* Pairs with the acquire in timer_cancel(). */
		__atomic_store_n(&queue->running, NULL, __ATOMIC_RELEASE);
	}
	hardware_set(queue);
	spin_unlock(&queue->lock);
}

int timer_start(void)
{
	return irq_register_vector(VECTOR_TIMER, timer_interrupt, NULL);
}
