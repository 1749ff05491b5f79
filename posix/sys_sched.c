/* SPDX-License-Identifier: MIT */
/*
 * System calls on scheduling.  There is one policy, fair shares by weight;
 * real-time policies are refused.
 */
#include "arch/user.h"
#include "kernel/boot_info.h"
#include "lib/errno.h"
#include "posix/abi.h"
#include "posix/process.h"
#include "posix/syscall.h"
#include "sched/fair.h"
#include "sched/sched.h"
#include "sched/worker.h"

enum policy {
	POLICY_OTHER = 0,
	POLICY_FIFO = 1,
	POLICY_RR = 2,
	POLICY_BATCH = 3,
	POLICY_IDLE = 5,
	POLICY_RESET_ON_FORK = 0x40000000,
};

enum priority_of {
	OF_PROCESS,
	OF_GROUP,
	OF_USER,
};

#define REALTIME_MAX 99
#define SLICE_NS     1000000

SYSCALL_HANDLER(sched_yield)
{
	sched_yield();
	return 0;
}

static bool is_meant(const struct process *p, u32 which, u32 who)
{
	const struct process *self = process_current();

	switch (which) {
	case OF_PROCESS: return p->pid == (who ? who : self->pid);
	case OF_GROUP:
		return who ? pid_number(p->group) == who
			   : p->group == self->group;
	default:
		return p->credentials.uid ==
		       (who ? who : self->credentials.uid);
	}
}

static int nice_set_locked(struct process *p, int nice)
{
	const struct credentials *self = &process_current()->credentials;

	if (self->euid != 0 && self->euid != p->credentials.uid) {
		return -EPERM;
	}
	if (self->euid != 0 && nice < p->nice) {
		return -EACCES;
	}
	p->nice = (s8)nice;
	list_for_each (node, &p->tasks) {
		thread_set_nice(list_entry(node, struct task, link)->thread,
				nice);
	}
	return 0;
}

/* Calls for each that is meant; `*nice` is the lowest found, or is set. */
static int nice_each(u32 which, u32 who, bool set, int *nice)
{
	int err = -ESRCH, lowest = FAIR_NICE_MAX;

	if (which > OF_USER) {
		return -EINVAL;
	}
	WITH_PROCESSES () {
		for (const struct pid *id = pid_next_locked(1); id != NULL;
		     id = pid_next_locked(id->node.key + 1)) {
			struct process *p = id->process;

			if (p == NULL || !is_meant(p, which, who)) {
				continue;
			}
			err = set ? nice_set_locked(p, *nice) : 0;
			lowest = MIN(lowest, (int)p->nice);
		}
	}
	*nice = lowest;
	return err;
}

/* Tells 20 - nice: results must not look like errors. */
SYSCALL_HANDLER(getpriority)
{
	int nice;
	int err = nice_each((u32)a, (u32)b, false, &nice);

	return err ? err : 20 - nice;
}

SYSCALL_HANDLER(setpriority)
{
	int nice = MAX(MIN((s32)c, FAIR_NICE_MAX), FAIR_NICE_MIN);

	return nice_each((u32)a, (u32)b, true, &nice);
}

/* Does something to the thread of that number, 0: the running one. */
static struct task *task_meant_locked(u64 tid)
{
	return (u32)tid ? task_find_locked((u32)tid) : task_current();
}

SYSCALL_HANDLER(sched_setaffinity)
{
	u64 cpus = 0;

	if (copy_from_user(&cpus, uaddr(c), MIN(b, sizeof(cpus))) != 0) {
		return -EFAULT;
	}
	WITH_PROCESSES () {
		struct task *task = task_meant_locked(a);

		return task ? thread_set_affinity(task->thread, cpus) : -ESRCH;
	}
	return 0;
}

SYSCALL_HANDLER(sched_getaffinity)
{
	u64 cpus = 0;
	int err = -ESRCH;

	if (b < sizeof(cpus) || (b & (sizeof(u64) - 1)) != 0) {
		return -EINVAL;
	}
	WITH_PROCESSES () {
		const struct task *task = task_meant_locked(a);

		if (task != NULL) {
			cpus = task->thread->affinity & sched_online_cpus();
			err = 0;
		}
	}
	err = err ? err : copy_to_user(uaddr(c), &cpus, sizeof(cpus));
	return err ? err : (long)sizeof(cpus);
}

static bool task_exists(u64 tid)
{
	WITH_PROCESSES () {
		return task_meant_locked(tid) != NULL;
	}
	return false;
}

SYSCALL_HANDLER(sched_getscheduler)
{
	return (s32)a < 0 ? -EINVAL : task_exists(a) ? POLICY_OTHER : -ESRCH;
}

