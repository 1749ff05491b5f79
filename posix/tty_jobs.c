/* SPDX-License-Identifier: MIT */
/*
 * What terminals ask of processes: who calls, and signals to groups.
 */
#include "drivers/tty.h"
#include "lib/errno.h"
#include "posix/process.h"
#include "posix/signal.h"

struct tty_caller tty_caller(void)
{
	const struct process *p = process_current();
	struct tty_caller me = { 0 };

	WITH_PROCESSES () {
		me.session = pid_number(p->session);
		me.group = pid_number(p->group);
	}
	me.leads = me.session == p->pid;
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

void tty_signal_group(u32 group, int signal)
{
	struct abi_siginfo info = signal_info_kernel(signal);

	WITH_PROCESSES () {
		struct pid *pid = pid_find_locked(group);

		if (pid != NULL) {
			(void)signal_send_group_locked(pid, &info);
		}
	}
}

static bool is_ignored(int signal)
{
	struct process *p = process_current();
	bool ignored = false;

	WITH_SPINLOCK_IRQ (&p->signals.lock) {
		ignored =
			p->signals.actions[signal - 1].handler == ABI_SIG_IGN ||
			(task_current()->signals.blocked & signal_bit(signal));
	}
	return ignored;
}

/*
 * Nobody in the group has a parent that is in another group of the same
 * session: nobody would let it go on. [p]
 */
static bool is_orphaned_locked(const struct pid *group)
{
	list_for_each (node, &group->group) {
		const struct process *p =
			list_entry(node, struct process, group_link);
		const struct process *parent = p->parent;

		if (parent != NULL && parent->group != group &&
		    parent->session == p->session) {
			return false;
		}
	}
	return true;
}

int tty_stop_background(int signal)
{
	struct abi_siginfo info = signal_info_kernel(signal);

	if (is_ignored(signal)) {
		return signal == TTY_SIGTTIN ? -EIO : 0;
	}
	WITH_PROCESSES () {
		const struct pid *group = process_current()->group;

		if (is_orphaned_locked(group)) {
			return -EIO;
		}
		(void)signal_send_group_locked(group, &info);
	}
	return -ERESTART;
}
