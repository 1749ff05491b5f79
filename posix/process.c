/* SPDX-License-Identifier: MIT */
/*
 * The making of processes and tasks, references to them, and their places in
 * the tree of parents, in a group and in a session.
 *
 * I1  A process that is not REAPED has a number, is in a group and a session,
 *     and the table holds a reference to it.
 * I2  Who is in `children` of another has that one as `parent`, and a parent
 *     is RUNNING: at its end its children go to another (posix/exit.c).
 */
#include "posix/process.h"

#include "fs/context.h"
#include "lib/assert.h"
#include "mm/kmem.h"
#include "posix/descriptors.h"
#include "posix/futex.h"

static struct {
	struct kmem_cache *processes;
	struct kmem_cache *tasks;
} caches;

void process_init(void)
{
	pid_init();
	futex_init();
	caches.processes =
		kmem_cache_create("process", sizeof(struct process), 8);
	caches.tasks = kmem_cache_create("task", sizeof(struct task), 8);
	ASSERT(caches.processes != NULL && caches.tasks != NULL);
}

struct process *process_get(struct process *process)
{
	__atomic_fetch_add(&process->refs, 1, __ATOMIC_RELAXED);
	return process;
}

void process_put(struct process *process)
{
	/* The last one sees what all others did with it. */
	if (__atomic_fetch_sub(&process->refs, 1, __ATOMIC_ACQ_REL) == 1) {
		DEBUG_ASSERT(process->state == PROCESS_REAPED);
		kmem_cache_free(caches.processes, process);
	}
}

struct process *process_find_locked(u64 pid)
{
	const struct pid *id = pid_find_locked(pid);
	struct process *p = id ? id->process : NULL;

	return p && p->state == PROCESS_RUNNING ? p : NULL;
}

struct task *task_find_locked(u64 tid)
{
	const struct pid *id = pid_find_locked(tid);

	if (id == NULL || id->task != NULL) {
		return id ? id->task : NULL;
	}
	if (id->process != NULL) {
		list_for_each (node, &id->process->tasks) {
			struct task *task = list_entry(node, struct task, link);

			if (task->id == NULL) {
				return task;
			}
		}
	}
	return NULL;
}

u32 process_group_number(const struct process *process)
{
	WITH_PROCESSES () {
		return pid_number(process->group);
	}
	return 0;
}

struct process *process_find_get(u64 pid)
{
	WITH_PROCESSES () {
		const struct pid *id = pid_find_locked(pid);

		return id && id->process ? process_get(id->process) : NULL;
	}
	return NULL;
}

s64 process_next_number(u64 from)
{
	WITH_PROCESSES () {
		const struct pid *id = pid_next_locked(from);

		while (id != NULL && id->process == NULL) {
			id = pid_next_locked(id->node.key + 1);
		}
		return id ? (s64)id->node.key : -1;
	}
	return -1;
}

static void group_enter_locked(struct process *p, struct pid *group,
			       struct pid *session)
{
	p->group = pid_get_locked(group);
	p->session = pid_get_locked(session);
	list_push_back(&group->group, &p->group_link);
	list_push_back(&session->session, &p->session_link);
}

void process_enlist_locked(struct process *p, struct process *parent)
{
	p->state = PROCESS_RUNNING;
	process_get(p);
	p->id->process = p;
	group_enter_locked(p, parent ? parent->group : p->id,
			   parent ? parent->session : p->id);
	p->parent = parent;
	if (parent != NULL) {
		list_push_back(&parent->children, &p->sibling);
	}
}

struct process *process_create(u32 pid)
{
	struct process *p = kmem_cache_alloc(caches.processes);
	struct pid *id = p ? pid_alloc(pid) : NULL;

