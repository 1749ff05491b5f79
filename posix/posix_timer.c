/* SPDX-License-Identifier: MIT */
/*
 * POSIX timers.
 *
 * Each has its own note of a signal (struct queued), lent to the queue while
 * the signal is pending: so none is lost for want of memory, and there is one
 * at most.  As long as it is pending, being due again is counted in the note
 * (overruns).
 *
 * T1  The list of a process's timers changes under its mutex; a timer that is
 *     found there stays until the mutex is released.
 * T2  A setting changes under the signals' lock [g], as the note does, and only
 *     by the kernel timer's function while that may run.
 */
#include "posix/posix_timer.h"

#include "arch/user.h"
#include "kernel/clock.h"
#include "kernel/timer.h"
#include "lib/errno.h"
#include "mm/kmem.h"
#include "posix/abi.h"
#include "posix/process.h"
#include "posix/signal_private.h"
#include "posix/syscall.h"
#include "posix/time.h"
#include "posix/timer_setting.h"

/* Between two looks at a timer: what is due more often is overruns. */
#define LOOK_NS 100000ul

/* As Linux has it. */
#define OVERRUN_MAX INT32_MAX

struct posix_timer {
	struct posix_timer *next;        /* T1 */
	s32 id;                          /* [I] */
	u32 clock;                       /* [I] enum abi_clock */
	u32 notify;                      /* [I] enum abi_sigev */
	u32 tid;                         /* [I] of SIGEV_THREAD_ID */
	struct process_signals *signals; /* [I] */
	struct timer timer;
	struct timer_setting setting; /* T2: in its own clock */
	struct queued note;           /* [g] */
	s32 last_overrun;             /* [g] of the signal before this one */
};

static bool counts_processor(const struct posix_timer *t)
{
	return t->clock == ABI_CLOCK_PROCESS_CPUTIME_ID;
}

static u64 now_of(const struct posix_timer *t)
{
	return counts_processor(t) ? time_of_process(t->signals, false)
				   : clock_ns();
}

/* Has the kernel look when the timer may be due. */
static void look_again(struct posix_timer *t, u64 now)
{
	u64 soon = clock_ns() + LOOK_NS;

	if (!t->setting.active || t->notify == ABI_SIGEV_NONE) {
		return;
	}
	if (counts_processor(t) && t->setting.due > now) {
		timer_arm(&t->timer,
			  MAX(soon, clock_ns() + t->setting.due - now));
	} else if (t->setting.interval != 0 || counts_processor(t)) {
		timer_arm(&t->timer, MAX(soon, t->setting.due));
	} else {
		timer_arm(&t->timer, t->setting.due);
	}
}

/* It was due so often. [g] */
static void tell_locked(struct posix_timer *t, u64 count)
{
	s32 *overrun = &t->note.info.timer.overrun;

	if (t->note.in != NULL) {
		*overrun = (s32)MIN((u64)*overrun + count, (u64)OVERRUN_MAX);
		return;
	}
	t->last_overrun = *overrun;
	*overrun = (s32)MIN(count - 1, (u64)OVERRUN_MAX);
	signal_lend_locked(t->signals, &t->note,
			   t->notify == ABI_SIGEV_THREAD_ID ? t->tid : 0);
}

static void expire(struct timer *timer)
{
	struct posix_timer *t = container_of(timer, struct posix_timer, timer);
	u64 now = now_of(t);

	WITH_SPINLOCK_IRQ (&t->signals->lock) {
		u64 count = timer_setting_count(&t->setting, now);

		if (count != 0) {
			tell_locked(t, count);
		}
		look_again(t, now);
	}
}

/* ---- Making and finding ------------------------------------------------- */

/* [m] */
static struct posix_timer *find(struct process *p, u64 id)
{
	struct posix_timer *t = p->timers.first;

	while (t != NULL && t->id != (s32)id) {
		t = t->next;
	}
	return t;
}

/* Takes it out of the list and frees it. [m] */
static void end(struct process *p, struct posix_timer *t)
{
	struct posix_timer **at = &p->timers.first;

	while (*at != t) {
		at = &(*at)->next;
	}
	*at = t->next;
	p->timers.count--;
	timer_cancel(&t->timer);
	signal_take_back(t->signals, &t->note);
	kfree(t);
}

void posix_timers_end(struct process *p)
{
	WITH_MUTEX (&p->mutex) {
		while (p->timers.first != NULL) {
			end(p, p->timers.first);
		}
	}
}

static bool is_own_thread(const struct process *p, s32 tid)
{
	WITH_PROCESSES () {
		const struct task *task =
			tid > 0 ? task_find_locked((u64)tid) : NULL;

		return task != NULL && task->process == p;
	}
	return false;
}

static int event_refused(const struct abi_sigevent *e)
{
	switch (e->notify) {
	case ABI_SIGEV_THREAD_ID:
		if (!is_own_thread(process_current(), e->tid)) {
			return -EINVAL;
		}
		break;
	case ABI_SIGEV_NONE: return 0;
	case ABI_SIGEV_SIGNAL:
	case ABI_SIGEV_THREAD: break;
	default: return -EINVAL;
	}
	return e->signal < 1 || e->signal > ABI_NSIG ? -EINVAL : 0;
}

