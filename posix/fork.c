/* SPDX-License-Identifier: MIT */
/*
 * fork(), vfork() and clone(): new processes and threads that go on where
 * their maker is.
 */
#include "arch/thread.h"
#include "arch/user.h"
#include "fs/context.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/kmem.h"
#include "posix/cut.h"
#include "posix/descriptors.h"
#include "posix/process.h"
#include "posix/syscall.h"

struct clone {
	u64 flags;
	u64 stack;
	u64 parent_tid;
	u64 child_tid;
	u64 tls;
};

/* What a thread must share with its makers. */
#define THREAD_FLAGS (ABI_CLONE_THREAD | ABI_CLONE_SIGHAND | ABI_CLONE_VM)

/* Flags that are known; some are without effect, as on Linux. */
#define FLAGS_KNOWN                                                           \
	(ABI_CSIGNAL | THREAD_FLAGS | ABI_CLONE_FS | ABI_CLONE_FILES |        \
	 ABI_CLONE_VFORK | ABI_CLONE_PARENT | ABI_CLONE_SYSVSEM |             \
	 ABI_CLONE_SETTLS | ABI_CLONE_PARENT_SETTID |                         \
	 ABI_CLONE_CHILD_CLEARTID | ABI_CLONE_DETACHED | ABI_CLONE_UNTRACED | \
	 ABI_CLONE_CHILD_SETTID)

/*
 * There are no name spaces and no process descriptors; signal handlers are
 * shared by the threads of one process alone.
 */
static int flags_refused(const struct clone *c)
{
	u64 thread = c->flags & THREAD_FLAGS;
	bool whole = thread == THREAD_FLAGS;

	if ((c->flags & ~(u64)FLAGS_KNOWN) != 0 ||
	    ((thread & ~(u64)ABI_CLONE_VM) != 0 && !whole) ||
	    (c->flags & ABI_CSIGNAL) > 64) {
		return -EINVAL;
	}
	if (c->stack >= USER_END || c->tls >= USER_END) {
		return c->stack >= USER_END ? -EINVAL : -EPERM;
	}
	return 0;
}

/* The first step of a new thread. */
static void child_begin(void *arg)
{
	const struct task *task = task_current();

	(void)arg;
	if (task->set_tid != 0) {
		/* Who gave an address that cannot be written to gets nothing,
		 * as on Linux. */
		int lost maybe_unused = copy_to_user(uaddr(task->set_tid),
						     &task->tid, sizeof(u32));
	}
	arch_user_resume();
}

/* Its registers, and what clone() says about its number. */
static int task_prepare(struct task *task, const struct clone *c)
{
	int err = arch_thread_fork(&task->thread->arch, c->stack);

	if (err) {
		return err;
	}
	if (c->flags & ABI_CLONE_SETTLS) {
		arch_thread_set_fs(&task->thread->arch, c->tls);
	}
	task->set_tid = c->flags & ABI_CLONE_CHILD_SETTID ? c->child_tid : 0;
	task->clear_tid =
		c->flags & ABI_CLONE_CHILD_CLEARTID ? c->child_tid : 0;
	task->thread->affinity = READ_ONCE(current_thread()->affinity);
	if (process_nice(task->process) != 0) {
		thread_set_nice(task->thread, process_nice(task->process));
	}
	string_copy(task->thread->name, current_thread()->name,
		    sizeof(task->thread->name));
	if (c->flags & ABI_CLONE_PARENT_SETTID) {
		err = copy_to_user(uaddr(c->parent_tid), &task->tid,
				   sizeof(u32));
	}
	return err;
}

static long clone_thread(const struct clone *c)
{
	struct pid *id = pid_alloc(0);
	struct task *task;
	u32 tid;
	int err;

	if (id == NULL) {
		return -EAGAIN;
	}
	task = task_create(process_current(), id, child_begin, NULL);
	if (task == NULL) {
		WITH_PROCESSES () {
			pid_put_locked(id);
		}
		return -EAGAIN;
	}
	err = task_prepare(task, c);
	if (err) {
		task_discard(task);
		return err;
	}
	tid = task->tid;
	descriptors_get(process_current()->descriptors);
	task_start(task);
	return tid;
}

/* With the flag a child gives up what its parent may have been given. */
static void policy_inherit_locked(struct process *child,
				  const struct process *parent)
{
	bool resets = (parent->policy & POLICY_RESET_ON_FORK) != 0;

	child->policy = parent->policy & ~POLICY_RESET_ON_FORK;
	child->io_priority = parent->io_priority;
	child->nice = resets ? MAX(parent->nice, (s8)0) : parent->nice;
}

/* What a child has of its parent's. Errors: -ENOMEM. */
static int process_fill(struct process *child, struct process *parent,
			const struct clone *c)
{
	child->aspace = c->flags & ABI_CLONE_VM ? aspace_get(parent->aspace)
						: aspace_clone(parent->aspace);
	child->descriptors = c->flags & ABI_CLONE_FILES
				     ? descriptors_get(parent->descriptors)
				     : descriptors_clone(parent->descriptors);
	child->fs = c->flags & ABI_CLONE_FS ? fs_context_get(parent->fs)
					    : fs_context_clone(parent->fs);
	if (child->aspace == NULL || child->descriptors == NULL ||
	    child->fs == NULL) {
		return -ENOMEM;
	}
	child->exit_signal = c->flags & ABI_CSIGNAL;
	child->no_new_privs = parent->no_new_privs;
	WITH_PROCESSES () {
		policy_inherit_locked(child, parent);
		child->credentials = parent->credentials;
		memcpy(child->limits, parent->limits, sizeof(child->limits));
	}
	WITH_MUTEX (&parent->mutex) {
		memcpy(child->name, parent->name, sizeof(child->name));
		child->exe = vnode_text_get(parent->exe);
		child->args_at = parent->args_at;
		child->auxv_at = parent->auxv_at;
		child->argc = parent->argc;
		child->envc = parent->envc;
	}
	return 0;
}

