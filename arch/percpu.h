/* SPDX-License-Identifier: MIT */
/*
 * Per-CPU data.  `static percpu struct cache cache;` gives each processor a
 * copy of its own; this_cpu(cache) is the running processor's, one
 * instruction away.  A processor may read another's copy through
 * cpu_ptr(cpu, cache), by that variable's own rules.
 *
 * `percpu_zero` is for what begins as zeroes and has no initialiser (the build
 * checks it); it takes no place in the image.
 *
 * arch_percpu_add(var, n) gives the value of a u32 and adds n to it, in one
 * step for this processor, interrupts included.
 *
 * arch_percpu_ticket(next, owner, &ticket) draws a ticket from one u16 and is
 * true if it equals the other, with acquire order; arch_percpu_release_add()
 * adds to a u16 that nobody else writes, with release order.
 *
 * this_cpu() is stable only while preemption is off.
 */
#ifndef EXO_ARCH_PERCPU_H
#define EXO_ARCH_PERCPU_H

#include "lib/types.h"

#define MAX_CPUS 64

struct thread;

/* Where each processor's copy is; NULL: there is no such processor. */
extern char *percpu_area[MAX_CPUS];

/*
 * What entry code and every lock need, on one cache line.  Its offsets are
 * in arch/x86_64/offsets.c.
 */
struct percpu_head {
	void *self;             /* where this processor's area begins */
	struct thread *current; /* the running thread, NULL before threads */
	u64 kernel_sp;          /* top of the running thread's kernel stack */
	u64 user_sp;            /* scratch of the system call entry */
	union {
		struct {
			u32 cpu; /* index of this processor, 0 is the first */
			u32 tid; /* the running thread's number */
		};
		u64 cpu_and_tid; /* as a trace record begins with them */
	};
	u32 preempt;   /* arch_preempt_*: depth and its no-work bit */
	u32 irq_depth; /* nesting of interrupt handlers */
};

#ifdef EXO_HOST
#include "arch/host/percpu.h"
#else
#include "arch/x86_64/percpu.h"
#endif

extern percpu_first struct percpu_head percpu_head;

static inline unsigned cpu_id(void)
{
	return this_cpu(percpu_head).cpu;
}

static inline struct thread *current_thread(void)
{
	return this_cpu(percpu_head).current;
}

/* True once the processor has its per-CPU area, that cpu_ptr() may be used. */
static inline bool cpu_present(unsigned cpu)
{
	return cpu < MAX_CPUS && percpu_area[cpu] != NULL;
}

/*
 * The preemption word holds the depth in its low bits and PREEMPT_NO_WORK
 * set while nothing waits for the processor, so that one decrement to zero
 * tells "outermost, and somebody waits".
 */
#define PREEMPT_NO_WORK 0x80000000u

static inline u32 preempt_depth(void)
{
	return this_cpu(percpu_head).preempt & ~PREEMPT_NO_WORK;
}

#endif
