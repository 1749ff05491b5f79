/* SPDX-License-Identifier: MIT */
/*
 * Sending signals: whom a number means, and the system calls.
 *
 * The lock of processes is held while a signal is sent, so whom it found is
 * still there, and a group gets it as a whole.
 */
#include "arch/user.h"
#include "lib/errno.h"
#include "posix/process.h"
#include "posix/signal.h"
#include "posix/syscall.h"

/* The process that `number` or a thread of that number belongs to. [p] */
static struct process *process_of_locked(u64 number)
{
	const struct pid *id = pid_find_locked(number);

	if (id == NULL) {
		return NULL;
	}
	return id->process ? id->process : id->task ? id->task->process : NULL;
}

/* The thread of that number, which is its process's for the first one. [p] */
static struct task *task_of_locked(u64 number)
{
	const struct pid *id = pid_find_locked(number);

	if (id == NULL || id->task != NULL || id->process == NULL) {
		return id ? id->task : NULL;
	}
	list_for_each (node, &id->process->tasks) {
		struct task *task = list_entry(node, struct task, link);

		if (task->tid == number) {
			return task;
		}
	}
	return NULL;
}

/* True if the running process may send that; the kernel may. [p] */
static bool may_send_locked(const struct process *to,
			    const struct abi_siginfo *info)
{
	const struct process *self = process_current();
	const struct credentials *mine, *theirs = &to->credentials;

	if (info->code == ABI_SI_KERNEL || to == self) {
		return true;
	}
	mine = &self->credentials;
	return mine->euid == 0 || mine->euid == theirs->suid ||
	       mine->euid == theirs->uid || mine->uid == theirs->suid ||
	       mine->uid == theirs->uid ||
	       (info->signal == ABI_SIGCONT && to->session == self->session);
}

/*
 * Signal 0 asks whether there is somebody.  [p], or it is the running process,
 * which stays.
 */
static int process_send_locked(struct process *p,
			       const struct abi_siginfo *info)
{
	if (p == NULL) {
		return -ESRCH;
	}
	if (!may_send_locked(p, info)) {
		return -EPERM;
	}
	return info->signal ? signal_send_process(&p->signals, info) : 0;
}

int signal_send_group_locked(const struct pid *group,
			     const struct abi_siginfo *info)
{
	int err = -ESRCH;

	if (group != NULL) {
		list_for_each (node, &group->group) {
			int one = process_send_locked(
				list_entry(node, struct process, group_link),
				info);

			err = err == 0 ? 0 : one;
		}
	}
	return err;
}

/* To all but the first process and the sender's own. */
static int everybody_send_locked(const struct abi_siginfo *info)
{
	struct pid *id = pid_next_locked(INIT_PID + 1);
	int err = -ESRCH;

	for (; id != NULL; id = pid_next_locked(pid_number(id) + 1)) {
		if (id->process != NULL && id->process != process_current()) {
			int one = process_send_locked(id->process, info);

			err = err == 0 ? 0 : one;
		}
	}
	return err;
}

static int kill_locked(s32 whom, const struct abi_siginfo *info)
{
	if (whom > 0) {
		return process_send_locked(process_of_locked((u32)whom), info);
	}
	if (whom == -1) {
		return everybody_send_locked(info);
	}
	return signal_send_group_locked(
		whom == 0 ? process_current()->group
			  : pid_find_locked((u64) - (s64)whom),
		info);
}

static noinline long kill(s32 whom, int signal)
{
	struct abi_siginfo info = signal_info_user(signal);

	if (whom == (s32)process_current()->pid) {
		return process_send_locked(process_current(), &info);
	}
	WITH_PROCESSES () {
		return kill_locked(whom, &info);
	}
	return 0;
}

SYSCALL_WHOLE_HANDLER(kill)
{
	if (b > ABI_NSIG) {
		return -EINVAL;
	}
	if ((s32)a == (s32)process_current()->pid && b != 0 &&
	    signal_raise(arch_user_frame(), (int)b)) {
		return 0;
	}
	return kill((s32)a, (int)b);
}

/* To one thread; `process` of 0 is whichever it belongs to. */
static long thread_send(s32 process, s32 thread, const struct abi_siginfo *info)
{
	if (thread <= 0 || process < 0) {
		return -EINVAL;
	}
	WITH_PROCESSES () {
		struct task *task = task_of_locked((u32)thread);

		if (task == NULL ||
		    (process != 0 && (u32)process != task->process->pid)) {
			return -ESRCH;
		}
		if (!may_send_locked(task->process, info)) {
			return -EPERM;
		}
		return info->signal ? signal_send_thread(&task->signals, info)
				    : 0;
	}
	return 0;
}

SYSCALL_HANDLER(tkill)
{
	struct abi_siginfo info = signal_info_user((int)b);

	info.code = ABI_SI_TKILL;
	return b > ABI_NSIG ? -EINVAL : thread_send(0, (s32)a, &info);
}

SYSCALL_HANDLER(tgkill)
{
	struct abi_siginfo info = signal_info_user((int)c);

	info.code = ABI_SI_TKILL;
	if ((s32)a <= 0) {
		return -EINVAL;
	}
	return c > ABI_NSIG ? -EINVAL : thread_send((s32)a, (s32)b, &info);
}

/* A note of the sender's own; to others, not as the kernel or kill(). */
static int info_read(u64 from, u64 signal, bool to_self,
		     struct abi_siginfo *info)
{
	if (copy_from_user(info, uaddr(from), sizeof(*info)) != 0) {
		return -EFAULT;
	}
	if (signal > ABI_NSIG) {
		return -EINVAL;
	}
	if ((info->code >= 0 || info->code == ABI_SI_TKILL) && !to_self) {
		return -EPERM;
	}
	info->signal = (s32)signal;
	return 0;
}

SYSCALL_HANDLER(rt_sigqueueinfo)
{
	struct abi_siginfo info;
	int err = info_read(c, b, a == process_current()->pid, &info);

	if (err) {
		return err;
	}
	WITH_PROCESSES () {
		return process_send_locked(
			(s32)a > 0 ? process_of_locked((u32)a) : NULL, &info);
	}
	return 0;
}

SYSCALL_HANDLER(rt_tgsigqueueinfo)
{
	struct abi_siginfo info;
	int err = info_read(d, c, b == task_current()->tid, &info);

	if ((s32)a <= 0) {
		return -EINVAL;
	}
	return err ? err : thread_send((s32)a, (s32)b, &info);
}
