/* SPDX-License-Identifier: MIT */
/*
 * The scheduler: who runs on this processor now.
 */
#ifndef EXO_SCHED_SCHED_H
#define EXO_SCHED_SCHED_H

#include "lib/types.h"

struct thread;

/*
 * Starts scheduling on this processor; the caller becomes its idle thread
 * `idle`.  Context: boot, once on each processor, interrupts off.
 */
void sched_init(struct thread *idle);

/* True once the processor schedules. Context: any. */
bool sched_online(unsigned cpu);

/* Takes over the reschedule interrupt. Context: boot, once. Errors: -EBUSY. */
must_check int sched_start_interrupts(void);

/*
 * Cycles that a processor has idled, 0 if it was not started.  Context: any; no
 * lock of rank LOCK_RUNQ or above held.
 */
u64 sched_idle_cycles(unsigned cpu);

/* The idle thread's rest of life. */
noreturn void sched_idle(void);

/* Lets others run first. Context: thread, preemption and interrupts on. */
void sched_yield(void);

/*
 * Makes a sleeping thread ready; nothing if it does not sleep.
 * Context: any, interrupts off; no lock of rank LOCK_RUNQ or above held.
 */
void sched_wake(struct thread *thread);

/* As sched_wake, if its sleep is one that may be interrupted. */
void sched_interrupt(struct thread *thread);

/* A new thread becomes ready. */
void sched_start(struct thread *thread);

/*
 * Gives the processor away; the caller has set its state (SLEEPING, DEAD).
 * Interrupts off before and after.  sched/ alone calls it.
 */
void sched_block(void);

/*
 * The running thread got what kernel threads do not have, such as an address
 * space.  Context: interrupts off, since before that.
 */
void sched_has_more_irq(void);

/* The end of a switch, on the stack of the thread switched to. */
void sched_switch_finish(void);

/* Sleeps for at least that long. Context: thread. */
void sched_sleep_ns(u64 ns);

/* Processors that schedule. Context: any. */
u64 sched_online_cpus(void);

/* Context switches of this processor so far. */
u64 sched_switches(void);

#endif