/*
 * The child becomes known.  A signal to the group that came before would pass
 * it by: it is handled first, so that no one of a group escapes its end.
 * Errors: -EAGAIN if the parent is ending, -ERESTART.
 */
static int enlist(struct process *child, struct process *parent, u64 flags)
{
	WITH_PROCESSES () {
		if (parent->ending) {
			return -EAGAIN;
		}
		if (READ_ONCE(current_thread()->interrupted)) {
			signals_current()->again = true;
			return -ERESTART;
		}
		child->vforked = (flags & ABI_CLONE_VFORK) != 0;
		process_enlist_locked(child,
				      flags & ABI_CLONE_PARENT && parent->parent
					      ? parent->parent
					      : parent);
	}
	return 0;
}

/* Until the child has memory of its own, or this process ends. */
static void vfork_wait(struct process *child)
{
	struct process *self = process_current();
	u32 seen = child_events_count(&self->events);

	while (READ_ONCE(child->vforked) && !task_is_ending(task_current())) {
		child_events_wait(&self->events, seen);
		seen = child_events_count(&self->events);
	}
}

static long clone_process(const struct clone *c)
{
	struct process *self = process_current();
	struct process *child = process_create(0);
	u64 cuts_before = cuts_now();
	struct task *task = NULL;
	u32 pid;
	int err;

	if (child == NULL) {
		return -EAGAIN;
	}
	err = process_fill(child, self, c);
	if (err == 0) {
		task = task_create(child, NULL, child_begin, NULL);
		err = task ? task_prepare(task, c) : -EAGAIN;
	}
	err = err ? err : enlist(child, self, c->flags);
	if (err) {
		if (task != NULL) {
			task_discard(task);
		}
		process_discard(child);
		return err;
	}
	if (cuts_missed(cuts_before) && cuts_make_up(child->aspace) != 0) {
		WITH_PROCESSES () {
			process_kill_locked(child);
		}
	}
	pid = child->pid;
	task_start(task);
	if (c->flags & ABI_CLONE_VFORK) {
		vfork_wait(child);
	}
	process_put(child);
	return pid;
}

static long clone(const struct clone *c)
{
	int err = flags_refused(c);

	if (err) {
		return err;
	}
	if (!threads_allowed()) {
		return -EAGAIN;
	}
	return c->flags & ABI_CLONE_THREAD ? clone_thread(c) : clone_process(c);
}

/* The system calls themselves: arch/x86_64/entry.asm comes first. */
SYSCALL_WHOLE_HANDLER(fork)
{
	static const struct clone args = { .flags = ABI_SIGCHLD };

	return clone(&args);
}

SYSCALL_WHOLE_HANDLER(vfork)
{
	static const struct clone args = { .flags = ABI_SIGCHLD | ABI_CLONE_VM |
						    ABI_CLONE_VFORK };

	return clone(&args);
}

SYSCALL_WHOLE_HANDLER(clone)
{
	const struct clone args = {
		.flags = (u32)a,
		.stack = b,
		.parent_tid = c,
		.child_tid = d,
		.tls = e,
	};

	return clone(&args);
}

/* Zeroes behind what is known here. Errors: -E2BIG, -EFAULT. */
static int rest_refused(u64 at, u64 end)
{
	while (at < end) {
		u8 bytes[64], all = 0;
		size_t len = MIN(end - at, sizeof(bytes));

		if (copy_from_user(bytes, uaddr(at), len) != 0) {
			return -EFAULT;
		}
		for (size_t i = 0; i < len; i++) {
			all |= bytes[i];
		}
		if (all != 0) {
			return -E2BIG;
		}
		at += len;
	}
	return 0;
}

static int clone_args_read(u64 from, u64 size, struct abi_clone_args *out)
{
	if (size < ABI_CLONE_ARGS_SIZE_VER0) {
		return -EINVAL;
	}
	if (size > PAGE_SIZE) {
		return -E2BIG;
	}
	*out = (struct abi_clone_args){ 0 };
	if (copy_from_user(out, uaddr(from), MIN(size, sizeof(*out))) != 0) {
		return -EFAULT;
	}
	return rest_refused(from + sizeof(*out), from + size);
}

SYSCALL_WHOLE_HANDLER(clone3)
{
	struct abi_clone_args args;
	struct clone how;
	int err = clone_args_read(a, b, &args);

	if (err) {
		return err;
	}
	if ((args.flags & (ABI_CSIGNAL | ABI_CLONE_DETACHED)) ||
	    (args.exit_signal & ~(u64)ABI_CSIGNAL) || args.set_tid_count != 0 ||
	    (args.stack == 0) != (args.stack_bytes == 0) ||
	    args.stack >= USER_END || args.stack_bytes >= USER_END ||
	    ((args.flags & (ABI_CLONE_THREAD | ABI_CLONE_PARENT)) &&
	     args.exit_signal != 0)) {
		return -EINVAL;
	}
	how = (struct clone){
		.flags = args.flags | args.exit_signal,
		.stack = args.stack + args.stack_bytes,
		.parent_tid = args.parent_tid,
		.child_tid = args.child_tid,
		.tls = args.tls,
	};
	return clone(&how);
}