/* The policies that mean fair shares; their priority is 0. */
static int policy_refused(u64 tid, u32 policy, u64 param)
{
	s32 priority;

	if (copy_from_user(&priority, uaddr(param), sizeof(priority)) != 0) {
		return -EFAULT;
	}
	policy &= ~(u32)POLICY_RESET_ON_FORK;
	if ((s32)tid < 0 || policy > POLICY_IDLE || policy == 4) {
		return -EINVAL;
	}
	if (!task_exists(tid)) {
		return -ESRCH;
	}
	if (policy == POLICY_FIFO || policy == POLICY_RR) {
		return priority < 1 || priority > REALTIME_MAX ? -EINVAL
							       : -EPERM;
	}
	return priority == 0 ? 0 : -EINVAL;
}

SYSCALL_HANDLER(sched_setscheduler)
{
	return policy_refused(a, (u32)b, c);
}

SYSCALL_HANDLER(sched_setparam)
{
	return policy_refused(a, POLICY_OTHER, b);
}

SYSCALL_HANDLER(sched_getparam)
{
	s32 priority = 0;

	if ((s32)a < 0) {
		return -EINVAL;
	}
	return task_exists(a)
		       ? copy_to_user(uaddr(b), &priority, sizeof(priority))
		       : -ESRCH;
}

static long priority_range(u32 policy, long realtime)
{
	if (policy == POLICY_FIFO || policy == POLICY_RR) {
		return realtime;
	}
	return policy > POLICY_IDLE || policy == 4 ? -EINVAL : 0;
}

SYSCALL_HANDLER(sched_get_priority_max)
{
	return priority_range((u32)a, REALTIME_MAX);
}

SYSCALL_HANDLER(sched_get_priority_min)
{
	return priority_range((u32)a, 1);
}

SYSCALL_HANDLER(sched_rr_get_interval)
{
	struct abi_timespec slice = { 0, SLICE_NS };

	if ((s32)a < 0) {
		return -EINVAL;
	}
	return task_exists(a) ? copy_to_user(uaddr(b), &slice, sizeof(slice))
			      : -ESRCH;
}

/* ---- Attributes: policy and nice together ------------------------------- */

/* The nice of the process whose thread that is. Errors: -ESRCH. */
static int nice_of_thread(u64 tid, bool set, s32 *nice)
{
	WITH_PROCESSES () {
		struct task *task = task_meant_locked(tid);

		if (task == NULL) {
			return -ESRCH;
		}
		if (set) {
			return nice_set_locked(task->process, *nice);
		}
		*nice = task->process->nice;
	}
	return 0;
}

SYSCALL_HANDLER(sched_getattr)
{
	struct abi_sched_attr attr = { .size = sizeof(attr) };
	int err;

	if ((s32)a < 0 || b == 0 || (u32)c < sizeof(attr) ||
	    (u32)c > PAGE_SIZE || (u32)d != 0) {
		return -EINVAL;
	}
	err = nice_of_thread(a, false, &attr.nice);
	return err ? err : copy_to_user(uaddr(b), &attr, sizeof(attr));
}

SYSCALL_HANDLER(sched_setattr)
{
	struct abi_sched_attr attr;

	if ((s32)a < 0 || b == 0 || (u32)c != 0) {
		return -EINVAL;
	}
	if (copy_from_user(&attr, uaddr(b), sizeof(attr)) != 0) {
		return -EFAULT;
	}
	if (attr.size != 0 && attr.size < sizeof(attr)) {
		return -E2BIG;
	}
	if (attr.policy == POLICY_FIFO || attr.policy == POLICY_RR) {
		return -EPERM;
	}
	if (attr.policy > POLICY_IDLE || attr.policy == 4 ||
	    attr.priority != 0 || attr.flags > 1) {
		return -EINVAL;
	}
	attr.nice = MAX(MIN(attr.nice, FAIR_NICE_MAX), FAIR_NICE_MIN);
	return nice_of_thread(a, true, &attr.nice);
}

/* ---- Barriers on all processors ----------------------------------------- */

/* That a worker runs there is one. */
static void barrier_here(void)
{
}

SYSCALL_HANDLER(membarrier)
{
	struct process *self = process_current();

	if ((u32)b != 0) {
		return -EINVAL;
	}
	switch ((u32)a) {
	case ABI_MEMBARRIER_CMD_QUERY:
		return 2 * ABI_MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED - 1;
	case ABI_MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED: return 0;
	case ABI_MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED:
		self->barriers = true;
		return 0;
	case ABI_MEMBARRIER_CMD_PRIVATE_EXPEDITED:
		if (!self->barriers) {
			return -EPERM;
		}
		break;
	case ABI_MEMBARRIER_CMD_GLOBAL:
	case ABI_MEMBARRIER_CMD_GLOBAL_EXPEDITED: break;
	default: return -EINVAL;
	}
	worker_run_everywhere(barrier_here);
	return 0;
}
