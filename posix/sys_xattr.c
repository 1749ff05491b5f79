/* SPDX-License-Identifier: MIT */
/*
 * Extended attributes: no file system here has any.  Each call finds its file,
 * and its errors, first; then there is nothing to list, and to read, write or
 * remove one is -EOPNOTSUPP, which is what programs take for "none here".
 */
#include "arch/user.h"
#include "lib/errno.h"
#include "posix/abi_file.h"
#include "posix/descriptors.h"
#include "posix/place.h"
#include "posix/syscall.h"

#define XATTR_NAME_BYTES 256 /* with the NUL (linux/limits.h) */

/* Errors: -EFAULT, -ERANGE. */
static int name_check(uaddr_t at)
{
	char name[XATTR_NAME_BYTES];
	long len = copy_string_from_user(name, at, sizeof(name));

	if (len == -ENAMETOOLONG || len == 0) {
		return -ERANGE;
	}
	return len < 0 ? (int)len : 0;
}

static long of_path(u64 path, unsigned flags, long answer)
{
	struct path p;
	int err = place_walk(&p, ABI_AT_FDCWD, uaddr(path), flags);

	path_end(&p);
	return err ? err : answer;
}

static long of_fd(u64 fd, long answer)
{
	struct file_use use = file_use(fd, CAP_ANY);
	bool open = use.file != NULL && !(use.file->flags & FILE_PATH);

	file_use_end(use);
	return open ? answer : -EBADF;
}

static long of_name(u64 path, unsigned flags, u64 name)
{
	int err = name_check(uaddr(name));

	return err ? err : of_path(path, flags, -EOPNOTSUPP);
}

static long of_fd_name(u64 fd, u64 name)
{
	int err = name_check(uaddr(name));

	return err ? err : of_fd(fd, -EOPNOTSUPP);
}

SYSCALL_HANDLER(setxattr)
{
	return of_name(a, 0, b);
}

SYSCALL_HANDLER(lsetxattr)
{
	return of_name(a, PATH_NO_FOLLOW, b);
}

SYSCALL_HANDLER(fsetxattr)
{
	return of_fd_name(a, b);
}

SYSCALL_HANDLER(getxattr)
{
	return of_name(a, 0, b);
}

SYSCALL_HANDLER(lgetxattr)
{
	return of_name(a, PATH_NO_FOLLOW, b);
}

SYSCALL_HANDLER(fgetxattr)
{
	return of_fd_name(a, b);
}

SYSCALL_HANDLER(listxattr)
{
	return of_path(a, 0, 0);
}

SYSCALL_HANDLER(llistxattr)
{
	return of_path(a, PATH_NO_FOLLOW, 0);
}

SYSCALL_HANDLER(flistxattr)
{
	return of_fd(a, 0);
}

SYSCALL_HANDLER(removexattr)
{
	return of_name(a, 0, b);
}

SYSCALL_HANDLER(lremovexattr)
{
	return of_name(a, PATH_NO_FOLLOW, b);
}

SYSCALL_HANDLER(fremovexattr)
{
	return of_fd_name(a, b);
}
