/* SPDX-License-Identifier: MIT */
/*
 * Priority inheritance for virtual time: who waits for a mutex lends its
 * owner weight and place.
 *
 * The owner's factor is the lowest of its own and of those who wait, and it
 * stands before all who do not sleep, as if it had just woken up.  That place
 * is a loan: the virtual time that it was moved forward is its `debt`, which it
 * pays back when it releases the mutex.  So a waiter waits for what the owner
 * has to do, not for the turns of those in between; and nobody gains time.
 *
 * L1  `borrows` counts the mutexes that the thread owns and others wait for.
 * L2  While it is 0, fair.factor is `factor` and `debt` is 0.
 *
 * An owner that sleeps is not made to wake up; one that waits for a second
 * mutex lends what it has at that moment, and not what it is lent later.
 */
#ifndef EXO_SCHED_LEND_H
#define EXO_SCHED_LEND_H

#include "lib/types.h"

struct thread;

/*
 * `owner`, which cannot release its mutex meanwhile, is lent this factor.
 * Context: the mutex's wait queue locked.
 */
void lend_to(struct thread *owner, u32 factor);

/* The running thread pays back. Context: any with interrupts on or off. */
void lend_end(void);

#endif
