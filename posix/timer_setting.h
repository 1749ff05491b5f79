/* SPDX-License-Identifier: MIT */
/*
 * What timers that programs make have in common: when they are due, and how
 * often (timer_settime(2), timerfd_settime(2)).  The caller guards it.
 */
#ifndef EXO_POSIX_TIMER_SETTING_H
#define EXO_POSIX_TIMER_SETTING_H

#include "lib/types.h"

struct timer_setting {
	bool active;
	u64 due;      /* in the timer's clock, nanoseconds */
	u64 interval; /* 0: once */
};

/* Reads a struct itimerspec: how long until then. Errors: -EFAULT, -EINVAL. */
must_check int timer_setting_read(u64 from, u64 *value, u64 *interval);

/* Writes what is left, and the interval. Errors: -EFAULT. */
must_check int timer_setting_write(u64 to, const struct timer_setting *s,
				   u64 now);

/*
 * Sets it to `value` from now on, or to the moment `value` of a clock that is
 * `offset` ahead of ours; 0 stops it.
 */
struct timer_setting timer_setting_make(u64 value, u64 interval, u64 now,
					bool absolute, u64 offset);

/* How often it was due; `due` moves on. */
u64 timer_setting_count(struct timer_setting *s, u64 now);

#endif
