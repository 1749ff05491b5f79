/* SPDX-License-Identifier: MIT */
/*
 * Limits.  What each is good for here: AS, STACK and DATA bound an address
 * space (mm/aspace.h), NOFILE the descriptors, NPROC the threads of a user
 * (of user 0 as well: who sets it means it), SIGPENDING queued signals, FSIZE
 * the length of files, MEMLOCK the pages of rings (posix/sys_ring.c); the
 * others are kept and have no effect.
 */
#include "arch/user.h"
#include "lib/errno.h"
#include "posix/descriptors.h"
#include "posix/process.h"
#include "posix/syscall.h"

#define STACK_BYTES (8ul << 20)

void limits_init(struct process *p)
{
	for (unsigned i = 0; i < ABI_RLIM_NLIMITS; i++) {
		p->limits[i] = (struct abi_rlimit){ ABI_RLIM_INFINITY,
						    ABI_RLIM_INFINITY };
	}
	p->limits[ABI_RLIMIT_STACK].current = STACK_BYTES;
	p->limits[ABI_RLIMIT_CORE].current = 0;
	p->limits[ABI_RLIMIT_NOFILE].current = DESCRIPTORS_LIMIT;
	p->limits[ABI_RLIMIT_NOFILE].max = DESCRIPTORS_MAX;
}

/* The kernel's own threads write as much as they want. */
u64 file_size_limit(void)
{
	return process_current() ? process_limit(ABI_RLIMIT_FSIZE)
				 : ABI_RLIM_INFINITY;
}

int file_too_long(void)
{
	struct abi_siginfo info = signal_info_user(ABI_SIGXFSZ);

	/* What Linux cannot do at all sends nothing. */
	if (file_size_limit() != ABI_RLIM_INFINITY) {
		signal_send_thread(signals_current(), &info);
	}
	return -EFBIG;
}

void limits_apply(const struct process *p, struct aspace *aspace)
{
	aspace->stack_max_bytes = p->limits[ABI_RLIMIT_STACK].current;
	aspace->max_pages = p->limits[ABI_RLIMIT_AS].current / PAGE_SIZE;
}

/* The limit is counted only where there is one. */
bool threads_allowed(void)
{
	const struct process *self = process_current();
	u64 limit = process_limit(ABI_RLIMIT_NPROC);
	u64 count = 0;

	if (limit == ABI_RLIM_INFINITY) {
		return true;
	}
	WITH_PROCESSES () {
		for (const struct pid *id = pid_next_locked(1); id != NULL;
		     id = pid_next_locked(id->node.key + 1)) {
			const struct process *p = id->process;

			if (p != NULL &&
			    p->credentials.uid == self->credentials.uid) {
				/* A zombie counts, too. */
				count += MAX(p->task_count, 1u);
			}
		}
	}
	return count < limit;
}

static int limit_refused(u32 resource, const struct abi_rlimit *old,
			 const struct abi_rlimit *new)
{
	if (new->current > new->max) {
		return -EINVAL;
	}
	if (resource == ABI_RLIMIT_NOFILE && new->max > DESCRIPTORS_MAX) {
		return -EPERM;
	}
	return new->max > old->max && !is_privileged() ? -EPERM : 0;
}

/* `new` may be NULL. */
static int limit_swap_locked(struct process *p, u32 resource,
			     const struct abi_rlimit *new,
			     struct abi_rlimit *old)
{
	int err = 0;

	*old = p->limits[resource];
	if (new != NULL) {
		err = limit_refused(resource, old, new);
		if (err == 0) {
			p->limits[resource] = *new;
			if (p->aspace != NULL) {
				limits_apply(p, p->aspace);
			}
		}
	}
	return err;
}

static int limit_swap(u64 pid, u32 resource, const struct abi_rlimit *new,
		      struct abi_rlimit *old)
{
	const struct process *self = process_current();

	if (resource >= ABI_RLIM_NLIMITS) {
		return -EINVAL;
	}
	WITH_PROCESSES () {
		struct process *p =
			process_find_locked(pid ? (u32)pid : self->pid);

		if (p == NULL) {
			return -ESRCH;
		}
		if (!is_privileged() &&
		    p->credentials.uid != self->credentials.uid) {
			return -EPERM;
		}
		return limit_swap_locked(p, resource, new, old);
	}
	return 0;
}

SYSCALL_HANDLER(prlimit64)
{
	struct abi_rlimit new, old;
	int err;

	if (c != 0 && copy_from_user(&new, uaddr(c), sizeof(new)) != 0) {
		return -EFAULT;
	}
	err = limit_swap(a, (u32)b, c ? &new : NULL, &old);
	return err || d == 0 ? err : copy_to_user(uaddr(d), &old, sizeof(old));
}

SYSCALL_HANDLER(getrlimit)
{
	struct abi_rlimit old;
	int err = limit_swap(0, (u32)a, NULL, &old);

	return err ? err : copy_to_user(uaddr(b), &old, sizeof(old));
}

SYSCALL_HANDLER(setrlimit)
{
	struct abi_rlimit new, old;

	if (copy_from_user(&new, uaddr(b), sizeof(new)) != 0) {
		return -EFAULT;
	}
	return limit_swap(0, (u32)a, &new, &old);
}
