/* SPDX-License-Identifier: MIT */
/*
 * What terminals ask of processes: who calls, and signals to groups.
 */
#include "drivers/tty.h"
#include "lib/errno.h"
#include "posix/process.h"

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

/* The default action of the signals that end. [p] */
static void end_locked(struct process *p, int signal)
{
	if (p->ending || p->pid == INIT_PID) {
		return;
	}
	p->ending = true;
	p->status = STATUS_KILLED(signal);
	list_for_each (node, &p->tasks) {
		task_notify(list_entry(node, struct task, link));
	}
}

void tty_signal_group(u32 group, int signal)
{
	if (signal != TTY_SIGINT && signal != TTY_SIGQUIT &&
	    signal != TTY_SIGHUP) {
		return;
	}
	WITH_PROCESSES () {
		struct pid *pid = pid_find_locked(group);

		if (pid == NULL) {
			return;
		}
		list_for_each (node, &pid->group) {
			end_locked(list_entry(node, struct process, group_link),
				   signal);
		}
	}
}

int tty_stop_background(int signal)
{
	(void)signal;
	return -EIO;
}
