/* SPDX-License-Identifier: MIT */
/*
 * Interval timers: setitimer(), getitimer(), alarm().
 *
 * A timer counts in its own clock: time, or the processor time of its process,
 * in all (ITIMER_PROF) or without the kernel's (ITIMER_VIRTUAL).
 * A kernel timer looks whether it is due.  Processor time passes no faster than
 * so many times as there are processors, and usually slower: where it is not
 * due yet, the kernel timer looks again when it may be.
 *
 * I1  `due` and `interval` change only while the kernel timer is neither armed
 *     nor running, or by its function.
 */
#include "kernel/clock.h"
#include "kernel/timer.h"
#include "lib/errno.h"
#include "mm/kmem.h"
#include "arch/user.h"
#include "posix/abi.h"
#include "posix/process.h"
#include "posix/signal.h"
#include "posix/syscall.h"
#include "posix/time.h"

#define KINDS         3
#define LOOK_AGAIN_NS 1000000ul

struct itimer {
	struct timer timer;
	struct process_signals *signals; /* [I] */
	bool counts_processor;           /* [I] */
	u8 signal;                       /* [I] */
	bool active;                     /* I1, as the two below */
	u64 due;                         /* in its own clock */
	u64 interval;                    /* 0: once */
};

struct itimers {
	struct itimer kinds[KINDS];
};

u64 time_of_process(struct process_signals *ps, bool user_only)
{
	const struct process *p = container_of(ps, struct process, signals);
	struct thread_usage sum = {
		.cycles = READ_ONCE(p->usage.threads.cycles),
		.kernel_cycles = READ_ONCE(p->usage.threads.kernel_cycles),
	};

	WITH_SPINLOCK_IRQ (&ps->lock) {
		list_for_each (node, &ps->threads) {
			thread_usage_add(
				list_entry(node, struct thread_signals, link)
					->task->thread,
				&sum);
		}
	}
	return clock_cycles_to_ns(sum.cycles -
				  (user_only ? sum.kernel_cycles : 0));
}

static u64 now_of(const struct itimer *t)
{
	return t->counts_processor
		       ? time_of_process(t->signals, t->signal == ABI_SIGVTALRM)
		       : clock_ns();
}

static void look(struct itimer *t, u64 now)
{
	u64 rest = t->due > now ? t->due - now : 0;

	if (t->counts_processor) {
		timer_arm(&t->timer, clock_ns() + MAX(rest, LOOK_AGAIN_NS));
	} else {
		timer_arm(&t->timer, t->due);
	}
}

static void expire(struct timer *timer)
{
	struct itimer *t = container_of(timer, struct itimer, timer);
	struct abi_siginfo info = signal_info_kernel(t->signal);
	u64 now = now_of(t);

	if (now >= t->due) {
		(void)signal_send_process(t->signals, &info);
		t->active = t->interval != 0;
		if (t->active) {
			/* Those that were missed are one signal. */
			t->due += (1 + (now - t->due) / t->interval) *
				  t->interval;
		}
	}
	if (t->active) {
		look(t, now);
	}
}

static struct itimers *itimers_create(struct process *p)
{
	static const u8 signals[KINDS] = { ABI_SIGALRM, ABI_SIGVTALRM,
					   ABI_SIGPROF };
	struct itimers *timers = kzalloc(sizeof(*timers));

	for (int i = 0; timers != NULL && i < KINDS; i++) {
		struct itimer *t = &timers->kinds[i];

		timer_init(&t->timer, expire);
		t->signals = &p->signals;
		t->counts_processor = i != ABI_ITIMER_REAL;
		t->signal = signals[i];
	}
	return timers;
}

void itimers_destroy(struct itimers *timers)
{
	for (int i = 0; timers != NULL && i < KINDS; i++) {
		timer_cancel(&timers->kinds[i].timer);
	}
	kfree(timers);
}

/* Changes the timer if `new` is not NULL; tells what it was. */
static int itimer_change(struct process *p, u64 which, const u64 *new,
			 u64 *rest, u64 *interval)
{
	struct itimer *t;
	u64 now;

	*rest = *interval = 0;
	if (p->itimers == NULL && new != NULL) {
		p->itimers = itimers_create(p);
		if (p->itimers == NULL) {
			return -ENOMEM;
		}
	}
	if (p->itimers == NULL) {
		return 0;
	}
	t = &p->itimers->kinds[which];
	timer_cancel(&t->timer);
	now = now_of(t);
	if (t->active) {
		*rest = t->due > now ? t->due - now : NS_PER_US;
		*interval = t->interval;
	}
	if (new != NULL) {
		t->active = new[0] != 0;
		t->due = now + new[0];
		t->interval = new[1];
	}
	if (t->active) {
		look(t, now);
	}
	return 0;
}

static int timeval_read(s64 s, s64 us, u64 *ns)
{
	if (s < 0 || us < 0 || us >= US_PER_S) {
		return -EINVAL;
	}
	*ns = (u64)(MIN(s, INT64_MAX / NS_PER_S / 4) * NS_PER_S +
		    us * NS_PER_US);
	return 0;
}

static int itimer_write(u64 to, u64 rest, u64 interval)
{
	/* What is left is never shown as nothing. */
	u64 us = (rest + NS_PER_US - 1) / NS_PER_US;
	struct abi_itimerval out = {
		.interval_s = (s64)(interval / NS_PER_S),
		.interval_us = (s64)(interval % NS_PER_S) / NS_PER_US,
		.value_s = (s64)us / US_PER_S,
		.value_us = (s64)us % US_PER_S,
	};

	return copy_to_user(uaddr(to), &out, sizeof(out));
}

SYSCALL_HANDLER(getitimer)
{
	struct process *p = process_current();
	u64 rest, interval;

	if ((u32)a >= KINDS) {
		return -EINVAL;
	}
	WITH_MUTEX (&p->mutex) {
		(void)itimer_change(p, (u32)a, NULL, &rest, &interval);
	}
	return itimer_write(b, rest, interval);
}

SYSCALL_HANDLER(setitimer)
{
	struct process *p = process_current();
	struct abi_itimerval in = { 0 };
	u64 new[2], rest, interval;
	int err;

	if ((u32)a >= KINDS) {
		return -EINVAL;
	}
	if (b != 0 && copy_from_user(&in, uaddr(b), sizeof(in)) != 0) {
		return -EFAULT;
	}
	err = timeval_read(in.value_s, in.value_us, &new[0]);
	err = err ? err : timeval_read(in.interval_s, in.interval_us, &new[1]);
	if (err) {
		return err;
	}
	WITH_MUTEX (&p->mutex) {
		err = itimer_change(p, (u32)a, new, &rest, &interval);
	}
	if (err) {
		return err;
	}
	return c ? itimer_write(c, rest, interval) : 0;
}

/* Seconds that were left, rounded, but at least one. */
SYSCALL_HANDLER(alarm)
{
	struct process *p = process_current();
	u64 new[2] = { (u32)a * (u64)NS_PER_S, 0 }, rest, interval;
	int err = 0;

	WITH_MUTEX (&p->mutex) {
		err = itimer_change(p, ABI_ITIMER_REAL, new, &rest, &interval);
	}
	if (err || rest == 0) {
		return err;
	}
	return (long)MAX((rest + NS_PER_S / 2) / NS_PER_S, 1ul);
}
