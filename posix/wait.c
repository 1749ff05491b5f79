/* SPDX-License-Identifier: MIT */
/*
 * wait4() and waitid(): what has become of one's children.
 */
#include "arch/user.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "posix/process.h"
#include "posix/syscall.h"

struct wait {
	u32 type;    /* ABI_P_ALL, ABI_P_PID, ABI_P_PGID */
	u32 number;  /* of the process or group */
	u32 options; /* enum abi_wait */
	/* What was found. */
	u32 pid;
	u32 status; /* as wait4() tells it */
	struct usage usage;
};

/* True if `child` is one that the call asks for. */
static bool eligible(const struct wait *w, const struct process *child)
{
	bool clone = child->exit_signal != ABI_SIGCHLD;

	if (w->type == ABI_P_PID && child->pid != w->number) {
		return false;
	}
	if (w->type == ABI_P_PGID && pid_number(child->group) != w->number) {
		return false;
	}
	return (w->options & ABI_WALL) ||
	       clone == ((w->options & ABI_WCLONE) != 0);
}

/* Takes what there is to tell of the child. False: nothing. */
static bool take_locked(struct wait *w, struct process *child)
{
	u32 wanted = child->report == STATUS_CONTINUED ? ABI_WCONTINUED
						       : ABI_WSTOPPED;
	bool keep = (w->options & ABI_WNOWAIT) != 0;

	w->pid = child->pid;
	if (child->state == PROCESS_ZOMBIE && (w->options & ABI_WEXITED)) {
		w->status = child->status;
		process_usage_all_locked(child, &w->usage);
		if (!keep) {
			process_usage_inherit_locked(child, &w->usage);
			process_reap_locked(child);
		}
		return true;
	}
	if (child->state == PROCESS_RUNNING && child->report != 0 &&
	    (w->options & wanted)) {
		w->status = child->report;
		process_usage_all_locked(child, &w->usage);
		child->report = keep ? child->report : 0;
		return true;
	}
	return false;
}

/* True if something was found; else -ECHILD, or 0: there may be later. */
static int look(struct process *self, struct wait *w)
{
	int err = -ECHILD;

	WITH_PROCESSES () {
		list_for_each_safe (node, &self->children) {
			struct process *child =
				list_entry(node, struct process, sibling);

			if (eligible(w, child)) {
				if (take_locked(w, child)) {
					return 1;
				}
				err = 0;
			}
		}
	}
	return err;
}

/*
 * 1: found; 0: nothing yet and WNOHANG.  Errors: -ECHILD, -ERESTART.  Whom a
 * signal interrupts looks once more: it may be the one that a child's end
 * sends, and its sender holds the lock until that child is there, or gone.
 */
static int wait(struct wait *w)
{
	struct process *self = process_current();
	bool interrupted = false;

	for (;;) {
		u32 seen = child_events_count(&self->events);
		int found = look(self, w);

		if (found != 0 || (w->options & ABI_WNOHANG)) {
			return found;
		}
		if (interrupted) {
			return -ERESTART;
		}
		interrupted = child_events_wait_interruptible(&self->events,
							      seen) != 0;
	}
}

/* For who asked. Errors: -EFAULT. */
static int usage_give(const struct wait *w, u64 to)
{
	struct abi_rusage usage;

	if (to == 0) {
		return 0;
	}
	usage = usage_tell(&w->usage);
	return copy_to_user(uaddr(to), &usage, sizeof(usage));
}

SYSCALL_HANDLER(wait4)
{
	s32 pid = (s32)a;
	struct wait w = { .options = (u32)c | ABI_WEXITED };
	u32 known = ABI_WNOHANG | ABI_WSTOPPED | ABI_WCONTINUED |
		    ABI_WNOTHREAD | ABI_WALL | ABI_WCLONE;
	int found;

	if ((u32)c & ~known) {
		return -EINVAL;
	}
	if (pid == INT32_MIN) {
		return -ESRCH;
	}
	w.type = pid == -1 ? ABI_P_ALL : pid > 0 ? ABI_P_PID : ABI_P_PGID;
	w.number = pid == 0 ? process_group_number(process_current())
			    : (u32)(pid > 0 ? pid : -pid);
	found = wait(&w);
	if (found <= 0) {
		return found;
	}
	if ((b != 0 && copy_to_user(uaddr(b), &w.status, sizeof(u32)) != 0) ||
	    usage_give(&w, d) != 0) {
		return -EFAULT;
	}
	return w.pid;
}

static void info_fill(const struct wait *w, struct abi_wait_info *info)
{
	u32 signal = STATUS_SIGNAL(w->status);

	info->signal = ABI_SIGCHLD;
	info->pid = (s32)w->pid;
	if (w->status == STATUS_CONTINUED) {
		info->code = ABI_CLD_CONTINUED;
		info->status = ABI_SIGCONT;
	} else if (signal == 0x7f) {
		info->code = ABI_CLD_STOPPED;
		info->status = (s32)(w->status >> 8);
	} else if (signal != 0) {
		info->code = ABI_CLD_KILLED;
		info->status = (s32)signal;
	} else {
		info->code = ABI_CLD_EXITED;
		info->status = (s32)STATUS_EXIT_CODE(w->status);
	}
}

/* Errors: -EINVAL. */
static int waitid_refused(u64 type, u64 number, u64 options)
{
	u32 events = ABI_WEXITED | ABI_WSTOPPED | ABI_WCONTINUED;
	u32 known = events | ABI_WNOHANG | ABI_WNOWAIT | ABI_WNOTHREAD |
		    ABI_WALL | ABI_WCLONE;

	if (((u32)options & ~known) || !((u32)options & events)) {
		return -EINVAL;
	}
	if ((u32)type > ABI_P_PGID ||
	    ((u32)type == ABI_P_PID && (s32)number <= 0)) {
		return -EINVAL;
	}
	return (u32)type == ABI_P_PGID && (s32)number < 0 ? -EINVAL : 0;
}

SYSCALL_HANDLER(waitid)
{
	struct wait w = { .type = (u32)a, .number = (u32)b, .options = (u32)d };
	struct abi_wait_info info = { 0 };
	int found = waitid_refused(a, b, d);

	if (found < 0) {
		return found;
	}
	if (w.type == ABI_P_PGID && w.number == 0) {
		w.number = process_group_number(process_current());
	}
	found = wait(&w);
	if (found < 0) {
		return found;
	}
	if (found > 0) {
		info_fill(&w, &info);
	}
	if ((c != 0 && copy_to_user(uaddr(c), &info, sizeof(info)) != 0) ||
	    (found > 0 && usage_give(&w, e) != 0)) {
		return -EFAULT;
	}
	return 0;
}
