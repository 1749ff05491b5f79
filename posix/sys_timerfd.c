/* SPDX-License-Identifier: MIT */
/*
 * timerfd: a timer that is read.  A read takes how often it was due since the
 * last one, and waits while that is not at all.
 *
 * The kernel's timer only wakes those who wait; it is set again when somebody
 * looks.  It may run for nothing, when the setting has changed meanwhile.
 */
#include "arch/user.h"
#include "kernel/clock.h"
#include "kernel/timer.h"
#include "kernel/waitq.h"
#include "lib/errno.h"
#include "mm/kmem.h"
#include "posix/abi.h"
#include "posix/anon_file.h"
#include "posix/descriptors.h"
#include "posix/syscall.h"
#include "posix/timer_setting.h"
#include "sched/poll.h"

static_assert((int)ABI_TFD_NONBLOCK == (int)FILE_NONBLOCK &&
		      (int)ABI_TFD_CLOEXEC == (int)FILE_CLOSE_ON_EXEC,
	      "flags of timerfd_create(2)");

struct timerfd {
	struct waitq q;
	struct timer timer;           /* [q] armed while the setting is */
	struct timer_setting setting; /* [q] by clock_ns() */
	u64 count;                    /* [q] that it was due, and not read */
	bool is_date;                 /* [I] */
	struct pollq pollq;
};

static void timerfd_expire(struct timer *timer)
{
	struct timerfd *t = container_of(timer, struct timerfd, timer);

	waitq_wake_all(&t->q);
	pollq_wake_for(&t->pollq, POLL_IN);
}

/* What has happened so far; the timer is set for what will. [q] */
static void timerfd_look_locked(struct timerfd *t, u64 now)
{
	t->count += timer_setting_count(&t->setting, now);
	if (t->setting.active) {
		timer_arm(&t->timer, t->setting.due);
	}
}

static int timerfd_take(struct file *file, u64 *count)
{
	struct timerfd *t = file->data;
	u64 flags = waitq_lock(&t->q);
	int err = 0;

	for (;;) {
		timerfd_look_locked(t, clock_ns());
		if (t->count != 0 || err != 0) {
			break;
		}
		err = READ_ONCE(file->flags) & FILE_NONBLOCK
			      ? -EAGAIN
			      : waitq_sleep_interruptible(&t->q, WAITQ_FOREVER);
	}
	*count = t->count;
	t->count = 0;
	waitq_unlock(&t->q, flags);
	if (*count != 0) {
		return 0;
	}
	return err == -EINTR ? -ERESTART : err;
}

static long timerfd_read(struct file *file, uaddr_t dst, size_t len_bytes)
{
	u64 count;
	int err = len_bytes < sizeof(count) ? -EINVAL
					    : timerfd_take(file, &count);

	err = err ? err : copy_to_user(dst, &count, sizeof(count));
	return err ? err : (long)sizeof(count);
}

static u32 timerfd_poll(struct file *file, struct poller *poller)
{
	struct timerfd *t = file->data;
	bool due = false;

	poller_watch(poller, &t->pollq);
	WITH_SPINLOCK_IRQ (&t->q.lock) {
		due = t->count != 0 ||
		      (t->setting.active && clock_ns() >= t->setting.due);
	}
	return due ? POLL_IN : 0;
}

static void timerfd_close(struct file *file)
{
	struct timerfd *t = file->data;

	timer_cancel(&t->timer);
	kfree(t);
}

static const struct file_ops timerfd_ops = {
	.name = "[timerfd]",
	.read = timerfd_read,
	.poll = timerfd_poll,
	.close = timerfd_close,
};

SYSCALL_HANDLER(timerfd_create)
{
	struct timerfd *t;
	u32 clock = (u32)a, flags = (u32)b;

	if ((flags & ~(u32)(ABI_TFD_CLOEXEC | ABI_TFD_NONBLOCK)) ||
	    (clock != ABI_CLOCK_REALTIME && clock != ABI_CLOCK_MONOTONIC &&
	     clock != ABI_CLOCK_BOOTTIME)) {
		return -EINVAL;
	}
	t = kzalloc(sizeof(*t));
	if (t != NULL) {
		waitq_init(&t->q);
		pollq_init(&t->pollq);
		timer_init(&t->timer, timerfd_expire);
		t->is_date = clock == ABI_CLOCK_REALTIME;
	}
	return anon_file_open(&timerfd_ops, t, FILE_READ | FILE_WRITE, flags);
}

/* Tells what it was, or would be by now; then sets it, if `new` is given. */
static struct timer_setting
timerfd_change(struct timerfd *t, const struct timer_setting *new, u64 now)
{
	struct timer_setting old = { 0 };

	WITH_SPINLOCK_IRQ (&t->q.lock) {
		timerfd_look_locked(t, now);
		old = t->setting;
		if (new != NULL) {
			t->setting = *new;
			t->count = 0;
			if (new->active) {
				timer_arm(&t->timer, new->due);
			}
		}
	}
	return old;
}

SYSCALL_HANDLER(timerfd_settime)
{
	u32 flags = (u32)b;
	u64 value, interval, now;
	struct timer_setting new, old;
	struct file_use use;
	struct timerfd *t;
	int err = timer_setting_read(c, &value, &interval);

	if (err == 0 && (flags & ~(u32)(ABI_TFD_TIMER_ABSTIME |
					ABI_TFD_TIMER_CANCEL_ON_SET))) {
		err = -EINVAL;
	}
	err = err ? err : file_use_kind(a, &timerfd_ops, &use);
	if (err) {
		return err;
	}
	t = use.file->data;
	now = clock_ns();
	new = timer_setting_make(value, interval, now,
				 flags & ABI_TFD_TIMER_ABSTIME,
				 t->is_date ? clock_date_offset_ns() : 0);
	old = timerfd_change(t, &new, now);
	file_use_end(use);
	return d ? timer_setting_write(d, &old, now) : 0;
}

SYSCALL_HANDLER(timerfd_gettime)
{
	u64 now = clock_ns();
	struct timer_setting old;
	struct file_use use;
	int err = file_use_kind(a, &timerfd_ops, &use);

	if (err) {
		return err;
	}
	old = timerfd_change(use.file->data, NULL, now);
	file_use_end(use);
	return timer_setting_write(b, &old, now);
}
