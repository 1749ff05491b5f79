/* SPDX-License-Identifier: MIT */
/*
 * The end of threads and processes.
 *
 * A process ends when its last thread does.  Who ends all of them sets
 * `ending` and notifies them: each leaves its system call, if that can be
 * interrupted, and ends before it would go on in user mode (user_work()).
 */
#include "arch/cpu.h"
#include "arch/user.h"
#include "drivers/tty.h"
#include "fs/context.h"
#include "ipc/gate.h"
#include "lib/errno.h"
#include "mm/kmem.h"
#include "posix/descriptors.h"
#include "posix/futex.h"
#include "posix/process.h"
#include "posix/time.h"
#include "posix/syscall.h"
#include "trace/trace.h"

/* Processes that the kernel started tell it, not a parent. */
static struct child_events kernel_events = {
	.q = WAITQ_INIT(kernel_events.q),
};

static struct child_events *events_of(struct process *process)
{
	return process->parent ? &process->parent->events : &kernel_events;
}

static void tell(struct child_events *events)
{
	WITH_SPINLOCK (&events->q.lock) {
		events->count++;
		while (waitq_wake_one_locked(&events->q)) {
		}
	}
}

void process_tell_locked(struct process *process)
{
	tell(events_of(process));
}

u32 child_events_count(struct child_events *events)
{
	return READ_ONCE(events->count);
}

void child_events_wait(struct child_events *events, u32 seen)
{
	u64 flags = waitq_lock(&events->q);

	while (events->count == seen) {
		waitq_sleep(&events->q, WAITQ_FOREVER);
	}
	waitq_unlock(&events->q, flags);
}

int child_events_wait_interruptible(struct child_events *events, u32 seen)
{
	u64 flags = waitq_lock(&events->q);
	int err = 0;

	while (events->count == seen && err == 0) {
		err = waitq_sleep_interruptible(&events->q, WAITQ_FOREVER);
	}
	waitq_unlock(&events->q, flags);
	return err;
}

/* A zombie that nobody will wait for goes at once. */
static void zombie_locked(struct process *p)
{
	struct child_events *events = events_of(p);

	p->state = PROCESS_ZOMBIE;
	signal_orphans_locked(p->group);
	if (p->parent == NULL || !signal_child_ended_locked(p)) {
		process_reap_locked(p);
	}
	tell(events);
}

void process_report_locked(struct process *process, u32 report)
{
	process->report = report;
	process_tell_locked(process);
}

/*
 * Who takes in the children of a process: the nearest above it that asked to
 * (PR_SET_CHILD_SUBREAPER), else the first program.
 */
static struct process *heir_locked(const struct process *p)
{
	for (struct process *at = p->parent; at != NULL; at = at->parent) {
		if (at->subreaper) {
			return at;
		}
	}
	return process_find_locked(INIT_PID);
}

static void children_leave_locked(struct process *p)
{
	struct process *heir = heir_locked(p);

	list_for_each_safe (node, &p->children) {
		struct process *child =
			list_entry(node, struct process, sibling);

		if (child->parent_signal != 0) {
			struct abi_siginfo info =
				signal_info_kernel(child->parent_signal);

			signal_send_process(&child->signals, &info);
		}
		list_remove(&child->sibling);
		child->parent = heir != p ? heir : NULL;
		if (child->parent != NULL) {
			list_push_back(&heir->children, &child->sibling);
		}
		signal_orphans_locked(child->group);
		if (child->state == PROCESS_ZOMBIE) {
			zombie_locked(child);
		}
	}
}

void process_vfork_end(struct process *p)
{
	if (READ_ONCE(p->vforked)) {
		WITH_PROCESSES () {
			p->vforked = false;
			process_tell_locked(p);
		}
	}
}

static void process_end(struct process *p)
{
	struct descriptors *descriptors = p->descriptors;
	struct fs_context *fs = p->fs;
	struct aspace *aspace = p->aspace;
	struct vnode *exe = p->exe;

	trace(TRACE_EXIT, p->pid, p->status);
	WITH_MUTEX (&p->mutex) {
		p->descriptors = NULL;
		p->fs = NULL;
		p->exe = NULL;
	}
	WITH_PROCESSES () {
		process_aspace_set_locked(p, NULL);
	}
	process_vfork_end(p);
	if (aspace != NULL) {
		aspace_put(aspace);
	}
	if (descriptors != NULL) {
		descriptors_put(descriptors);
	}
	posix_timers_end(p);
	itimers_destroy(p->itimers);
	p->itimers = NULL;
	process_signals_destroy(&p->signals);
	tty_session_end(p->pid);
	if (fs != NULL) {
		fs_context_put(fs);
	}
	vnode_text_put(exe);
	WITH_PROCESSES () {
		children_leave_locked(p);
		zombie_locked(p);
	}
}