	if (id == NULL) {
		if (p != NULL) {
			kmem_cache_free(caches.processes, p);
		}
		return NULL;
	}
	*p = (struct process){ .state = PROCESS_NEW,
			       .refs = 1,
			       .id = id,
			       .pid = pid_number(id),
			       .born_cycles = arch_cycles() };
	if (process_signals_create(&p->signals, pid == INIT_PID) != 0) {
		WITH_PROCESSES () {
			pid_put_locked(id);
		}
		kmem_cache_free(caches.processes, p);
		return NULL;
	}
	list_init(&p->tasks);
	list_init(&p->children);
	list_init(&p->sibling);
	waitq_init(&p->events.q);
	mutex_init(&p->mutex, LOCK_PROCESS);
	return p;
}

void process_reap_locked(struct process *p)
{
	DEBUG_ASSERT(p->state != PROCESS_REAPED && list_empty(&p->children));
	list_remove(&p->sibling);
	list_remove(&p->group_link);
	list_remove(&p->session_link);
	pid_put_locked(p->group);
	pid_put_locked(p->session);
	p->id->process = NULL;
	pid_put_locked(p->id);
	p->group = p->session = p->id = NULL;
	p->parent = NULL;
	p->state = PROCESS_REAPED;
	process_put(p);
}

void process_discard(struct process *p)
{
	DEBUG_ASSERT(p->state == PROCESS_NEW && list_empty(&p->tasks));
	if (p->aspace != NULL) {
		aspace_put(p->aspace);
	}
	if (p->descriptors != NULL) {
		descriptors_put(p->descriptors);
	}
	process_signals_destroy(&p->signals);
	if (p->fs != NULL) {
		fs_context_put(p->fs);
	}
	vnode_text_put(p->exe);
	WITH_PROCESSES () {
		pid_put_locked(p->id);
	}
	kmem_cache_free(caches.processes, p);
}

/* False if the process is ending. */
static bool task_enlist(struct task *task)
{
	struct process *p = task->process;

	WITH_PROCESSES () {
		if (p->ending) {
			return false;
		}
		list_push_back(&p->tasks, &task->link);
		p->task_count++;
		if (task->id != NULL) {
			task->id->task = task;
		}
	}
	return true;
}

struct task *task_create(struct process *process, struct pid *id,
			 void (*fn)(void *), void *arg)
{
	struct task *task = kmem_cache_alloc(caches.tasks);

	if (task == NULL) {
		return NULL;
	}
	*task = (struct task){ .process = process, .id = id };
	task->tid = id ? pid_number(id) : process->pid;
	task->thread = thread_create(process->name, fn, arg);
	if (task->thread == NULL) {
		kmem_cache_free(caches.tasks, task);
		return NULL;
	}
	task->thread->process = process;
	thread_signals_join(task);
	task->thread->task = task;
	task->thread->aspace = process->aspace;
	if (!task_enlist(task)) {
		thread_signals_leave(task);
		thread_discard(task->thread);
		kmem_cache_free(caches.tasks, task);
		return NULL;
	}
	return task;
}

void process_aspace_set_locked(struct process *p, struct aspace *aspace)
{
	if (p->aspace != NULL) {
		p->usage.peak_pages =
			MAX(p->usage.peak_pages, aspace_peak(p->aspace));
	}
	p->aspace = aspace;
}

bool task_remove(struct task *task)
{
	bool last = false;

	thread_signals_leave(task);
	WITH_PROCESSES () {
		list_remove(&task->link);
		thread_usage_add(task->thread, &task->process->usage.threads);
		last = --task->process->task_count == 0;
		if (task->id != NULL) {
			task->id->task = NULL;
			pid_put_locked(task->id);
		}
	}
	kmem_cache_free(caches.tasks, task);
	return last;
}

void task_discard(struct task *task)
{
	struct thread *thread = task->thread;

	task_remove(task);
	thread_discard(thread);
}

void task_notify(struct task *task)
{
	arch_user_work_want(&task->thread->arch);
	thread_interrupt(task->thread);
	thread_kick(task->thread);
}
