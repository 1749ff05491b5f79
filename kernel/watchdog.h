/* SPDX-License-Identifier: MIT */
/*
 * The debug build's watchdog: whoever waits for a lock watches the wait itself
 * and tells, each time that watchdog= milliseconds have passed, for what it
 * waits and who holds that.  So it costs nothing while nobody waits, and
 * needs no clock that ticks.
 */
#ifndef EXO_KERNEL_WATCHDOG_H
#define EXO_KERNEL_WATCHDOG_H

#include "kernel/spinlock.h"

/* Not on the host, where threads wait for their core. */
#if defined(EXO_DEBUG) && !defined(EXO_HOST)
#define WATCHDOG 1

/* [I] after boot. */
extern u64 watchdog_ns;

/* watchdog=, 0: nobody watches. Context: boot. */
void watchdog_set(u64 limit_ms);

/* In the wait for a spinlock; `since` moves on when it was told. */
void watchdog_spins(const struct spinlock *lock, u64 *since);
#else
static inline void watchdog_set(u64 limit_ms)
{
	(void)limit_ms;
}

static inline void watchdog_spins(const struct spinlock *lock, u64 *since)
{
	(void)lock;
	(void)since;
}
#endif

#endif