/* `e` NULL: SIGALRM, which tells the number. Errors: -EAGAIN. [m] */
static int make(struct process *p, u32 clock, const struct abi_sigevent *e)
{
	struct posix_timer *t;

	if (p->timers.count >= p->signals.queued_max) {
		return -EAGAIN;
	}
	t = kzalloc(sizeof(*t));
	if (t == NULL) {
		return -EAGAIN;
	}
	t->id = p->timers.next_id++ & INT32_MAX;
	t->clock = clock;
	t->notify = e ? (u32)e->notify : ABI_SIGEV_SIGNAL;
	t->tid = e ? (u32)e->tid : 0;
	t->signals = &p->signals;
	timer_init(&t->timer, expire);
	t->note.lent = true;
	t->note.info = (struct abi_siginfo){
		.signal = e ? e->signal : ABI_SIGALRM,
		.code = ABI_SI_TIMER,
		.timer.id = t->id,
		.timer.value = e ? e->value : (u64)t->id,
	};
	t->next = p->timers.first;
	p->timers.first = t;
	p->timers.count++;
	return t->id;
}

static int clock_refused(u32 clock)
{
	switch (clock) {
	case ABI_CLOCK_REALTIME:
	case ABI_CLOCK_MONOTONIC:
	case ABI_CLOCK_BOOTTIME:
	case ABI_CLOCK_PROCESS_CPUTIME_ID: return 0;
	case ABI_CLOCK_THREAD_CPUTIME_ID:
	case ABI_CLOCK_MONOTONIC_RAW:
	case ABI_CLOCK_REALTIME_COARSE:
	case ABI_CLOCK_MONOTONIC_COARSE: return -EOPNOTSUPP;
	default: return -EINVAL;
	}
}

SYSCALL_HANDLER(timer_create)
{
	struct process *p = process_current();
	struct abi_sigevent event;
	int err = clock_refused((u32)a), id = 0;

	if (err == 0 && b != 0) {
		err = copy_from_user(&event, uaddr(b), sizeof(event));
		err = err ? err : event_refused(&event);
	}
	if (err) {
		return err;
	}
	WITH_MUTEX (&p->mutex) {
		id = make(p, (u32)a, b ? &event : NULL);
	}
	if (id >= 0 && copy_to_user(uaddr(c), &id, sizeof(id)) != 0) {
		WITH_MUTEX (&p->mutex) {
			struct posix_timer *t = find(p, (u64)id);

			if (t != NULL) {
				end(p, t);
			}
		}
		return -EFAULT;
	}
	return MIN(id, 0);
}

SYSCALL_HANDLER(timer_delete)
{
	struct process *p = process_current();

	WITH_MUTEX (&p->mutex) {
		struct posix_timer *t = find(p, a);

		if (t == NULL) {
			return -EINVAL;
		}
		end(p, t);
	}
	return 0;
}

/* ---- Setting and asking ------------------------------------------------- */

/* What it would be by now. [m] */
static struct timer_setting setting_now(struct posix_timer *t, u64 now)
{
	struct timer_setting s = { 0 };

	WITH_SPINLOCK_IRQ (&t->signals->lock) {
		if (t->notify == ABI_SIGEV_NONE) {
			(void)timer_setting_count(&t->setting, now);
		}
		s = t->setting;
	}
	return s;
}

static void set(struct posix_timer *t, const struct timer_setting *new, u64 now)
{
	timer_cancel(&t->timer);
	WITH_SPINLOCK_IRQ (&t->signals->lock) {
		t->setting = *new;
		t->last_overrun = 0;
		look_again(t, now);
	}
}

SYSCALL_HANDLER(timer_settime)
{
	struct process *p = process_current();
	struct timer_setting old = { 0 }, new;
	u64 value, interval, now = 0;
	int err = c ? timer_setting_read(c, &value, &interval) : -EINVAL;

	if (err) {
		return err;
	}
	WITH_MUTEX (&p->mutex) {
		struct posix_timer *t = find(p, a);

		if (t == NULL) {
			return -EINVAL;
		}
		now = now_of(t);
		old = setting_now(t, now);
		new = timer_setting_make(
			value, interval, now, b & ABI_TIMER_ABSTIME,
			t->clock == ABI_CLOCK_REALTIME ? clock_date_offset_ns()
						       : 0);
		set(t, &new, now);
	}
	return d ? timer_setting_write(d, &old, now) : 0;
}

SYSCALL_HANDLER(timer_gettime)
{
	struct process *p = process_current();
	struct timer_setting s = { 0 };
	u64 now = 0;

	WITH_MUTEX (&p->mutex) {
		struct posix_timer *t = find(p, a);

		if (t == NULL) {
			return -EINVAL;
		}
		now = now_of(t);
		s = setting_now(t, now);
	}
	return timer_setting_write(b, &s, now);
}

SYSCALL_HANDLER(timer_getoverrun)
{
	struct process *p = process_current();
	long overrun = -EINVAL;

	WITH_MUTEX (&p->mutex) {
		struct posix_timer *t = find(p, a);

		if (t == NULL) {
			return -EINVAL;
		}
		WITH_SPINLOCK_IRQ (&t->signals->lock) {
			overrun = t->note.in ? t->last_overrun
					     : t->note.info.timer.overrun;
		}
	}
	return overrun;
}
