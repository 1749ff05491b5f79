/* SPDX-License-Identifier: MIT */
/*
 * System calls on clocks, and sleeping by them.
 */
#include "arch/cpu.h"
#include "arch/user.h"
#include "kernel/clock.h"
#include "lib/errno.h"
#include "posix/abi.h"
#include "posix/process.h"
#include "posix/signal.h"
#include "posix/syscall.h"
#include "posix/time.h"
#include "sched/thread.h"

/* What the coarse clocks are said to be: they are as fine as the others. */
#define RESOLUTION_NS 1

static bool is_uptime_clock(u64 clock)
{
	return clock == ABI_CLOCK_MONOTONIC || clock == ABI_CLOCK_BOOTTIME ||
	       clock == ABI_CLOCK_MONOTONIC_RAW ||
	       clock == ABI_CLOCK_MONOTONIC_COARSE;
}

static bool is_date_clock(u64 clock)
{
	return clock == ABI_CLOCK_REALTIME ||
	       clock == ABI_CLOCK_REALTIME_COARSE;
}

/* Errors: -EINVAL: there is no such clock. */
static int clock_read(u64 clock, u64 *ns)
{
	struct thread *self = current_thread();

	if (is_uptime_clock(clock)) {
		*ns = clock_ns();
	} else if (is_date_clock(clock)) {
		*ns = clock_date_ns();
	} else if (clock == ABI_CLOCK_PROCESS_CPUTIME_ID) {
		*ns = time_of_process(&process_current()->signals, false);
	} else if (clock == ABI_CLOCK_THREAD_CPUTIME_ID) {
		*ns = clock_cycles_to_ns(thread_cycles(self));
	} else {
		return -EINVAL;
	}
	return 0;
}

static int time_write(u64 to, u64 ns)
{
	struct abi_timespec t = { (s64)(ns / NS_PER_S), (s64)(ns % NS_PER_S) };

	return copy_to_user(uaddr(to), &t, sizeof(t));
}

SYSCALL_HANDLER(clock_gettime)
{
	u64 ns;
	int err = clock_read((u32)a, &ns);

	return err ? err : time_write(b, ns);
}

SYSCALL_HANDLER(clock_getres)
{
	u64 ns;
	int err = clock_read((u32)a, &ns);

	return err || b == 0 ? err : time_write(b, RESOLUTION_NS);
}

SYSCALL_HANDLER(clock_settime)
{
	u64 ns;
	int err = time_read(uaddr(b), &ns);

	if ((u32)a != ABI_CLOCK_REALTIME) {
		return -EINVAL;
	}
	if (err == 0) {
		clock_date_set(ns);
	}
	return err;
}

/* The time zone is UTC. */
SYSCALL_HANDLER(gettimeofday)
{
	u64 ns = clock_date_ns();
	s64 now[2] = { (s64)(ns / NS_PER_S), (s64)(ns % NS_PER_S) / NS_PER_US };
	u64 utc = 0;

	if (a != 0 && copy_to_user(uaddr(a), now, sizeof(now)) != 0) {
		return -EFAULT;
	}
	return b ? copy_to_user(uaddr(b), &utc, sizeof(utc)) : 0;
}

SYSCALL_HANDLER(settimeofday)
{
	s64 date[2];

	if (a == 0) {
		return 0;
	}
	if (copy_from_user(date, uaddr(a), sizeof(date)) != 0) {
		return -EFAULT;
	}
	if (date[0] < 0 || date[0] > INT64_MAX / NS_PER_S / 4 || date[1] < 0 ||
	    date[1] >= US_PER_S) {
		return -EINVAL;
	}
	clock_date_set((u64)(date[0] * NS_PER_S + date[1] * NS_PER_US));
	return 0;
}

SYSCALL_HANDLER(time)
{
	s64 now = (s64)(clock_date_ns() / NS_PER_S);

	if (a != 0 && copy_to_user(uaddr(a), &now, sizeof(now)) != 0) {
		return -EFAULT;
	}
	return now;
}

int time_read(uaddr_t from, u64 *ns)
{
	struct abi_timespec t;

	if (copy_from_user(&t, from, sizeof(t)) != 0) {
		return -EFAULT;
	}
	if (t.s < 0 || t.ns < 0 || t.ns >= NS_PER_S) {
		return -EINVAL;
	}
	/* Centuries are for ever. */
	t.s = MIN(t.s, INT64_MAX / NS_PER_S / 4);
	*ns = (u64)(t.s * NS_PER_S + t.ns);
	return 0;
}

/* Sleeps; if a signal ends that, tells at `remaining` how much is left. */
static int sleep_until(u64 deadline, u64 remaining)
{
	int err = signal_wait(deadline);
	u64 now = clock_ns();

	if (err == -ETIMEDOUT) {
		return 0;
	}
	if (remaining != 0 &&
	    time_write(remaining, deadline > now ? deadline - now : 0) != 0) {
		return -EFAULT;
	}
	return err;
}

SYSCALL_HANDLER(nanosleep)
{
	u64 ns;
	int err = time_read(uaddr(a), &ns);

	return err ? err : sleep_until(signal_deadline(ns), b);
}

SYSCALL_HANDLER(clock_nanosleep)
{
	bool date = (u32)a == ABI_CLOCK_REALTIME;
	u64 ns, offset;
	int err;

	if (!is_uptime_clock((u32)a) && !date) {
		return -EINVAL;
	}
	err = time_read(uaddr(c), &ns);
	if (err) {
		return err;
	}
	if (!(b & ABI_TIMER_ABSTIME)) {
		return sleep_until(signal_deadline(ns), d);
	}
	offset = date ? clock_date_offset_ns() : 0;
	return sleep_until(ns > offset ? ns - offset : 0, 0);
}
