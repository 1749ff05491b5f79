/* SPDX-License-Identifier: MIT */
/*
 * Time since boot, monotonic, in nanoseconds, from the cycle counter.
 */
#ifndef EXO_KERNEL_CLOCK_H
#define EXO_KERNEL_CLOCK_H

#include "lib/types.h"

/* The moment that counts as 0. Context: boot, the very first. */
void clock_start(void);

/* The counter's rate is known (arch_cycles_hz()): clock_ns() begins. */
void clock_init(void);

/* Nanoseconds since clock_start(); 0 before clock_init(). Context: any. */
u64 clock_ns(void);

/* clock_ns() of the moment at which arch_cycles() was `cycles`. */
u64 clock_at(u64 cycles);

/* The length of so many cycles; 0 before clock_init(). Context: any. */
u64 clock_cycles_to_ns(u64 cycles);

/* Cycles since clock_start(). Context: any. */
u64 clock_cycles_since_boot(void);

/*
 * The date, in nanoseconds since 1970-01-01 UTC: what the machine's own clock
 * said when it was first asked, or what was set since.  Context: any but NMI.
 */
u64 clock_date_ns(void);
void clock_date_set(u64 date_ns);

/* How much the date is ahead of clock_ns(). */
u64 clock_date_offset_ns(void);

/* Upward call, defined by drivers/: that clock, in seconds; 0: there is none.
 * Interrupts off. */
u64 clock_date_read_s(void);

/*
 * Compares the counter with the reference clock over some 40 ms, corrects the
 * rate and logs by how much it was off.  Context: thread, sleeps, once.
 * Errors: -EIO if it was off by more than 5 %: then one of the two clocks is
 * wrong and the rate stays.
 */
must_check int clock_check(void);

/* Upward call, defined by sched/: sleeps for a while. */
void clock_wait_ns(u64 ns);

#endif
