/* SPDX-License-Identifier: MIT */
/*
 * What a processor says that waits too long for a spinlock; sched/mutex.c says
 * it of threads.
 */
#include "kernel/watchdog.h"

#include "kernel/clock.h"
#include "kernel/log.h"
#include "kernel/panic.h"

#ifdef EXO_DEBUG

#define NS_PER_MS 1000000ul

u64 watchdog_ns;

void watchdog_set(u64 limit_ms)
{
	watchdog_ns = limit_ms * NS_PER_MS;
}

void watchdog_spins(const struct spinlock *lock, u64 *since)
{
	u64 now = arch_cycles();

	if (watchdog_ns == 0 ||
	    clock_cycles_to_ns(now - *since) < watchdog_ns) {
		return;
	}
	*since = now;
	if (lock->class == LOCK_CONSOLE || lock->class == LOCK_SERIAL) {
		panic("watchdog: processor %u waits for the log's own lock",
		      cpu_id());
	}
	log_raw("watchdog: processor %u waits for spinlock %s, which processor "
		"%u holds, %lu ms more\n",
		cpu_id(), lockcheck_name(lock->class), READ_ONCE(lock->cpu),
		watchdog_ns / NS_PER_MS);
	panic_backtrace((u64)__builtin_frame_address(0));
}

#endif
