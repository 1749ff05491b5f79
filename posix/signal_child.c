/* SPDX-License-Identifier: MIT */
/*
 * What a parent is told of its children by signals, and process groups that
 * nobody is left to look after.
 */
#include "posix/process.h"
#include "posix/signal.h"

/* Under what conditions the parent has no interest; flags of its SIGCHLD. */
static bool parent_ignores(struct process_signals *parent, u64 flag,
			   bool ignoring_counts)
{
	bool ignores = false;

	WITH_SPINLOCK_IRQ (&parent->lock) {
		const struct abi_sigaction *a = parent->actions;

		if (a != NULL) {
			a += ABI_SIGCHLD - 1;
			ignores =
				(a->flags & flag) ||
				(ignoring_counts && a->handler == ABI_SIG_IGN);
		}
	}
	return ignores;
}

static struct abi_siginfo child_info(const struct process *child, int code,
				     u32 status)
{
	return (struct abi_siginfo){
		.signal = child->exit_signal,
		.code = code,
		.child.pid = child->pid,
		.child.status = (s32)status,
	};
}

bool signal_child_ended_locked(struct process *child)
{
	struct process_signals *parent = &child->parent->signals;
	u32 killed = STATUS_SIGNAL(child->status);
	struct abi_siginfo info =
		child_info(child, killed ? ABI_CLD_KILLED : ABI_CLD_EXITED,
			   killed ? killed : STATUS_EXIT_CODE(child->status));
	bool waits = info.signal != ABI_SIGCHLD ||
		     !parent_ignores(parent, ABI_SA_NOCLDWAIT, true);

	if (info.signal != 0) {
		(void)signal_send_process(parent, &info);
	}
	return waits;
}

static void child_tell(struct process *child, int code, int signal, u32 report)
{
	struct abi_siginfo info = child_info(child, code, (u32)signal);

	info.signal = ABI_SIGCHLD;
	WITH_PROCESSES () {
		struct process *parent = child->parent;

		process_report_locked(child, report);
		if (parent != NULL &&
		    !parent_ignores(&parent->signals, ABI_SA_NOCLDSTOP,
				    false)) {
			(void)signal_send_process(&parent->signals, &info);
		}
	}
}

void signal_child_stopped(struct process *child, int signal)
{
	child_tell(child, ABI_CLD_STOPPED, signal, STATUS_STOPPED(signal));
}

void signal_child_continued(struct process *child)
{
	child_tell(child, ABI_CLD_CONTINUED, ABI_SIGCONT, STATUS_CONTINUED);
}

/* ---- Orphaned groups ---------------------------------------------------- */

bool process_group_orphaned_locked(const struct pid *group)
{
	list_for_each (node, &group->group) {
		const struct process *p =
			list_entry(node, struct process, group_link);

		if (p->state == PROCESS_RUNNING && p->parent != NULL &&
		    p->parent->group != group &&
		    p->parent->session == p->session) {
			return false;
		}
	}
	return true;
}

static bool group_stopped_locked(const struct pid *group)
{
	list_for_each (node, &group->group) {
		if (READ_ONCE(list_entry(node, struct process, group_link)
				      ->signals.stopped)) {
			return true;
		}
	}
	return false;
}

void signal_orphans_locked(const struct pid *group)
{
	struct abi_siginfo hangup = signal_info_kernel(ABI_SIGHUP);
	struct abi_siginfo go_on = signal_info_kernel(ABI_SIGCONT);

	if (group_stopped_locked(group) &&
	    process_group_orphaned_locked(group)) {
		(void)signal_send_group_locked(group, &hangup);
		(void)signal_send_group_locked(group, &go_on);
	}
}
