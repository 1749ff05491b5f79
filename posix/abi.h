/* SPDX-License-Identifier: MIT */
/*
 * Structures and numbers of the Linux x86_64 ABI.  tests/posix/test_abi.c
 * holds them against linux-libc-dev's headers on the host.
 */
#ifndef EXO_POSIX_ABI_H
#define EXO_POSIX_ABI_H

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

struct abi_timespec {
	s64 s;
	s64 ns;
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

#define ABI_UTSNAME_BYTES 65

struct abi_utsname {
	char sysname[ABI_UTSNAME_BYTES];
	char nodename[ABI_UTSNAME_BYTES];
	char release[ABI_UTSNAME_BYTES];
	char version[ABI_UTSNAME_BYTES];
	char machine[ABI_UTSNAME_BYTES];
	char domainname[ABI_UTSNAME_BYTES];
};

struct abi_rlimit {
	u64 current;
	u64 max;
};

#define ABI_RLIM_INFINITY UINT64_MAX

enum abi_rlimit_resource {
	ABI_RLIMIT_FSIZE = 1,
	ABI_RLIMIT_DATA = 2,
	ABI_RLIMIT_STACK = 3,
	ABI_RLIMIT_CORE = 4,
	ABI_RLIMIT_NPROC = 6,
	ABI_RLIMIT_NOFILE = 7,
	ABI_RLIMIT_MEMLOCK = 8,
	ABI_RLIMIT_AS = 9,
	ABI_RLIM_NLIMITS = 16,
};

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

/* struct clone_args of clone3(2) */
struct abi_clone_args {
	u64 flags;
	u64 pidfd;
	u64 child_tid;
	u64 parent_tid;
	u64 exit_signal;
	u64 stack;
	u64 stack_bytes;
	u64 tls;
	u64 set_tid;
	u64 set_tid_count;
	u64 cgroup;
};

/* What a caller may leave away behind that. */
#define ABI_CLONE_ARGS_SIZE_VER0 64

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

enum abi_mmap {
	ABI_PROT_READ = 1,
	ABI_PROT_WRITE = 2,
	ABI_PROT_EXEC = 4,
	ABI_MAP_SHARED = 1,
	ABI_MAP_PRIVATE = 2,
	ABI_MAP_SHARED_VALIDATE = 3,
	ABI_MAP_TYPE = 0xf,
	ABI_MAP_FIXED = 0x10,
	ABI_MAP_ANONYMOUS = 0x20,
	ABI_MAP_32BIT = 0x40,
	ABI_MAP_GROWSDOWN = 0x100,
	ABI_MAP_LOCKED = 0x2000,
	ABI_MAP_NORESERVE = 0x4000,
	ABI_MAP_POPULATE = 0x8000,
	ABI_MAP_NONBLOCK = 0x10000,
	ABI_MAP_STACK = 0x20000,
	ABI_MAP_HUGETLB = 0x40000,
	ABI_MAP_FIXED_NOREPLACE = 0x100000,
};

enum abi_memory {
	ABI_MREMAP_MAYMOVE = 1,
	ABI_MREMAP_FIXED = 2,
	ABI_MS_ASYNC = 1,
	ABI_MS_INVALIDATE = 2,
	ABI_MS_SYNC = 4,
	ABI_MLOCK_ONFAULT = 1,
	ABI_MCL_CURRENT = 1,
	ABI_MCL_FUTURE = 2,
	ABI_MCL_ONFAULT = 4,
};

enum abi_madvise {
	ABI_MADV_NORMAL = 0,
	ABI_MADV_RANDOM = 1,
	ABI_MADV_SEQUENTIAL = 2,
	ABI_MADV_WILLNEED = 3,
	ABI_MADV_DONTNEED = 4,
	ABI_MADV_FREE = 8,
	ABI_MADV_DONTFORK = 10,
	ABI_MADV_DOFORK = 11,
	ABI_MADV_HUGEPAGE = 14,
	ABI_MADV_NOHUGEPAGE = 15,
	ABI_MADV_DONTDUMP = 16,
	ABI_MADV_DODUMP = 17,
	ABI_MADV_WIPEONFORK = 18,
	ABI_MADV_KEEPONFORK = 19,
	ABI_MADV_COLD = 20,
	ABI_MADV_PAGEOUT = 21,
	ABI_MADV_POPULATE_READ = 22,
	ABI_MADV_POPULATE_WRITE = 23,
};

enum abi_clone {
	ABI_CSIGNAL = 0xff,
	ABI_CLONE_VM = 0x100,
	ABI_CLONE_FS = 0x200,
	ABI_CLONE_FILES = 0x400,
	ABI_CLONE_SIGHAND = 0x800,
	ABI_CLONE_VFORK = 0x4000,
	ABI_CLONE_PARENT = 0x8000,
	ABI_CLONE_THREAD = 0x10000,
	ABI_CLONE_SYSVSEM = 0x40000,
	ABI_CLONE_SETTLS = 0x80000,
	ABI_CLONE_PARENT_SETTID = 0x100000,
	ABI_CLONE_CHILD_CLEARTID = 0x200000,
	ABI_CLONE_DETACHED = 0x400000,
	ABI_CLONE_UNTRACED = 0x800000,
	ABI_CLONE_CHILD_SETTID = 0x1000000,
};

enum abi_wait {
	ABI_WNOHANG = 1,
	ABI_WSTOPPED = 2,
	ABI_WEXITED = 4,
	ABI_WCONTINUED = 8,
	ABI_WNOWAIT = 0x1000000,
	ABI_WNOTHREAD = 0x20000000,
	ABI_WALL = 0x40000000,
	ABI_P_ALL = 0,
	ABI_P_PID = 1,
	ABI_P_PGID = 2,
};

#define ABI_WCLONE 0x80000000u

/* siginfo_t as waitid() fills it. */
struct abi_wait_info {
	s32 signal;
	s32 error;
	s32 code;
	u32 pad;
	s32 pid;
	u32 uid;
	s32 status;
	u8 unused[100];
};

static_assert(sizeof(struct abi_wait_info) == 128, "bits/types/siginfo_t.h");

struct abi_timeval {
	s64 s;
	s64 us;
};

struct abi_rusage {
	struct abi_timeval user;
	struct abi_timeval system;
	s64 max_rss_kb;
	s64 unused_sizes[3];
	s64 minor_faults;
	s64 major_faults;
	s64 unused_counts[6];
	s64 voluntary_switches;
	s64 involuntary_switches;
};

static_assert(sizeof(struct abi_rusage) == 144, "bits/types/struct_rusage.h");

enum abi_arch_prctl {
	ABI_ARCH_SET_GS = 0x1001,
	ABI_ARCH_SET_FS = 0x1002,
	ABI_ARCH_GET_FS = 0x1003,
	ABI_ARCH_GET_GS = 0x1004,
};

enum abi_prctl {
	ABI_PR_SET_PDEATHSIG = 1,
	ABI_PR_GET_PDEATHSIG = 2,
	ABI_PR_GET_DUMPABLE = 3,
	ABI_PR_SET_DUMPABLE = 4,
	ABI_PR_SET_NAME = 15,
	ABI_PR_GET_NAME = 16,
	ABI_PR_CAPBSET_READ = 23,
	ABI_PR_SET_CHILD_SUBREAPER = 36,
	ABI_PR_GET_CHILD_SUBREAPER = 37,
	ABI_PR_SET_NO_NEW_PRIVS = 38,
	ABI_PR_GET_NO_NEW_PRIVS = 39,
};

struct abi_sysinfo {
	s64 uptime_s;
	u64 loads[3];
	u64 total_ram;
	u64 free_ram;
	u64 shared_ram;
	u64 buffer_ram;
	u64 total_swap;
	u64 free_swap;
	u16 processes;
	u16 pad;
	u64 total_high;
	u64 free_high;
	u32 unit_bytes;
};

static_assert(sizeof(struct abi_sysinfo) == 112, "linux/sysinfo.h");

/* Of the loads there. */
#define ABI_SI_LOAD_SHIFT 16

enum abi_clock {
	ABI_CLOCK_REALTIME = 0,
	ABI_CLOCK_MONOTONIC = 1,
	ABI_CLOCK_PROCESS_CPUTIME_ID = 2,
	ABI_CLOCK_THREAD_CPUTIME_ID = 3,
	ABI_CLOCK_MONOTONIC_RAW = 4,
	ABI_CLOCK_REALTIME_COARSE = 5,
	ABI_CLOCK_MONOTONIC_COARSE = 6,
	ABI_CLOCK_BOOTTIME = 7,
};

enum abi_timer {
	ABI_TIMER_ABSTIME = 1,
};

enum abi_timerfd {
	ABI_TFD_TIMER_ABSTIME = 1,
	ABI_TFD_TIMER_CANCEL_ON_SET = 2,
	ABI_TFD_NONBLOCK = 04000,
	ABI_TFD_CLOEXEC = 02000000,
};

enum abi_itimer {
	ABI_ITIMER_REAL = 0,
	ABI_ITIMER_VIRTUAL = 1,
	ABI_ITIMER_PROF = 2,
};

struct abi_itimerval {
	s64 interval_s, interval_us;
	s64 value_s, value_us;
};

enum abi_membarrier {
	ABI_MEMBARRIER_CMD_QUERY = 0,
	ABI_MEMBARRIER_CMD_GLOBAL = 1,
	ABI_MEMBARRIER_CMD_GLOBAL_EXPEDITED = 2,
	ABI_MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED = 4,
	ABI_MEMBARRIER_CMD_PRIVATE_EXPEDITED = 8,
	ABI_MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED = 16,
};

/* struct sched_attr as it was first */
struct abi_sched_attr {
	u32 size;
	u32 policy;
	u64 flags;
	s32 nice;
	u32 priority;
	u64 deadline_times[3];
};

static_assert(sizeof(struct abi_sched_attr) == 48, "linux/sched/types.h");

enum abi_getrandom {
	ABI_GRND_NONBLOCK = 1,
	ABI_GRND_RANDOM = 2,
	ABI_GRND_INSECURE = 4,
};

enum abi_reboot {
	ABI_REBOOT_MAGIC1 = 0xfee1dead,
	ABI_REBOOT_MAGIC2 = 0x28121969,
	ABI_REBOOT_MAGIC2A = 0x05121996,
	ABI_REBOOT_MAGIC2B = 0x16041998,
	ABI_REBOOT_MAGIC2C = 0x20112000,
	ABI_REBOOT_RESTART = 0x01234567,
	ABI_REBOOT_RESTART2 = 0xa1b2c3d4,
	ABI_REBOOT_POWER_OFF = 0x4321fedc,
	ABI_REBOOT_HALT = 0xcdef0123,
};

/* Types of syslog(2), which no header of Linux names. */
enum abi_syslog {
	ABI_SYSLOG_READ = 2,
	ABI_SYSLOG_READ_ALL = 3,
	ABI_SYSLOG_READ_CLEAR = 4,
	ABI_SYSLOG_CLEAR = 5,
	ABI_SYSLOG_CONSOLE_LEVEL = 8,
	ABI_SYSLOG_SIZE_UNREAD = 9,
	ABI_SYSLOG_SIZE_BUFFER = 10,
};

#endif
