/* SPDX-License-Identifier: MIT */
/*
 * Process groups and sessions.
 */
#include "lib/errno.h"
#include "posix/process.h"
#include "posix/syscall.h"

/* Moves the process; both numbers have at least its own reference. [p] */
static void group_set_locked(struct process *p, struct pid *group)
{
	struct pid *old = p->group;

	list_remove(&p->group_link);
	p->group = pid_get_locked(group);
	list_push_back(&group->group, &p->group_link);
	pid_put_locked(old);
}

static void session_set_locked(struct process *p, struct pid *session)
{
	struct pid *old = p->session;

	list_remove(&p->session_link);
	p->session = pid_get_locked(session);
	list_push_back(&session->session, &p->session_link);
	pid_put_locked(old);
}

/* The group of that number in the session, or one that `p` may found. */
static struct pid *group_find_locked(const struct process *p, u32 number)
{
	struct pid *id = number == p->pid ? p->id : pid_find_locked(number);
	const struct process *member;

	if (id == NULL || id == p->id) {
		return id;
	}
	if (list_empty(&id->group)) {
		return NULL;
	}
	member = list_first(&id->group, struct process, group_link);
	return member->session == p->session ? id : NULL;
}

static int setpgid_locked(struct process *self, u32 pid, u32 number)
{
	struct process *p = pid ? process_find_locked(pid) : self;
	struct pid *group;

	if (p == NULL || (p != self && p->parent != self)) {
		return -ESRCH;
	}
	if (p != self && p->session != self->session) {
		return -EPERM;
	}
	if (p != self && p->ran_exec) {
		return -EACCES;
	}
	if (p->session == p->id) {
		return -EPERM; /* it leads a session */
	}
	group = group_find_locked(p, number ? number : p->pid);
	if (group == NULL) {
		return -EPERM;
	}
	group_set_locked(p, group);
	return 0;
}

SYSCALL_HANDLER(setpgid)
{
	if ((s32)a < 0 || (s32)b < 0) {
		return (s32)b < 0 ? -EINVAL : -ESRCH;
	}
	WITH_PROCESSES () {
		return setpgid_locked(process_current(), (u32)a, (u32)b);
	}
	return 0;
}

static long number_of(u64 pid, bool session)
{
	WITH_PROCESSES () {
		const struct pid *id = pid_find_locked((u32)pid);
		const struct process *p = (u32)pid == 0 ? process_current()
					  : id          ? id->process
							: NULL;

		if (p == NULL) {
			return -ESRCH;
		}
		return pid_number(session ? p->session : p->group);
	}
	return 0;
}

SYSCALL_HANDLER(getpgid)
{
	return number_of(a, false);
}

SYSCALL_HANDLER(getpgrp)
{
	return number_of(0, false);
}

SYSCALL_HANDLER(getsid)
{
	return number_of(a, true);
}

SYSCALL_HANDLER(setsid)
{
	struct process *p = process_current();

	WITH_PROCESSES () {
		/* Also when only others are in the group of its number. */
		if (p->group == p->id || !list_empty(&p->id->group)) {
			return -EPERM;
		}
		session_set_locked(p, p->id);
		group_set_locked(p, p->id);
	}
	return p->pid;
}
