/* SPDX-License-Identifier: MIT */
/*
 * Workers.  One request at a time: `requests` orders those who ask.  What is
 * deferred goes before it.  `start` counts both.
 */
#include "sched/worker.h"

#include "arch/percpu.h"
#include "kernel/mutex.h"
#include "lib/errno.h"
#include "mm/frame.h"
#include "mm/kmem.h"
#include "sched/kstack.h"
#include "sched/semaphore.h"
#include "sched/thread.h"

struct worker {
	struct thread *thread; /* [I] NULL: none */
	struct semaphore start;
	struct semaphore done;
	void (*fn)(void); /* [the requester's, until done] */
};

static percpu_zero struct worker worker;

static struct mutex requests; /* LOCK_WORKER */

static struct {
	struct spinlock lock;
	struct list queue; /* [lock] struct deferred.link */
} deferred = {
	.lock = SPINLOCK_INIT(LOCK_DEFERRED),
	.queue = LIST_INIT(deferred.queue),
};

static struct deferred *deferred_take(void)
{
	struct list *node = NULL;

	WITH_SPINLOCK_IRQ (&deferred.lock) {
		node = list_pop_front(&deferred.queue);
		if (node != NULL) {
			list_entry(node, struct deferred, link)->queued = false;
		}
	}
	return node ? list_entry(node, struct deferred, link) : NULL;
}

void worker_defer(struct deferred *work)
{
	bool first = false;

	WITH_SPINLOCK_IRQ (&deferred.lock) {
		if (!work->queued) {
			work->queued = first = true;
			list_push_back(&deferred.queue, &work->link);
		}
	}
	if (first) {
		semaphore_up(&cpu_ptr(0, worker)->start);
	}
}

static void worker_loop(void *arg)
{
	struct worker *self = arg;
	bool first = self == cpu_ptr(0, worker);

	for (;;) {
		struct deferred *work;

		semaphore_down(&self->start, WAITQ_FOREVER);
		work = first ? deferred_take() : NULL;
		if (work != NULL) {
			work->fn(work);
		} else {
			self->fn();
			semaphore_up(&self->done);
		}
	}
}

int worker_start(unsigned cpu)
{
	struct worker *w = cpu_ptr(cpu, worker);
	struct thread *thread = thread_create("worker", worker_loop, w);

	if (thread == NULL) {
		return -ENOMEM;
	}
	if (cpu == 0) {
		mutex_init(&requests, LOCK_WORKER);
	}
	semaphore_init(&w->start, 0);
	semaphore_init(&w->done, 0);
	thread->affinity = 1ull << cpu;
	w->thread = thread;
	thread_start(thread);
	return 0;
}

void worker_run_everywhere(void (*fn)(void))
{
	WITH_MUTEX (&requests) {
		for (unsigned cpu = 0; cpu < MAX_CPUS; cpu++) {
			struct worker *w;

			if (!cpu_present(cpu)) {
				continue;
			}
			w = cpu_ptr(cpu, worker);
			if (w->thread != NULL) {
				w->fn = fn;
				semaphore_up(&w->start);
				semaphore_down(&w->done, WAITQ_FOREVER);
			}
		}
	}
}

static void drain(void)
{
	kmem_drain();
	frame_drain();
}

/* Objects and stacks first: that frees frames on other processors as well. */
void worker_drain_memory(void)
{
	worker_run_everywhere(kmem_drain);
	kstack_drain();
	worker_run_everywhere(drain);
}
