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
#include "sched/sched.h"
#include "sched/thread.h"

/* getrandom moves at most this much between two looks at anything else. */
#define RANDOM_PIECE_BYTES 256

#define STACK_LIMIT_BYTES  (8ul << 20)

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

/* There is one user. */
SYSCALL_HANDLER(getuid)
{
	return 0;
}

SYSCALL_HANDLER(geteuid)
{
	return 0;
}

SYSCALL_HANDLER(getgid)
{
	return 0;
}

SYSCALL_HANDLER(getegid)
{
	return 0;
}

SYSCALL_HANDLER(sched_yield)
{
	sched_yield();
	return 0;
}

SYSCALL_HANDLER(uname)
{
	static const struct abi_utsname name = {
		.sysname = "Exo-OS",
		.nodename = "exo",
		.release = "6.1.0-exo",
		.version = "#1 SMP",
		.machine = "x86_64",
		.domainname = "(none)",
	};

	return copy_to_user(uaddr(a), &name, sizeof(name));
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

SYSCALL_HANDLER(prctl)
{
	struct process *p = process_current();
	char name[PROCESS_NAME_BYTES];
	long len;

	switch ((int)a) {
	case ABI_PR_GET_NAME:
		return copy_to_user(uaddr(b), p->name, sizeof(p->name));
	case ABI_PR_SET_NAME:
		memset(name, 0, sizeof(name));
		len = copy_string_from_user(name, uaddr(b), sizeof(name));
		if (len == -EFAULT) {
			return -EFAULT;
		}
		name[sizeof(name) - 1] = '\0';
		memcpy(p->name, name, sizeof(name));
		return 0;
	default: return -EINVAL;
	}
}

static int limit_of(u64 resource, struct abi_rlimit *out)
{
	*out = (struct abi_rlimit){ ABI_RLIM_INFINITY, ABI_RLIM_INFINITY };
	if (resource >= ABI_RLIM_NLIMITS) {
		return -EINVAL;
	}
	if (resource == ABI_RLIMIT_STACK) {
		out->current = STACK_LIMIT_BYTES;
	} else if (resource == ABI_RLIMIT_NOFILE) {
		out->current = out->max = DESCRIPTORS_LIMIT;
	}
	return 0;
}

/* Limits can be asked for, not set. */
SYSCALL_HANDLER(prlimit64)
{
	struct abi_rlimit limit;
	int err = limit_of(b, &limit);

	if (err) {
		return err;
	}
	if (a != 0 && a != process_current()->pid) {
		return -ESRCH;
	}
	if (c != 0) {
		return -EPERM;
	}
	return d ? copy_to_user(uaddr(d), &limit, sizeof(limit)) : 0;
}

SYSCALL_HANDLER(getrandom)
{
	u8 piece[RANDOM_PIECE_BYTES];
	u64 done = 0;

	if (c &
	    ~(u64)(ABI_GRND_NONBLOCK | ABI_GRND_RANDOM | ABI_GRND_INSECURE)) {
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
