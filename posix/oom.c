/* SPDX-License-Identifier: MIT */
/*
 * What happens when a program touches a page and there is no frame for it: the
 * process that has the most memory is killed, and who asked tries again when
 * that has ended.  The first program is never killed for another's sake.
 */
#include "posix/oom.h"

#include "arch/trap.h"
#include "kernel/log.h"
#include "posix/process.h"
#include "sched/sched.h"

/* How often one looks again before it gives up, and how long it waits. */
#define PATIENCE 500
#define NAP_NS   2000000

static u64 pages_of_locked(const struct process *p)
{
	return p != NULL && p->state == PROCESS_RUNNING && p->aspace != NULL
		       ? READ_ONCE(p->aspace->resident_pages)
		       : 0;
}

/* The largest but for the first program; `*ending`: one will soon be gone. */
static struct process *largest_locked(bool *ending)
{
	struct process *largest = NULL;

	*ending = false;
	for (const struct pid *id = pid_next_locked(INIT_PID + 1); id != NULL;
	     id = pid_next_locked(id->node.key + 1)) {
		struct process *p = id->process;

		if (pages_of_locked(p) > 0) {
			*ending |= p->ending;
			if (pages_of_locked(p) > pages_of_locked(largest)) {
				largest = p;
			}
		}
	}
	return largest;
}

bool out_of_memory(void)
{
	struct process *self = process_current(), *victim = NULL;
	struct task *task = task_current();
	bool ending = false;

	if (self->ending || task->naps++ == PATIENCE) {
		return false;
	}
	WITH_PROCESSES () {
		victim = largest_locked(&ending);
		if (victim == NULL || (victim == self && !ending)) {
			return false;
		}
		if (!ending) {
			process_kill_locked(victim);
			process_get(victim);
		}
	}
	if (!ending) {
		log_warn("process %u (%s) killed: out of memory", victim->pid,
			 victim->name);
		process_put(victim);
	}
	sched_sleep_ns(NAP_NS);
	return true;
}

/* A mutex that is held may keep the victim from ending: then this one goes. */
bool user_memory_wait(void)
{
	struct process *self = process_current();

	if (self == NULL || task_is_ending(task_current())) {
		return false;
	}
	if (out_of_memory()) {
		return true;
	}
	WITH_PROCESSES () {
		process_kill_locked(self);
	}
	task_notify(task_current());
	log_warn("process %u (%s) killed: out of memory", self->pid,
		 self->name);
	return false;
}
