/* SPDX-License-Identifier: MIT */
/*
 * System calls on the process itself, time, and the machine.
 */
#include "arch/cpu.h"
#include "arch/thread.h"
#include "arch/user.h"
#include "kernel/random.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "posix/abi.h"
#include "posix/descriptors.h"
#include "posix/process.h"
#include "posix/syscall.h"
#include "sched/thread.h"

/* getrandom moves at most this much between two looks at anything else. */
#define RANDOM_PIECE_BYTES 256

SYSCALL_HANDLER(getpid)
{
	return process_current()->pid;
}

/* 0 for one that the kernel started. */
SYSCALL_HANDLER(getppid)
{
	WITH_PROCESSES () {
		const struct process *parent = process_current()->parent;

		return parent ? (long)parent->pid : 0;
	}
	return 0;
}

SYSCALL_HANDLER(gettid)
{
	return task_current()->tid;
}

SYSCALL_HANDLER(set_tid_address)
{
	task_current()->clear_tid = a;
	return task_current()->tid;
}

SYSCALL_HANDLER(arch_prctl)
{
	u64 base;

	switch (a) {
	case ABI_ARCH_SET_FS:
		if (b >= USER_END) {
			return -EPERM;
		}
		arch_set_fs_base(b);
		return 0;
	case ABI_ARCH_GET_FS:
		base = arch_fs_base();
		return copy_to_user(uaddr(b), &base, sizeof(base));
	case ABI_ARCH_SET_GS:
		if (b >= USER_END) {
			return -EPERM;
		}
		arch_set_gs_base(b);
		return 0;
	case ABI_ARCH_GET_GS:
		base = arch_gs_base();
		return copy_to_user(uaddr(b), &base, sizeof(base));
	default: return -EINVAL;
	}
}

/* A thread's name; the first one's is the process's. */
static int thread_name_set(u64 from)
{
	struct process *p = process_current();
	char name[PROCESS_NAME_BYTES] = { 0 };
	long len = copy_string_from_user(name, uaddr(from), sizeof(name));

	if (len == -EFAULT) {
		return -EFAULT;
	}
	name[sizeof(name) - 1] = '\0';
	memcpy(current_thread()->name, name, sizeof(name));
	if (task_current()->tid == p->pid) {
		WITH_MUTEX (&p->mutex) {
			memcpy(p->name, name, sizeof(name));
		}
	}
	return 0;
}

static_assert(PROCESS_NAME_BYTES == THREAD_NAME_BYTES, "one name for both");

static int word_out(u64 to, u32 word)
{
	return copy_to_user(uaddr(to), &word, sizeof(word));
}

SYSCALL_HANDLER(prctl)
{
	struct process *p = process_current();

	switch ((int)a) {
	case ABI_PR_GET_NAME:
		return copy_to_user(uaddr(b), current_thread()->name,
				    PROCESS_NAME_BYTES);
	case ABI_PR_SET_NAME: return thread_name_set(b);
	case ABI_PR_GET_PDEATHSIG: return word_out(b, p->parent_signal);
	case ABI_PR_SET_PDEATHSIG:
		if (b > 64) {
			return -EINVAL;
		}
		p->parent_signal = (u8)b;
		return 0;
	case ABI_PR_GET_DUMPABLE: return 1;
	case ABI_PR_SET_DUMPABLE: return b <= 1 ? 0 : -EINVAL;
	case ABI_PR_CAPBSET_READ: return b <= 40 ? 1 : -EINVAL;
	case ABI_PR_GET_CHILD_SUBREAPER: return word_out(b, p->subreaper);
	case ABI_PR_SET_CHILD_SUBREAPER: p->subreaper = b != 0; return 0;
	case ABI_PR_GET_NO_NEW_PRIVS: return p->no_new_privs;
	case ABI_PR_SET_NO_NEW_PRIVS:
		if (b != 1) {
			return -EINVAL;
		}
		p->no_new_privs = true;
		return 0;
	default: return -EINVAL;
	}
}

SYSCALL_HANDLER(getrandom)
{
	const u32 either = ABI_GRND_RANDOM | ABI_GRND_INSECURE;
	u8 piece[RANDOM_PIECE_BYTES];
	u64 done = 0;

	if (((u32)c & ~(u32)(ABI_GRND_NONBLOCK | either)) ||
	    (c & either) == either) {
		return -EINVAL;
	}
	b = MIN(b, (u64)INT32_MAX);
	while (done < b) {
		size_t len = MIN(b - done, sizeof(piece));

		random_bytes(piece, len);
		if (copy_to_user(uaddr(a + done), piece, len) != 0) {
			return done > 0 ? (long)done : -EFAULT;
		}
		done += len;
	}
	return (long)done;
}
