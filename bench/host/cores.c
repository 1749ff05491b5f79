// SPDX-License-Identifier: MIT
/*
 * The other core.  It is woken before a sample and spins until the two runs of
 * the sample have come; it gives its processor away while it waits long, for
 * the host may have no processor to spare.
 */
#include "bench/host/cores.h"

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdbool.h>

#include "lib/compiler.h"

/* host_bench's main() runs a contender twice a sample. */
#define RUNS      2
#define SPINS_MAX 10000

static struct {
	bool started, alone;
	pthread_t thread;
	sem_t work;
	void (*job)(void);
	unsigned samples;            /* begun */
	unsigned ready, asked, done; /* [a] */
} cores;

/* Waits until what another thread counts is `want`. */
static void wait_until(const unsigned *counter, unsigned want)
{
	unsigned spins = 0;

	while (__atomic_load_n(counter, __ATOMIC_ACQUIRE) != want) {
		__builtin_ia32_pause();
		if (++spins == SPINS_MAX) {
			sched_yield();
			spins = 0;
		}
	}
}

static void *other_main(void *unused)
{
	unsigned run = 0;

	(void)unused;
	for (;;) {
		sem_wait(&cores.work);
		__atomic_fetch_add(&cores.ready, 1, __ATOMIC_RELEASE);
		for (unsigned i = 0; i < RUNS; i++) {
			wait_until(&cores.asked, ++run);
			cores.job();
			__atomic_store_n(&cores.done, run, __ATOMIC_RELEASE);
		}
	}
	return NULL;
}

/* A processor that the process may use, and this thread does not. */
static bool pin_elsewhere(pthread_t thread)
{
	int here = sched_getcpu();

	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		cpu_set_t set;

		CPU_ZERO(&set);
		CPU_SET((unsigned)cpu, &set);
		if (cpu != here &&
		    pthread_setaffinity_np(thread, sizeof(set), &set) == 0) {
			return true;
		}
	}
	return false;
}

const char *cores_start(void (*job)(void))
{
	if (!cores.started) {
		cores.started = true;
		sem_init(&cores.work, 0, 0);
		cores.alone = pthread_create(&cores.thread, NULL, other_main,
					     NULL) != 0 ||
			      !pin_elsewhere(cores.thread);
	}
	if (cores.alone) {
		return "one processor only";
	}
	cores.job = job;
	sem_post(&cores.work);
	wait_until(&cores.ready, ++cores.samples);
	return NULL;
}

void cores_go(void)
{
	__atomic_fetch_add(&cores.asked, 1, __ATOMIC_RELEASE);
}

void cores_wait(void)
{
	wait_until(&cores.done, cores.asked);
}
