/* SPDX-License-Identifier: MIT */
/*
 * What the processors' time goes into: by samples of those that do not idle.
 */
#ifndef EXO_SCHED_TICK_H
#define EXO_SCHED_TICK_H

#include "arch/percpu.h"
#include "kernel/timer.h"
#include "lib/types.h"
#include "sched/load.h"

/* What a thread has used. */
struct thread_usage {
	u64 cycles;        /* of the processors' counters, in all ... */
	u64 kernel_cycles; /* ... and in the kernel, by samples */
	u64 sleeps;        /* switches away from it because it waited ... */
	u64 preemptions;   /* ... and because others were to run */
	u64 faults;        /* pages that it touched and did not have */
};

struct thread;

/* Adds it up. Context: any; no lock of rank LOCK_RUNQ or above held. */
void thread_usage_add(struct thread *thread, struct thread_usage *sum);
void thread_usage_sum(const struct thread_usage *usage,
		      struct thread_usage *sum);

/* Cycles that a processor spent in the kernel for threads, by samples. */
u64 tick_kernel_cycles(unsigned cpu);

/* How many threads wanted to run, in 1/LOAD_ONE. Context: any. */
void load_averages(u32 out[LOAD_COUNT]);

/* Threads that want to run now, on all processors. Context: any. */
u64 load_now(void);

extern percpu_zero struct timer tick_timer;

/* The timer of this processor. Context: boot, each processor. */
void tick_init(void);

/* This processor ends its idling. Lock of its run queue held. */
void tick_start(void);

#endif
