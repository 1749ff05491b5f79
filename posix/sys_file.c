/* SPDX-License-Identifier: MIT */
/*
 * System calls on files and descriptors.
 */
#include "arch/user.h"
#include "fs/file.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "posix/abi.h"
#include "posix/descriptors.h"
#include "posix/process.h"
#include "posix/syscall.h"

/* As Linux does: one call moves at most this much. */
#define MOVE_MAX_BYTES 0x7ffff000ul

typedef long (*move_fn)(struct file *file, uaddr_t buf, size_t len_bytes);

/* The operation of a file that was opened for it. Errors: -EBADF, -EINVAL. */
static int move_of(const struct file *file, u32 access, move_fn *out)
{
	if (!(file->access & access)) {
		return -EBADF;
	}
	*out = access == FILE_READ ? file->ops->read : file->ops->write;
	return *out ? 0 : -EINVAL;
}

static long move(u64 fd, uaddr_t buf, u64 len, u32 access)
{
	struct file_use use = file_use(fd);
	struct file *file = use.file;
	move_fn fn;
	long result;

	if (file == NULL) {
		return -EBADF;
	}
	result = move_of(file, access, &fn);
	if (result == 0) {
		result = user_range_ok(buf, len)
				 ? fn(file, buf, MIN(len, MOVE_MAX_BYTES))
				 : -EFAULT;
	}
	file_use_end(use);
	return result;
}

SYSCALL_HANDLER(read)
{
	return move(a, uaddr(b), c, FILE_READ);
}

SYSCALL_HANDLER(write)
{
	return move(a, uaddr(b), c, FILE_WRITE);
}

/* Moves piece after piece; stops at the first short one. */
static long move_vector(u64 fd, uaddr_t vector, u64 count, u32 access)
{
	long total = 0;

	if (count > ABI_IOV_MAX) {
		return -EINVAL;
	}
	for (u64 i = 0; i < count; i++) {
		struct abi_iovec piece;
		long moved;

		if (copy_from_user(&piece, uaddr_add(vector, i * sizeof(piece)),
				   sizeof(piece)) != 0) {
			return total > 0 ? total : -EFAULT;
		}
		if ((s64)piece.len < 0) {
			return total > 0 ? total : -EINVAL;
		}
		moved = move(fd, uaddr(piece.base), piece.len, access);
		if (moved < 0) {
			return total > 0 ? total : moved;
		}
		total += moved;
		if ((u64)moved < piece.len) {
			break;
		}
	}
	return total;
}

SYSCALL_HANDLER(readv)
{
	return move_vector(a, uaddr(b), c, FILE_READ);
}

SYSCALL_HANDLER(writev)
{
	return move_vector(a, uaddr(b), c, FILE_WRITE);
}

SYSCALL_HANDLER(close)
{
	return descriptors_close(process_current()->descriptors, (u32)a);
}

SYSCALL_HANDLER(lseek)
{
	struct file_use use = file_use(a);
	struct file *file = use.file;
	long result;

	if (file == NULL) {
		return -EBADF;
	}
	result = file->ops->seek ? file->ops->seek(file, (s64)b, (int)c)
				 : -ESPIPE;
	file_use_end(use);
	return result;
}

SYSCALL_HANDLER(ioctl)
{
	struct file_use use = file_use(a);
	struct file *file = use.file;
	long result;

	if (file == NULL) {
		return -EBADF;
	}
	result = file->ops->ioctl ? file->ops->ioctl(file, b, uaddr(c))
				  : -ENOTTY;
	file_use_end(use);
	return result;
}

/* Access of open's flags; what would create or change a file is refused. */
static int open_access(u64 flags, u32 *out)
{
	static const u32 access[4] = { FILE_READ, FILE_WRITE,
				       FILE_READ | FILE_WRITE, 0 };

	*out = access[flags & ABI_O_ACCMODE];
	if (*out == 0) {
		return -EINVAL;
	}
	return flags & (ABI_O_CREAT | ABI_O_TRUNC) ? -EROFS : 0;
}

