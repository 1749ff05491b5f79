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
	ABI_RLIMIT_STACK = 3,
	ABI_RLIMIT_NOFILE = 7,
	ABI_RLIM_NLIMITS = 16,
};

enum abi_open {
	ABI_O_ACCMODE = 03,
	ABI_O_CREAT = 0100,
	ABI_O_TRUNC = 01000,
	ABI_AT_FDCWD = -100,
	ABI_AT_EMPTY_PATH = 0x1000,
};

enum abi_mmap {
	ABI_PROT_READ = 1,
	ABI_PROT_WRITE = 2,
	ABI_PROT_EXEC = 4,
	ABI_MAP_SHARED = 1,
	ABI_MAP_PRIVATE = 2,
	ABI_MAP_TYPE = 0xf,
	ABI_MAP_FIXED = 0x10,
	ABI_MAP_ANONYMOUS = 0x20,
	ABI_MAP_GROWSDOWN = 0x100,
	ABI_MAP_NORESERVE = 0x4000,
	ABI_MAP_POPULATE = 0x8000,
	ABI_MAP_STACK = 0x20000,
	ABI_MAP_FIXED_NOREPLACE = 0x100000,
};

enum abi_arch_prctl {
	ABI_ARCH_SET_GS = 0x1001,
	ABI_ARCH_SET_FS = 0x1002,
	ABI_ARCH_GET_FS = 0x1003,
	ABI_ARCH_GET_GS = 0x1004,
};

enum abi_prctl {
	ABI_PR_SET_NAME = 15,
	ABI_PR_GET_NAME = 16,
};

enum abi_clock {
	ABI_CLOCK_REALTIME = 0,
	ABI_CLOCK_MONOTONIC = 1,
	ABI_CLOCK_MONOTONIC_RAW = 4,
	ABI_CLOCK_REALTIME_COARSE = 5,
	ABI_CLOCK_MONOTONIC_COARSE = 6,
	ABI_CLOCK_BOOTTIME = 7,
};

enum abi_timer {
	ABI_TIMER_ABSTIME = 1,
};

enum abi_getrandom {
	ABI_GRND_NONBLOCK = 1,
	ABI_GRND_RANDOM = 2,
	ABI_GRND_INSECURE = 4,
};

#endif
