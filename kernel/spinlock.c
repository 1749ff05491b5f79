/* SPDX-License-Identifier: MIT */
/*
 * Spinlocks for the files that are built for size, and the wait for one that
 * somebody else holds.
 */
#include "kernel/spinlock.h"

#include "kernel/watchdog.h"
#include "trace/trace.h"

void spin_lock_called(struct spinlock *lock)
{
	spin_lock(lock);
}

void spin_unlock_called(struct spinlock *lock)
{
	spin_unlock(lock);
}

u64 spin_lock_irq_called(struct spinlock *lock)
{
	return spin_lock_irq(lock);
}

void spin_unlock_irq_called(struct spinlock *lock, u64 flags)
{
	spin_unlock_irq(lock, flags);
}

void spin_wait(const void *waited_for, u16 ticket)
{
	const struct spinlock *lock = waited_for;
	u64 since = arch_cycles(), told = since;

	/* Pairs with the release in spin_release_(). */
	while (__atomic_load_n(&lock->owner, __ATOMIC_ACQUIRE) != ticket) {
		arch_relax();
		watchdog_spins(lock, &told);
	}
	trace(TRACE_LOCK_WAIT, lock->class, arch_cycles() - since);
}
