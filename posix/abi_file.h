/* SPDX-License-Identifier: MIT */
/*
 * Structures and numbers of the Linux x86_64 ABI: files, descriptors, mounts.
 * tests/posix/test_abi.c holds them against linux-libc-dev's headers.
 */
#ifndef EXO_POSIX_ABI_FILE_H
#define EXO_POSIX_ABI_FILE_H

#include "lib/types.h"

#define ABI_IOV_MAX 1024

struct abi_iovec {
	u64 base;
	u64 len;
};

enum abi_rwf {
	ABI_RWF_HIPRI = 1,
	ABI_RWF_DSYNC = 2,
	ABI_RWF_SYNC = 4,
};

struct abi_stat {
	u64 dev;
	u64 ino;
	u64 nlink;
	u32 mode;
	u32 uid;
	u32 gid;
	u32 pad;
	u64 rdev;
	s64 size;
	s64 blksize;
	s64 blocks;
	u64 atime_s, atime_ns;
	u64 mtime_s, mtime_ns;
	u64 ctime_s, ctime_ns;
	s64 unused[3];
};

static_assert(sizeof(struct abi_stat) == 144, "asm/stat.h");

enum abi_open {
	ABI_O_ACCMODE = 03,
	ABI_O_WRONLY = 01,
	ABI_O_RDWR = 02,
	ABI_O_CREAT = 0100,
	ABI_O_EXCL = 0200,
	ABI_O_NOCTTY = 0400,
	ABI_O_TRUNC = 01000,
	ABI_O_APPEND = 02000,
	ABI_O_NONBLOCK = 04000,
	ABI_O_DIRECTORY = 0200000,
	ABI_O_NOFOLLOW = 0400000,
	ABI_O_CLOEXEC = 02000000,
	ABI_O_PATH = 010000000,
	ABI_O_TMPFILE = 020000000, /* without O_DIRECTORY */
};

/* struct open_how of openat2(2) */
struct abi_open_how {
	u64 flags;
	u64 mode;
	u64 resolve;
};

enum abi_memfd {
	ABI_MFD_CLOEXEC = 1,
	ABI_MFD_ALLOW_SEALING = 2,
	ABI_MFD_NAME_MAX = 249, /* no header of Linux names it */
};

enum abi_at {
	ABI_AT_FDCWD = -100,
	ABI_AT_SYMLINK_NOFOLLOW = 0x100,
	ABI_AT_REMOVEDIR = 0x200,
	ABI_AT_EACCESS = 0x200,
	ABI_AT_SYMLINK_FOLLOW = 0x400,
	ABI_AT_NO_AUTOMOUNT = 0x800,
	ABI_AT_EMPTY_PATH = 0x1000,
	ABI_AT_STATX_SYNC_TYPE = 0x6000,
};

enum abi_rename {
	ABI_RENAME_NOREPLACE = 1,
	ABI_RENAME_EXCHANGE = 2,
};

enum abi_utime {
	ABI_UTIME_NOW = 0x3fffffff,
	ABI_UTIME_OMIT = 0x3ffffffe,
};

enum abi_fcntl {
	ABI_F_DUPFD = 0,
	ABI_F_GETFD = 1,
	ABI_F_SETFD = 2,
	ABI_F_GETFL = 3,
	ABI_F_SETFL = 4,
	ABI_F_GETLK = 5,
	ABI_F_SETLK = 6,
	ABI_F_SETLKW = 7,
	ABI_F_OFD_GETLK = 36,
	ABI_F_OFD_SETLK = 37,
	ABI_F_OFD_SETLKW = 38,
	ABI_F_DUPFD_CLOEXEC = 1030,
	ABI_F_SETPIPE_SZ = 1031,
	ABI_F_GETPIPE_SZ = 1032,
	ABI_F_ADD_SEALS = 1033,
	ABI_F_GET_SEALS = 1034,
	ABI_F_SEAL_SEAL = 1,
	ABI_F_SEAL_SHRINK = 2,
	ABI_F_SEAL_GROW = 4,
	ABI_F_SEAL_WRITE = 8,
	ABI_F_SEAL_FUTURE_WRITE = 16,
	ABI_CLOSE_RANGE_UNSHARE = 2,
	ABI_CLOSE_RANGE_CLOEXEC = 4,
};

