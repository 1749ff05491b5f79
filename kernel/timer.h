/* SPDX-License-Identifier: MIT */
/*
 * One-shot timers in nanoseconds of clock_ns(), one queue per processor.
 */
#ifndef EXO_KERNEL_TIMER_H
#define EXO_KERNEL_TIMER_H

#include "lib/tree.h"
#include "lib/types.h"

struct timer {
	struct tree_node node;           /* [LOCK_TIMER] key: when it is due */
	void (*fn)(struct timer *timer); /* [I] */
	unsigned cpu;                    /* [LOCK_TIMER] whose queue it is in */
	bool armed;                      /* [LOCK_TIMER] */
};

/* `fn` runs in interrupt context, interrupts off, no lock held. */
void timer_init(struct timer *timer, void (*fn)(struct timer *timer));

/*
 * Within that time after a timer interrupt the next one comes later than it is
 * due, by twice the time since then, so that timers leave time to others.
 */
#define TIMER_CROWD_NS 50000ul

/*
 * Calls the timer's function once at `due_ns` or soon after, on this
 * processor; a timer that is armed already moves.  The memory is the caller's
 * and must stay until the function ran or timer_cancel() returned.
 * Context: any, no lock of a rank above LOCK_TIMER held.
 */
void timer_arm(struct timer *timer, u64 due_ns);

/*
 * Takes the timer back; true if it had not run.  When this returns, its
 * function does not run any more on any processor (unless the caller is that
 * function).  Context: as timer_arm, and not holding a lock that `fn` takes.
 */
bool timer_cancel(struct timer *timer);

/* Takes over the timer interrupt. Context: boot. Errors: -EBUSY. */
must_check int timer_start(void);

#endif
