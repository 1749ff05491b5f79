/* SPDX-License-Identifier: MIT */
/*
 * What terminals ask of processes: who calls, and signals to groups.
 */
#include "drivers/tty.h"
#include "kernel/irq.h"
#include "lib/errno.h"
#include "posix/credentials.h"
#include "posix/process.h"
#include "posix/signal.h"
#include "sched/worker.h"

struct tty_caller tty_caller(void)
{
	const struct process *p = process_current();
	struct tty_caller me = { 0 };

	WITH_PROCESSES () {
		me.session = pid_number(p->session);
		me.group = pid_number(p->group);
	}
	me.leads = me.session == p->pid;
	me.privileged = is_privileged();
	return me;
}

u32 tty_group_session(u32 group)
{
	u32 session = 0;

	WITH_PROCESSES () {
		struct pid *pid = pid_find_locked(group);

		if (pid != NULL && !list_empty(&pid->group)) {
			session = pid_number(list_first(&pid->group,
							struct process,
							group_link)
						     ->session);
		}
	}
	return session;
}

static void group_send(u32 group, int signal)
{
	struct abi_siginfo info = signal_info_kernel(signal);

	WITH_PROCESSES () {
		(void)signal_send_group_locked(pid_find_locked(group), &info);
	}
}

/*
 * Interrupts do not take the lock of processes, under which memory is
 * allocated: what they send waits here for a thread.  Signals to other groups
 * than the few that fit are lost.
 */
#define WAITING_MAX 4

static void waiting_send(struct deferred *work);

static struct {
	struct spinlock lock;
	struct {
		u32 group;
		u64 set;
	} to[WAITING_MAX]; /* [lock] */
	struct deferred deferred;
} waiting = {
	.lock = SPINLOCK_INIT(LOCK_SIGNAL),
	.deferred = DEFERRED_INIT(waiting_send),
};

static void waiting_send(struct deferred *work)
{
	(void)work;
	for (unsigned i = 0; i < WAITING_MAX; i++) {
		u64 set = 0;
		u32 group = 0;

		WITH_SPINLOCK_IRQ (&waiting.lock) {
			set = waiting.to[i].set;
			group = waiting.to[i].group;
			waiting.to[i].set = 0;
		}
		for (; set != 0; set &= set - 1) {
			group_send(group, __builtin_ctzll(set) + 1);
		}
	}
}

static void waiting_add(u32 group, int signal)
{
	WITH_SPINLOCK_IRQ (&waiting.lock) {
		for (unsigned i = 0; i < WAITING_MAX; i++) {
			if (waiting.to[i].set == 0 ||
			    waiting.to[i].group == group) {
				waiting.to[i].group = group;
				waiting.to[i].set |= signal_bit(signal);
				break;
			}
		}
	}
	worker_defer(&waiting.deferred);
}

void tty_signal_group(u32 group, int signal)
{
	if (irq_active()) {
		waiting_add(group, signal);
	} else {
		group_send(group, signal);
	}
}

int tty_stop_background(int signal)
{
	const struct process *p = process_current();
	struct abi_siginfo info = signal_info_kernel(signal);

	if (signal_is_ignored(signal)) {
		return signal == TTY_SIGTTOU ? 0 : -EIO;
	}
	WITH_PROCESSES () {
		if (process_group_orphaned_locked(p->group)) {
			return -EIO;
		}
		(void)signal_send_group_locked(p->group, &info);
	}
	return -ERESTART;
}