/* What fcntl(2) locks; the types are enum lock_type. */
struct abi_flock {
	s16 type;
	s16 whence;
	u32 unused;
	s64 start;
	s64 len;
	s32 pid;
	u32 unused_end;
};

static_assert(sizeof(struct abi_flock) == 32, "asm-generic/fcntl.h");

enum abi_lock {
	ABI_LOCK_SH = 1,
	ABI_LOCK_EX = 2,
	ABI_LOCK_NB = 4,
	ABI_LOCK_UN = 8,
};

enum abi_poll {
	ABI_POLLIN = 1,
	ABI_POLLOUT = 4,
	ABI_POLLERR = 8,
	ABI_POLLHUP = 0x10,
	ABI_POLLNVAL = 0x20,
	ABI_POLLRDNORM = 0x40,
	ABI_POLLWRNORM = 0x100,
};

enum abi_eventfd {
	ABI_EFD_SEMAPHORE = 1,
	ABI_EFD_NONBLOCK = 04000,
	ABI_EFD_CLOEXEC = 02000000,
};

enum abi_signalfd {
	ABI_SFD_NONBLOCK = 04000,
	ABI_SFD_CLOEXEC = 02000000,
};

/* struct signalfd_siginfo */
struct abi_signalfd_info {
	u32 signal;
	s32 error;
	s32 code;
	u32 pid;
	u32 uid;
	s32 fd;
	u32 timer;
	u32 band;
	u32 overrun;
	u32 trap;
	s32 status;
	s32 value;
	u64 pointer;
	u64 user_time;
	u64 system_time;
	u64 address;
	u8 unused[48];
};

static_assert(sizeof(struct abi_signalfd_info) == 128, "linux/signalfd.h");

enum abi_epoll {
	ABI_EPOLL_CLOEXEC = 02000000,
	ABI_EPOLL_CTL_ADD = 1,
	ABI_EPOLL_CTL_DEL = 2,
	ABI_EPOLL_CTL_MOD = 3,
	ABI_EPOLLEXCLUSIVE = 1 << 28,
	ABI_EPOLLWAKEUP = 1 << 29,
	ABI_EPOLLONESHOT = 1 << 30,
};

#define ABI_EPOLLET 0x80000000u

struct abi_pollfd {
	s32 fd;
	s16 events;
	s16 revents;
};

enum abi_ioctl {
	ABI_FIONBIO = 0x5421,
	ABI_FIONCLEX = 0x5450,
	ABI_FIOCLEX = 0x5451,
};

enum abi_mount {
	ABI_MS_REMOUNT = 0x20,
	ABI_MS_BIND = 0x1000,
	ABI_MS_MOVE = 0x2000,
	ABI_MNT_FORCE = 1,
	ABI_MNT_DETACH = 2,
	ABI_UMOUNT_NOFOLLOW = 8,
	ABI_ST_VALID = 0x20, /* statfs: the flags mean something */
};

/* getdents64(2) */
struct abi_dirent {
	u64 ino;
	s64 next; /* where to seek for the next one */
	u16 len;
	u8 type; /* the mode's type, moved down */
	char name[];
} packed;

struct abi_statfs {
	s64 type;
	s64 bsize;
	u64 blocks;
	u64 bfree;
	u64 bavail;
	u64 files;
	u64 ffree;
	s32 fsid[2];
	s64 namelen;
	s64 frsize;
	s64 flags;
	s64 spare[4];
};

struct abi_statx_time {
	s64 s;
	u32 ns;
	s32 pad;
};

#define ABI_STATX_BASIC_STATS 0x7ffu
#define ABI_STATX__RESERVED   0x80000000u

struct abi_statx {
	u32 mask;
	u32 blksize;
	u64 attributes;
	u32 nlink;
	u32 uid;
	u32 gid;
	u16 mode;
	u16 pad;
	u64 ino;
	u64 size;
	u64 blocks;
	u64 attributes_mask;
	struct abi_statx_time atime, btime, ctime, mtime;
	u32 rdev_major;
	u32 rdev_minor;
	u32 dev_major;
	u32 dev_minor;
	u64 spare[14];
};

#endif
