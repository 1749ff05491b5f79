/* SPDX-License-Identifier: MIT */
/*
 * System calls that open files.
 */
#include "arch/user.h"
#include "lib/errno.h"
#include "posix/abi.h"
#include "posix/abi_file.h"
#include "posix/descriptors.h"
#include "posix/place.h"
#include "posix/process.h"
#include "posix/syscall.h"

static_assert((int)FILE_CREATE == (int)ABI_O_CREAT &&
		      (int)FILE_EXCLUSIVE == (int)ABI_O_EXCL &&
		      (int)FILE_TRUNCATE == (int)ABI_O_TRUNC &&
		      (int)FILE_APPEND == (int)ABI_O_APPEND &&
		      (int)FILE_NONBLOCK == (int)ABI_O_NONBLOCK &&
		      (int)FILE_DIRECTORY == (int)ABI_O_DIRECTORY &&
		      (int)FILE_NO_FOLLOW == (int)ABI_O_NOFOLLOW &&
		      (int)FILE_CLOSE_ON_EXEC == (int)ABI_O_CLOEXEC &&
		      (int)FILE_NO_TTY == (int)ABI_O_NOCTTY &&
		      (int)FILE_PATH == (int)ABI_O_PATH,
	      "flags of open(2)");

/* Flags that are not known are not looked at, as on Linux. */
static u32 open_flags(u64 flags)
{
	u32 f = (u32)flags;

	if (f & FILE_PATH) {
		f &= FILE_DIRECTORY | FILE_NO_FOLLOW | FILE_PATH |
		     FILE_CLOSE_ON_EXEC;
	}
	return f & 037777777;
}

static int named_open(int dirfd, uaddr_t text, u32 flags, u32 mode,
		      struct file **out)
{
	struct place place;
	struct path p;
	int err = path_from_user(&p, text);

	err = err ? err : place_start(&p, dirfd, &place);
	if (err == 0) {
		err = names_open(&p, place, flags, mode, out);
	}
	path_end(&p);
	return err;
}

static noinline int nameless_open(int dirfd, uaddr_t text, u32 flags, u32 mode,
				  struct file **out)
{
	struct place place;
	struct path p;
	int err;

	if ((flags & (FILE_TEMPORARY | FILE_CREATE)) != FILE_TEMPORARY ||
	    (flags & FILE_ACCESS_MODE) == 0) {
		return -EINVAL;
	}
	err = place_from_user(&p, dirfd, text, &place);
	if (err == 0) {
		err = names_open_nameless(&p, place, flags, mode, out);
	}
	path_end(&p);
	return err;
}

static long open_at(int dirfd, uaddr_t text, u64 flags, u64 mode)
{
	u32 f = open_flags(flags), permissions = (u32)mode & MODE_PERMISSIONS;
	struct file *file;
	int err = unlikely(f & ABI_O_TMPFILE)
			  ? nameless_open(dirfd, text, f, permissions, &file)
			  : named_open(dirfd, text, f, permissions, &file);

	if (err) {
		return err;
	}
	err = descriptors_add(process_current()->descriptors, file, 0,
			      process_limit(ABI_RLIMIT_NOFILE),
			      f & FILE_CLOSE_ON_EXEC);
	if (err < 0) {
		file_put(file);
	}
	return err;
}

SYSCALL_HANDLER(open)
{
	return open_at(ABI_AT_FDCWD, uaddr(a), b, c);
}

SYSCALL_HANDLER(openat)
{
	return open_at((int)a, uaddr(b), c, d);
}

SYSCALL_HANDLER(creat)
{
	return open_at(ABI_AT_FDCWD, uaddr(a),
		       ABI_O_CREAT | ABI_O_WRONLY | ABI_O_TRUNC, b);
}

/* What openat2() does not let pass, as open() does. */
#define OPEN_KNOWN 037777703

SYSCALL_HANDLER(openat2)
{
	struct abi_open_how how;

	if (d < sizeof(how)) {
		return -EINVAL;
	}
	if (d > sizeof(how)) {
		return -E2BIG;
	}
	if (copy_from_user(&how, uaddr(c), sizeof(how)) != 0) {
		return -EFAULT;
	}
	if ((how.flags & ~(u64)OPEN_KNOWN) || how.resolve != 0 ||
	    (how.mode & ~(u64)MODE_PERMISSIONS) ||
	    (how.mode != 0 && !(how.flags & (ABI_O_CREAT | ABI_O_TMPFILE))) ||
	    ((how.flags & FILE_PATH) &&
	     (how.flags & ~(u64)(FILE_PATH | FILE_DIRECTORY | FILE_NO_FOLLOW |
				 FILE_CLOSE_ON_EXEC)))) {
		return -EINVAL;
	}
	return open_at((int)a, uaddr(b), how.flags, how.mode);
}
