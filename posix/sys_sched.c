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

/* Each thread gets the weight that nice and policy mean. */
static void weigh_locked(const struct process *p)
{
	list_for_each (node, &p->tasks) {
		thread_set_nice(list_entry(node, struct task, link)->thread,
				process_nice(p));
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
	weigh_locked(p);
	return 0;
}

/* For each that is meant.  Errors: -ESRCH, -EINVAL, those of the last one. */
static int each_meant(u32 which, u32 who,
		      int (*visit)(struct process *p, int *value), int *value)
{
	int err = -ESRCH;

	if (which > OF_USER) {
		return -EINVAL;
	}
	WITH_PROCESSES () {
		for (const struct pid *id = pid_next_locked(1); id != NULL;
		     id = pid_next_locked(id->node.key + 1)) {
			struct process *p = id->process;

			if (p != NULL && is_meant(p, which, who)) {
				err = visit(p, value);
			}
		}
	}
	return err;
}

static int nice_lowest(struct process *p, int *lowest)
{
	*lowest = MIN(*lowest, (int)p->nice);
	return 0;
}

static int nice_give(struct process *p, int *nice)
{
	return nice_set_locked(p, *nice);
}

/* Tells 20 - nice: results must not look like errors. */
SYSCALL_HANDLER(getpriority)
{
	int nice = FAIR_NICE_MAX;
	int err = each_meant((u32)a, (u32)b, nice_lowest, &nice);

	return err ? err : 20 - nice;
}

SYSCALL_HANDLER(setpriority)
{
	int nice = MAX(MIN((s32)c, FAIR_NICE_MAX), FAIR_NICE_MIN);

	return each_meant((u32)a, (u32)b, nice_give, &nice);
}

/* ---- Priorities at disks ------------------------------------------------ */

/* There is no disk: what is set is told, and inherited, and that is all. */
enum io_class {
	IO_NONE,
	IO_REALTIME,
	IO_BEST_EFFORT,
	IO_IDLE,
};

#define IO_CLASS_SHIFT 13
#define IO_LEVELS      8u

static bool io_priority_ok(u32 priority)
{
	u32 level = priority & ((1u << IO_CLASS_SHIFT) - 1);

	switch (priority >> IO_CLASS_SHIFT) {
	case IO_NONE: return level == 0;
	case IO_REALTIME:
	case IO_BEST_EFFORT: return level < IO_LEVELS;
	case IO_IDLE: return true;
	default: return false;
	}
}

static int io_best(struct process *p, int *best)
{
	*best = *best == 0 ? p->io_priority : MIN(*best, (int)p->io_priority);
	return 0;
}

static int io_give(struct process *p, int *priority)
{
	const struct credentials *self = &process_current()->credentials;

	if (self->euid != 0 && (self->euid != p->credentials.uid ||
				*priority >> IO_CLASS_SHIFT == IO_REALTIME)) {
		return -EPERM;
	}
	p->io_priority = (u16)*priority;
	return 0;
}

/* Which are meant: as setpriority() has it, from 1 on. */
SYSCALL_HANDLER(ioprio_get)
{
	int best = 0;
	int err = each_meant((u32)a - 1, (u32)b, io_best, &best);

	return err ? err : best;
}

SYSCALL_HANDLER(ioprio_set)
{
	int priority = (s32)c;

	return io_priority_ok((u32)c)
		       ? each_meant((u32)a - 1, (u32)b, io_give, &priority)
		       : -EINVAL;
}

/* ---- Threads ------------------------------------------------------------ */

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
	if ((s32)a < 0) {
		return -EINVAL;
	}
	WITH_PROCESSES () {
		const struct task *task = task_meant_locked(a);

		return task ? (long)task->process->policy : -ESRCH;
	}
	return 0;
}

/* Those that mean fair shares; real-time ones are refused. */
static int policy_refused(u32 policy, u32 priority)
{
	if (policy > POLICY_IDLE || policy == 4) {
		return -EINVAL;
	}
	if (policy == POLICY_FIFO || policy == POLICY_RR) {
		return priority < 1 || priority > REALTIME_MAX ? -EINVAL
							       : -EPERM;
	}
	return priority == 0 ? 0 : -EINVAL;
}

/* Of the process whose thread that is; NULL: the policy stays, or the nice. */
static int policy_set(u64 tid, const u32 *policy, u32 priority, const int *nice)
{
	const struct process *self = process_current();

	WITH_PROCESSES () {
		const struct task *task = task_meant_locked(tid);
		struct process *p = task ? task->process : NULL;
		u32 wanted;
		int err;

		if (p == NULL) {
			return -ESRCH;
		}
		wanted = policy ? *policy : p->policy;
		err = policy_refused(wanted & ~POLICY_RESET_ON_FORK, priority);
		if (err) {
			return err;
		}
		if (self->credentials.euid != 0 &&
		    self->credentials.euid != p->credentials.uid) {
			return -EPERM;
		}
		err = nice ? nice_set_locked(p, *nice) : 0;
		if (err == 0) {
			p->policy = wanted;
			weigh_locked(p);
		}
		return err;
	}
	return 0;
}

static int policy_set_from(u64 tid, const u32 *policy, u64 param)
{
	s32 priority;

	if ((s32)tid < 0) {
		return -EINVAL;
	}
	if (copy_from_user(&priority, uaddr(param), sizeof(priority)) != 0) {
		return -EFAULT;
	}
	return policy_set(tid, policy, (u32)priority, NULL);
}

SYSCALL_HANDLER(sched_setscheduler)
{
	u32 policy = (u32)b;

	return policy_set_from(a, &policy, c);
}

SYSCALL_HANDLER(sched_setparam)
{
	return policy_set_from(a, NULL, b);
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

SYSCALL_HANDLER(sched_getattr)
{
	struct abi_sched_attr attr = { .size = sizeof(attr) };

	if ((s32)a < 0 || b == 0 || (u32)c < sizeof(attr) ||
	    (u32)c > PAGE_SIZE || (u32)d != 0) {
		return -EINVAL;
	}
	WITH_PROCESSES () {
		const struct task *task = task_meant_locked(a);

		if (task == NULL) {
			return -ESRCH;
		}
		attr.policy = task->process->policy & ~POLICY_RESET_ON_FORK;
		attr.flags = task->process->policy != attr.policy;
		attr.nice = task->process->nice;
	}
	return copy_to_user(uaddr(b), &attr, sizeof(attr));
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
	if (attr.policy > POLICY_IDLE || attr.flags > 1) {
		return -EINVAL;
	}
	attr.policy |= attr.flags ? POLICY_RESET_ON_FORK : 0;
	attr.nice = MAX(MIN(attr.nice, FAIR_NICE_MAX), FAIR_NICE_MIN);
	return policy_set(a, &attr.policy, attr.priority, &attr.nice);
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