/*
 * The working directory is the root: relative paths begin there, and there is
 * no other directory to begin in.
 */
static int path_copy(char *path, uaddr_t from, int dirfd)
{
	long len;

	path[0] = '/';
	len = copy_string_from_user(path + 1, from, PROCESS_PATH_BYTES - 1);
	if (len < 0) {
		return (int)len;
	}
	if (len == 0) {
		return -ENOENT;
	}
	if (path[1] == '/') {
		memmove(path, path + 1, (size_t)len + 1);
		return 0;
	}
	return dirfd == ABI_AT_FDCWD ? 0 : -EBADF;
}

static long open_path(int dirfd, uaddr_t from, u64 flags)
{
	char path[PROCESS_PATH_BYTES];
	struct file *file;
	u32 access;
	int err = path_copy(path, from, dirfd);

	if (err == 0) {
		err = open_access(flags, &access);
	}
	if (err == 0) {
		err = file_open(path, access, &file);
	}
	if (err) {
		return err;
	}
	err = descriptors_add(process_current()->descriptors, file, 0,
			      DESCRIPTORS_LIMIT, false);
	if (err < 0) {
		file_put(file);
	}
	return err;
}

SYSCALL_HANDLER(open)
{
	return open_path(ABI_AT_FDCWD, uaddr(a), b);
}

SYSCALL_HANDLER(openat)
{
	return open_path((int)a, uaddr(b), c);
}

static long stat_out(const struct file_stat *stat, uaddr_t to)
{
	struct abi_stat out = {
		.ino = stat->ino,
		.nlink = stat->nlink,
		.mode = stat->mode,
		.uid = stat->uid,
		.gid = stat->gid,
		.rdev = stat->rdev,
		.size = (s64)stat->size_bytes,
		.blksize = PAGE_SIZE,
		.blocks = (s64)DIV_ROUND_UP(stat->size_bytes, 512),
		.mtime_s = stat->mtime_s,
	};

	return copy_to_user(to, &out, sizeof(out));
}

static long stat_fd(u64 fd, uaddr_t to)
{
	struct file_use use = file_use(fd);
	struct file *file = use.file;
	struct file_stat stat;

	if (file == NULL) {
		return -EBADF;
	}
	file->ops->stat(file, &stat);
	file_use_end(use);
	return stat_out(&stat, to);
}

static long stat_path(int dirfd, uaddr_t from, uaddr_t to)
{
	char path[PROCESS_PATH_BYTES];
	struct file_stat stat;
	int err = path_copy(path, from, dirfd);

	if (err == 0) {
		err = file_stat_path(path, &stat);
	}
	return err ? err : stat_out(&stat, to);
}

SYSCALL_HANDLER(stat)
{
	return stat_path(ABI_AT_FDCWD, uaddr(a), uaddr(b));
}

SYSCALL_HANDLER(fstat)
{
	return stat_fd(a, uaddr(b));
}

SYSCALL_HANDLER(newfstatat)
{
	char first;

	if (copy_from_user(&first, uaddr(b), 1) != 0) {
		return -EFAULT;
	}
	if (first == '\0') {
		return d & ABI_AT_EMPTY_PATH ? stat_fd(a, uaddr(c)) : -ENOENT;
	}
	return stat_path((int)a, uaddr(b), uaddr(c));
}

SYSCALL_HANDLER(readlink)
{
	char path[PROCESS_PATH_BYTES];
	const char *target = process_current()->exe;
	s32 room = (s32)c; /* an int: the upper half does not count */
	size_t len;
	int err;

	if (room <= 0) {
		return -EINVAL;
	}
	err = path_copy(path, uaddr(a), ABI_AT_FDCWD);
	if (err) {
		return err;
	}
	if (strcmp(path, "/proc/self/exe") != 0) {
		return -ENOENT;
	}
	len = MIN((size_t)room, strlen(target));
	err = copy_to_user(uaddr(b), target, len);
	return err ? err : (long)len;
}