/* The running thread has no user memory from here on. */
static void aspace_drop(struct thread *self)
{
	if (self->aspace != NULL) {
		self->aspace = NULL;
		aspace_leave();
	}
}

/* Who shares the memory may wait for the thread's end there. */
static void user_words_end(const struct task *task)
{
	const struct aspace *aspace = task->process->aspace;
	u32 zero = 0;

	if (aspace == NULL) {
		return;
	}
	if (task->robust_list != 0) {
		futex_robust_end(task->robust_list);
	}
	if (task->clear_tid != 0 &&
	    (task->process->task_count > 1 || READ_ONCE(aspace->refs) > 1) &&
	    copy_to_user(uaddr(task->clear_tid), &zero, sizeof(zero)) == 0) {
		futex_wake_one(task->clear_tid);
	}
}

/* One may wait in task_end_others(). */
static void tell_own(struct process *p)
{
	WITH_PROCESSES () {
		tell(&p->events);
	}
}

/* Each thread has a reference to the descriptors: they tell if it is alone. */
void task_exit(void)
{
	struct thread *self = current_thread();
	struct process *p = self->process;
	struct descriptors *descriptors = p->descriptors;

	process_get(p);
	user_words_end(self->task);
	gate_leave();
	aspace_drop(self);
	if (task_remove(self->task)) {
		process_end(p);
	} else {
		descriptors_put(descriptors);
		tell_own(p);
	}
	self->task = NULL;
	self->process = NULL;
	process_put(p);
	thread_exit();
}

static void others_notify_locked(struct process *p)
{
	list_for_each (node, &p->tasks) {
		struct task *task = list_entry(node, struct task, link);

		if (task != task_current()) {
			task_notify(task);
		}
	}
	tell(&p->events); /* one may sleep in vfork() */
}

void process_kill_locked(struct process *p)
{
	if (!p->ending) {
		p->ending = true;
		p->status = STATUS_KILLED(ABI_SIGKILL);
		others_notify_locked(p);
	}
}

static noreturn void task_exit_code(u32 code)
{
	struct task *task = task_current();

	/* What the first thread says counts if no one ends all of them. */
	WITH_PROCESSES () {
		if (task->id == NULL && !task->process->ending) {
			task->process->status = STATUS_EXITED(code);
		}
	}
	task_exit();
}

/* One that has no number of the process's own takes that over. */
static void lead(struct task *task)
{
	WITH_PROCESSES () {
		if (task->id != NULL) {
			task->id->task = NULL;
			pid_put_locked(task->id);
			task->id = NULL;
		}
	}
	task->tid = task->process->pid;
}

static bool others_end_locked(struct process *p)
{
	if (p->ending || task_current()->ending) {
		return false;
	}
	list_for_each (node, &p->tasks) {
		struct task *task = list_entry(node, struct task, link);

		if (task != task_current()) {
			task->ending = true;
			task_notify(task);
		}
	}
	tell(&p->events); /* one may sleep in vfork() */
	return true;
}

int task_end_others(void)
{
	struct process *p = process_current();
	bool asked = false;

	WITH_PROCESSES () {
		asked = others_end_locked(p);
	}
	while (asked && READ_ONCE(p->task_count) > 1) {
		u32 seen = child_events_count(&p->events);

		if (task_is_ending(task_current())) {
			return -EAGAIN;
		}
		if (READ_ONCE(p->task_count) > 1) {
			child_events_wait(&p->events, seen);
		}
	}
	if (asked) {
		lead(task_current());
	}
	return asked ? 0 : -EAGAIN;
}

void process_exit_group(u32 status)
{
	struct process *p = process_current();

	WITH_PROCESSES () {
		if (!p->ending) {
			p->ending = true;
			p->status = status;
			others_notify_locked(p);
		}
	}
	task_exit();
}

SYSCALL_HANDLER(exit)
{
	task_exit_code((u32)a);
}

SYSCALL_HANDLER(exit_group)
{
	process_exit_group(STATUS_EXITED(a));
}

/* As a shell shows it. */
static int shell_status(u32 status)
{
	return (int)(STATUS_SIGNAL(status) ? 128 + STATUS_SIGNAL(status)
					   : STATUS_EXIT_CODE(status));
}

int process_wait(struct process *process)
{
	int status;
	u32 seen;

	for (;;) {
		seen = child_events_count(&kernel_events);
		if (READ_ONCE(process->state) == PROCESS_REAPED) {
			break;
		}
		child_events_wait(&kernel_events, seen);
	}
	status = shell_status(process->status);
	process_put(process);
	return status;
}
