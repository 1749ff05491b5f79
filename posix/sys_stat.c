/* SPDX-License-Identifier: MIT */
/*
 * System calls that tell what a file is: stat in its three forms, statx.
 */
#include "arch/user.h"
#include "lib/errno.h"
#include "posix/abi.h"
#include "posix/abi_file.h"
#include "posix/descriptors.h"
#include "posix/place.h"
#include "posix/syscall.h"

#define NS_PER_S 1000000000l

/* Splits nanoseconds since 1970, rounded to the past. */
static struct abi_timespec time_split(s64 ns)
{
	s64 s = ns / NS_PER_S, rest = ns % NS_PER_S;

	return rest < 0 ? (struct abi_timespec){ s - 1, rest + NS_PER_S }
			: (struct abi_timespec){ s, rest };
}

static long stat_out(const struct file_stat *stat, uaddr_t to)
{
	struct abi_timespec atime = time_split(stat->atime_ns);
	struct abi_timespec mtime = time_split(stat->mtime_ns);
	struct abi_timespec ctime = time_split(stat->ctime_ns);
	struct abi_stat out = {
		.dev = stat->device,
		.ino = stat->ino,
		.nlink = stat->nlink,
		.mode = stat->mode,
		.uid = stat->uid,
		.gid = stat->gid,
		.rdev = stat->rdev,
		.size = (s64)stat->size_bytes,
		.blksize = PAGE_SIZE,
		.blocks = (s64)stat->blocks,
		.atime_s = (u64)atime.s,
		.atime_ns = (u64)atime.ns,
		.mtime_s = (u64)mtime.s,
		.mtime_ns = (u64)mtime.ns,
		.ctime_s = (u64)ctime.s,
		.ctime_ns = (u64)ctime.ns,
	};

	return copy_to_user(to, &out, sizeof(out));
}

static long stat_fd(u64 fd, struct file_stat *out)
{
	struct file_use use = file_use(fd, CAP_ANY);

	if (use.file == NULL) {
		return -EBADF;
	}
	file_stat(use.file, out);
	file_use_end(use);
	return 0;
}

/* The file of a path, or with AT_EMPTY_PATH of the descriptor itself. */
static long stat_at(int dirfd, uaddr_t text, u64 flags, struct file_stat *out)
{
	struct place place;
	struct path p;
	int err = path_from_user(&p, text);

	if (err == 0 && p.rest[0] == '\0' && (flags & ABI_AT_EMPTY_PATH) &&
	    dirfd != ABI_AT_FDCWD) {
		path_end(&p);
		return stat_fd((u32)dirfd, out);
	}
	err = err ? err : place_start(&p, dirfd, &place);
	if (err == 0) {
		err = path_walk(&p, place.context, place.start,
				place_flags(flags));
	}
	if (err == 0) {
		vnode_stat(p.vnode, out);
	}
	path_end(&p);
	return err;
}

static long stat_call(int dirfd, uaddr_t text, u64 flags, uaddr_t to)
{
	struct file_stat stat;
	long err = stat_at(dirfd, text, flags, &stat);

	return err ? err : stat_out(&stat, to);
}

SYSCALL_HANDLER(stat)
{
	return stat_call(ABI_AT_FDCWD, uaddr(a), 0, uaddr(b));
}

SYSCALL_HANDLER(lstat)
{
	return stat_call(ABI_AT_FDCWD, uaddr(a), ABI_AT_SYMLINK_NOFOLLOW,
			 uaddr(b));
}

SYSCALL_HANDLER(fstat)
{
	struct file_stat stat;
	long err = stat_fd(a, &stat);

	return err ? err : stat_out(&stat, uaddr(b));
}

SYSCALL_HANDLER(newfstatat)
{
	if ((u32)d & ~(u32)(ABI_AT_SYMLINK_NOFOLLOW | ABI_AT_NO_AUTOMOUNT |
			    ABI_AT_EMPTY_PATH)) {
		return -EINVAL;
	}
	return stat_call((int)a, uaddr(b), d, uaddr(c));
}

static struct abi_statx_time statx_time(s64 ns)
{
	struct abi_timespec t = time_split(ns);

	return (struct abi_statx_time){ .s = t.s, .ns = (u32)t.ns };
}

static long statx_out(const struct file_stat *stat, uaddr_t to)
{
	struct abi_statx out = {
		.mask = ABI_STATX_BASIC_STATS,
		.blksize = PAGE_SIZE,
		.nlink = stat->nlink,
		.uid = stat->uid,
		.gid = stat->gid,
		.mode = (u16)stat->mode,
		.ino = stat->ino,
		.size = stat->size_bytes,
		.blocks = stat->blocks,
		.atime = statx_time(stat->atime_ns),
		.mtime = statx_time(stat->mtime_ns),
		.ctime = statx_time(stat->ctime_ns),
		.rdev_major = (u32)(stat->rdev >> 8 & 0xfff),
		.rdev_minor = (u32)(stat->rdev & 0xff),
		.dev_minor = (u32)stat->device,
	};

	return copy_to_user(to, &out, sizeof(out));
}

SYSCALL_HANDLER(statx)
{
	struct file_stat stat;
	u32 sync = (u32)c & ABI_AT_STATX_SYNC_TYPE;
	long err;

	if (((u32)c & ~(u32)(ABI_AT_SYMLINK_NOFOLLOW | ABI_AT_NO_AUTOMOUNT |
			     ABI_AT_EMPTY_PATH | ABI_AT_STATX_SYNC_TYPE)) ||
	    sync == ABI_AT_STATX_SYNC_TYPE || (d & ABI_STATX__RESERVED)) {
		return -EINVAL;
	}
	err = stat_at((int)a, uaddr(b), c, &stat);
	return err ? err : statx_out(&stat, uaddr(e));
}
