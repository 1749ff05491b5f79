/* SPDX-License-Identifier: MIT */
/*
 * Structures and numbers of the Linux x86_64 ABI, but for those of files
 * (posix/abi_file.h), signals and sockets.  tests/posix/test_abi.c holds them
 * against linux-libc-dev's headers on the host.
 */
#ifndef EXO_POSIX_ABI_H
#define EXO_POSIX_ABI_H

#include "lib/types.h"

struct abi_timespec {
	s64 s;
	s64 ns;
};

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
