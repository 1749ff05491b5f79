/* SPDX-License-Identifier: MIT */
/*
 * The machine of the thread tests: pthreads are processors, and a thread of
 * the kernel is one of them.  A sleeping thread polls its place in the wait
 * queue; all that the kernel's own code around it does is real.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "arch/cpu.h"
#include "arch/irq.h"
#include "kernel/clock.h"
#include "kernel/irq.h"
#include "kernel/panic.h"
#include "kernel/waitq.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "mm/kmem.h"
#include "sched/lend.h"
#include "sched/thread.h"
#include "tests/threads/threads.h"
#include "trace/trace.h"

#define TRACE_RECORDS 256

percpu_first struct percpu_head percpu_head = { .preempt = PREEMPT_NO_WORK };
char *percpu_area[MAX_CPUS];
__thread char *host_percpu;

static void (*timer_handler)(void *);

struct processor {
	pthread_t host;
	unsigned cpu;
	void (*fn)(unsigned cpu);
	struct thread thread;
	struct arch_record records[TRACE_RECORDS];
};

static void *processor_main(void *arg)
{
	struct processor *self = arg;

	host_percpu = percpu_area[self->cpu];
	this_cpu(percpu_head).cpu = self->cpu;
	this_cpu(percpu_head).current = &self->thread;
	trace_set_ring(self->records, TRACE_RECORDS);
	self->fn(self->cpu);
	return NULL;
}

void run_on_processors(void (*fn)(unsigned cpu))
{
	size_t area_bytes = (size_t)(__stop_percpu - __start_percpu);
	struct processor *all = calloc(PROCESSORS, sizeof(*all));

	ASSERT(all != NULL);
	for (unsigned i = 0; i < PROCESSORS; i++) {
		percpu_area[i] = malloc(area_bytes);
		ASSERT(percpu_area[i] != NULL);
		memcpy(percpu_area[i], __start_percpu, area_bytes);
		all[i].cpu = i;
		all[i].fn = fn;
	}
	for (unsigned i = 0; i < PROCESSORS; i++) {
		ASSERT(pthread_create(&all[i].host, NULL, processor_main,
				      &all[i]) == 0);
	}
	for (unsigned i = 0; i < PROCESSORS; i++) {
		ASSERT(pthread_join(all[i].host, NULL) == 0);
	}
	for (unsigned i = 0; i < PROCESSORS; i++) {
		free(percpu_area[i]);
		percpu_area[i] = NULL;
	}
	free(all);
}

void processor_timer_interrupt(void)
{
	timer_handler(NULL);
}

int irq_register_vector(unsigned vector, void (*handler)(void *), void *arg)
{
	(void)vector;
	(void)arg;
	timer_handler = handler;
	return 0;
}

/* The tests call the handler often; nothing is ever due for long. */
void arch_timer_set(u64 delta_ns)
{
	(void)delta_ns;
}

void arch_timer_stop(void)
{
}

u64 clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (u64)now.tv_sec * 1000000000 + (u64)now.tv_nsec;
}

void *kmalloc(size_t size_bytes)
{
	return malloc(size_bytes);
}

void kfree(void *object)
{
	free(object);
}

void sched_preempt(void)
{
}

void lockcheck_take(const void *lock, enum lock_class class)
{
	(void)lock;
	(void)class;
}

void lockcheck_release(const void *lock, enum lock_class class)
{
	(void)lock;
	(void)class;
}

void lockcheck_order(enum lock_class outer, enum lock_class inner)
{
	(void)outer;
	(void)inner;
}

unsigned lockcheck_held(void)
{
	return 0;
}

noreturn void panic(const char *fmt, ...)
{
	fprintf(stderr, "# panic: %s\n", fmt);
	abort();
}

/* Nobody's weight matters where the host decides who runs. */
void lend_to(struct thread *owner, u32 factor)
{
	(void)owner;
	(void)factor;
}

void lend_end(void)
{
}

/* ---- Wait queues, with polling in the place of the scheduler ------------- */

struct place {
	struct list link;      /* [q] */
	struct thread *thread; /* [I] */
	bool queued;           /* [q], polled without */
};

int waitq_sleep(struct waitq *q, u64 deadline_ns)
{
	struct place place = { .thread = current_thread(), .queued = true };

	list_push_back(&q->waiters, &place.link);
	spin_unlock(&q->lock);
	while (READ_ONCE(place.queued) && clock_ns() < deadline_ns) {
		arch_relax();
	}
	spin_lock(&q->lock);
	if (place.queued) {
		list_remove(&place.link);
		return -ETIMEDOUT;
	}
	return 0;
}

int waitq_sleep_interruptible(struct waitq *q, u64 deadline_ns)
{
	return waitq_sleep(q, deadline_ns);
}

struct thread *waitq_first_locked(struct waitq *q)
{
	return list_empty(&q->waiters)
		       ? NULL
		       : list_first(&q->waiters, struct place, link)->thread;
}

u32 waitq_lowest_factor_locked(const struct waitq *q, u32 most)
{
	(void)q;
	return most;
}

bool waitq_wake_one_locked(struct waitq *q)
{
	struct list *first = list_pop_front(&q->waiters);

	if (first == NULL) {
		return false;
	}
	WRITE_ONCE(list_entry(first, struct place, link)->queued, false);
	return true;
}
