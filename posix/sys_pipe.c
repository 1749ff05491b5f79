/* SPDX-License-Identifier: MIT */
/*
 * System calls that make pipes.
 */
#include "arch/user.h"
#include "fs/pipe.h"
#include "lib/errno.h"
#include "posix/abi.h"
#include "posix/descriptors.h"
#include "posix/process.h"
#include "posix/signal.h"
#include "posix/syscall.h"

void file_broken_pipe(void)
{
	struct abi_siginfo info = signal_info_user(ABI_SIGPIPE);

	signal_send_thread(signals_current(), &info);
}

/* Gives both files descriptors; what fails is closed again. */
static int ends_add(struct descriptors *d, struct file *ends[2], int fds[2],
		    bool close_on_exec)
{
	for (unsigned i = 0; i < 2; i++) {
		fds[i] = descriptors_add(d, ends[i], 0,
					 process_limit(ABI_RLIMIT_NOFILE),
					 close_on_exec);
		if (fds[i] >= 0) {
			continue;
		}
		file_put(ends[1]);
		if (i == 0) {
			file_put(ends[0]);
		} else {
			descriptors_close_range(d, (u64)fds[0], (u64)fds[0]);
		}
		return fds[i];
	}
	return 0;
}

int descriptors_give(struct file *files[2], uaddr_t to, u32 flags)
{
	struct descriptors *d = process_current()->descriptors;
	int fds[2];
	int err = ends_add(d, files, fds, flags & FILE_CLOSE_ON_EXEC);

	if (err) {
		return err;
	}
	if (copy_to_user(to, fds, sizeof(fds)) != 0) {
		descriptors_close_range(d, (u64)fds[0], (u64)fds[0]);
		descriptors_close_range(d, (u64)fds[1], (u64)fds[1]);
		return -EFAULT;
	}
	return 0;
}

static long make_pipe(uaddr_t to, u32 flags)
{
	struct file *ends[2];
	int err;

	if (flags & ~(u32)(FILE_CLOSE_ON_EXEC | FILE_NONBLOCK)) {
		return -EINVAL;
	}
	err = pipe_create(flags & FILE_NONBLOCK, ends);
	return err ? err : descriptors_give(ends, to, flags);
}

SYSCALL_HANDLER(pipe)
{
	return make_pipe(uaddr(a), 0);
}

SYSCALL_HANDLER(pipe2)
{
	return make_pipe(uaddr(a), (u32)b);
}
