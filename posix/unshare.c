/* SPDX-License-Identifier: MIT */
/*
 * unshare(2): what a process shares with another that was cloned from it
 * becomes its own.  The threads of one process have one table of descriptors
 * and one working directory: only a process with one thread can leave others.
 */
#include "fs/context.h"
#include "lib/errno.h"
#include "posix/abi.h"
#include "posix/descriptors.h"
#include "posix/process.h"
#include "posix/syscall.h"

#define OF_THREADS (ABI_CLONE_THREAD | ABI_CLONE_SIGHAND | ABI_CLONE_VM)
#define POSSIBLE   (OF_THREADS | ABI_CLONE_FILES | ABI_CLONE_FS)

int process_unshare_files(struct process *p)
{
	struct descriptors *old = p->descriptors, *own;

	if (descriptors_alone(old)) {
		return 0;
	}
	own = descriptors_clone(old);
	if (own == NULL) {
		return -ENOMEM;
	}
	WITH_MUTEX (&p->mutex) {
		p->descriptors = own;
	}
	descriptors_put(old);
	return 0;
}

static int unshare_context(struct process *p)
{
	struct fs_context *old = p->fs, *own = fs_context_clone(old);

	if (own == NULL) {
		return -ENOMEM;
	}
	WITH_MUTEX (&p->mutex) {
		p->fs = own;
	}
	fs_context_put(old);
	return 0;
}

SYSCALL_HANDLER(unshare)
{
	struct process *p = process_current();
	u32 flags = (u32)a;
	int err = 0;

	if ((flags & ~POSSIBLE) != 0 ||
	    (flags != 0 && READ_ONCE(p->task_count) != 1)) {
		return -EINVAL;
	}
	if (flags & ABI_CLONE_FS) {
		err = unshare_context(p);
	}
	if (err == 0 && (flags & ABI_CLONE_FILES)) {
		err = process_unshare_files(p);
	}
	return err;
}
