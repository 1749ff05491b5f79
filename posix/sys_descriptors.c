/* SPDX-License-Identifier: MIT */
/*
 * System calls on descriptors themselves.
 */
#include "fs/pipe.h"
#include "fs/ramfs.h"
#include "lib/errno.h"
#include "posix/abi.h"
#include "posix/abi_file.h"
#include "posix/descriptors.h"
#include "posix/lock.h"
#include "posix/process.h"
#include "posix/syscall.h"

/* What F_SETFL may change. */
#define FLAGS_CHANGED (FILE_APPEND | FILE_NONBLOCK)

static struct descriptors *own(void)
{
	return process_current()->descriptors;
}

/* A capability that may be had twice, for the caller to drop. */
static int duplicable(u64 fd, struct cap *cap)
{
	*cap = descriptors_cap(own(), (u32)fd);
	if (cap->entry == NULL) {
		return -EBADF;
	}
	return cap_rights(*cap) & CAP_DUPLICATE ? 0 : -EACCES;
}

static long duplicate(u64 fd, u64 from, bool close_on_exec)
{
	struct cap cap;
	int result = duplicable(fd, &cap);

	if (result == 0) {
		result = descriptors_add_cap(own(), cap, from,
					     process_limit(ABI_RLIMIT_NOFILE),
					     close_on_exec);
	}
	if (result < 0) {
		cap_drop(cap);
	}
	return result;
}

SYSCALL_HANDLER(dup)
{
	return duplicate(a, 0, false);
}

static long duplicate_to(u64 fd, u64 to, bool close_on_exec)
{
	struct cap cap;
	int err;

	if (to >= process_limit(ABI_RLIMIT_NOFILE)) {
		return -EBADF;
	}
	err = duplicable(fd, &cap);
	if (err == 0) {
		err = descriptors_set_cap(own(), cap, to, close_on_exec);
	}
	if (err) {
		cap_drop(cap);
		return err;
	}
	return (long)to;
}

SYSCALL_HANDLER(dup2)
{
	if ((u32)a == (u32)b) {
		return descriptors_mark(own(), (u32)a) < 0 ? -EBADF
							   : (long)(u32)a;
	}
	return duplicate_to(a, (u32)b, false);
}

SYSCALL_HANDLER(dup3)
{
	if ((u32)a == (u32)b || ((u32)c & ~(u32)FILE_CLOSE_ON_EXEC)) {
		return -EINVAL;
	}
	return duplicate_to(a, (u32)b, c & FILE_CLOSE_ON_EXEC);
}

SYSCALL_HANDLER(close_range)
{
	u32 first = (u32)a, last = (u32)b, flags = (u32)c;

	if (first > last || (flags & ~(u32)(ABI_CLOSE_RANGE_CLOEXEC |
					    ABI_CLOSE_RANGE_UNSHARE))) {
		return -EINVAL;
	}
	if (flags & ABI_CLOSE_RANGE_UNSHARE) {
		int err = READ_ONCE(process_current()->task_count) == 1
				  ? process_unshare_files(process_current())
				  : -EINVAL;

		if (err) {
			return err;
		}
	}
	if (flags & ABI_CLOSE_RANGE_CLOEXEC) {
		descriptors_mark_range(own(), first, last);
	} else {
		descriptors_close_range(own(), first, last);
	}
	return 0;
}

static_assert((int)ABI_F_SEAL_SEAL == (int)RAMFS_SEAL_SEAL &&
		      (int)ABI_F_SEAL_SHRINK == (int)RAMFS_SEAL_SHRINK &&
		      (int)ABI_F_SEAL_GROW == (int)RAMFS_SEAL_GROW &&
		      (int)ABI_F_SEAL_WRITE == (int)RAMFS_SEAL_WRITE &&
		      (int)ABI_F_SEAL_FUTURE_WRITE ==
			      (int)RAMFS_SEAL_FUTURE_WRITE,
	      "seals are passed on as they are");

/* Only who may write to a file may forbid that. */
static long add_seals(u64 fd, u32 seals)
{
	struct file_use use = file_use(fd, CAP_WRITE);
	int err = use.file ? ramfs_add_seals(use.file, seals) : -EPERM;

	file_use_end(use);
	return err;
}

static long fcntl_file(struct file *file, u64 fd, u32 command, u64 arg)
{
	switch (command) {
	case ABI_F_GETFD: return descriptors_mark(own(), fd);
	case ABI_F_SETFD: return descriptors_set_mark(own(), fd, arg & 1);
	case ABI_F_GETFL: return (long)file_flags(file);
	case ABI_F_SETFL:
		WRITE_ONCE(file->flags, (file->flags & ~(u32)FLAGS_CHANGED) |
						((u32)arg & FLAGS_CHANGED));
		return 0;
	case ABI_F_GETPIPE_SZ:
		return file_is_pipe(file) ? (long)PIPE_BYTES : -EBADF;
	case ABI_F_SETPIPE_SZ:
		if (!file_is_pipe(file)) {
			return -EBADF;
		}
		/* Pages come as they are needed: all pipes are as long. */
		return (u32)arg <= PIPE_BYTES ? (long)PIPE_BYTES : -EPERM;
	case ABI_F_ADD_SEALS: return add_seals(fd, (u32)arg);
	case ABI_F_GET_SEALS: return ramfs_seals(file);
	case ABI_F_GETLK:
	case ABI_F_SETLK:
	case ABI_F_SETLKW:
	case ABI_F_OFD_GETLK:
	case ABI_F_OFD_SETLK:
	case ABI_F_OFD_SETLKW:
		return lock_control(file, fd, command, uaddr(arg));
	default: return -EINVAL;
	}
}

SYSCALL_HANDLER(fcntl)
{
	struct file_use use;
	long result;

	use = file_use(a, CAP_ANY);
	if (use.file == NULL) {
		return -EBADF;
	}
	if ((u32)b == ABI_F_DUPFD || (u32)b == ABI_F_DUPFD_CLOEXEC) {
		file_use_end(use);
		return (u32)c < process_limit(ABI_RLIMIT_NOFILE)
			       ? duplicate(a, (u32)c,
					   (u32)b == ABI_F_DUPFD_CLOEXEC)
			       : -EINVAL;
	}
	result = fcntl_file(use.file, (u32)a, (u32)b, c);
	file_use_end(use);
	return result;
}
