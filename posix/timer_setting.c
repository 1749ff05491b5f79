/* SPDX-License-Identifier: MIT */
/*
 * When timers are due that programs make.
 */
#include "posix/timer_setting.h"

#include "arch/user.h"
#include "posix/abi.h"
#include "posix/time.h"

int timer_setting_read(u64 from, u64 *value, u64 *interval)
{
	int err = time_read(uaddr(from), interval);

	return err ? err
		   : time_read(uaddr(from + sizeof(struct abi_timespec)),
			       value);
}

static struct abi_timespec time_of(u64 ns)
{
	return (struct abi_timespec){ (s64)(ns / NS_PER_S),
				      (s64)(ns % NS_PER_S) };
}

int timer_setting_write(u64 to, const struct timer_setting *s, u64 now)
{
	struct abi_timespec out[2] = { { 0, 0 }, { 0, 0 } };

	out[0] = time_of(s->interval);
	if (s->active) {
		/* What is left is never shown as nothing. */
		out[1] = time_of(s->due > now ? s->due - now : 1);
	}
	return copy_to_user(uaddr(to), out, sizeof(out));
}

struct timer_setting timer_setting_make(u64 value, u64 interval, u64 now,
					bool absolute, u64 offset)
{
	struct timer_setting s = { value != 0, now + value, interval };

	if (absolute) {
		s.due = value > offset ? value - offset : 0;
	}
	return s;
}

u64 timer_setting_count(struct timer_setting *s, u64 now)
{
	u64 count = 1;

	if (!s->active || now < s->due) {
		return 0;
	}
	if (s->interval != 0) {
		count += (now - s->due) / s->interval;
		s->due += count * s->interval;
	}
	s->active = s->interval != 0;
	return count;
}
