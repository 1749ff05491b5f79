/* SPDX-License-Identifier: MIT */
/*
 * The rest of posix/abi.h, posix/abi_file.h and posix/abi_signal.h against the
 * host's Linux headers, as tests/posix/test_abi.c does it: numbers and flags of
 * the calls on memory, processes, locks and limits.  tests/system/documents.py
 * looks that none is left out.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/membarrier.h>
#include <linux/openat2.h>
#include <sched.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#include "posix/abi.h"
#include "posix/abi_file.h"
#include "posix/abi_signal.h"

#define SAME(name) static_assert((u64)ABI_##name == (u64)(name), #name)
#define SAME_SIZE(ours, theirs) \
	static_assert(sizeof(struct ours) == sizeof(struct theirs), #ours)
#define SAME_PLACE(ours, our_field, theirs, their_field)            \
	static_assert(offsetof(struct ours, our_field) ==           \
			      offsetof(struct theirs, their_field), \
		      #our_field)

SAME(RWF_HIPRI);
SAME(RWF_DSYNC);
SAME(RWF_SYNC);
SAME(RLIMIT_FSIZE);
SAME(RLIMIT_MEMLOCK);
SAME(RLIMIT_DATA);
SAME(RLIMIT_CORE);
SAME(RLIMIT_NPROC);
SAME(RLIMIT_AS);
SAME(MFD_CLOEXEC);
SAME(MFD_ALLOW_SEALING);
SAME(F_GETLK);
SAME(F_SETLK);
SAME(F_SETLKW);
SAME(F_OFD_GETLK);
SAME(F_OFD_SETLK);
SAME(F_OFD_SETLKW);
SAME(LOCK_SH);
SAME(LOCK_EX);
SAME(LOCK_NB);
SAME(LOCK_UN);
SAME(MAP_SHARED_VALIDATE);
SAME(MAP_32BIT);
SAME(MAP_LOCKED);
SAME(MAP_NONBLOCK);
SAME(MAP_HUGETLB);
SAME(MREMAP_MAYMOVE);
SAME(MREMAP_FIXED);
SAME(MS_ASYNC);
SAME(MS_INVALIDATE);
SAME(MS_SYNC);
SAME(MLOCK_ONFAULT);
SAME(MCL_CURRENT);
SAME(MCL_FUTURE);
SAME(MCL_ONFAULT);
SAME(MADV_NORMAL);
SAME(MADV_RANDOM);
SAME(MADV_SEQUENTIAL);
SAME(MADV_WILLNEED);
SAME(MADV_DONTNEED);
SAME(MADV_FREE);
SAME(MADV_DONTFORK);
SAME(MADV_DOFORK);
SAME(MADV_HUGEPAGE);
SAME(MADV_NOHUGEPAGE);
SAME(MADV_DONTDUMP);
SAME(MADV_DODUMP);
SAME(MADV_WIPEONFORK);
SAME(MADV_KEEPONFORK);
SAME(MADV_COLD);
SAME(MADV_PAGEOUT);
SAME(MADV_POPULATE_READ);
SAME(MADV_POPULATE_WRITE);
SAME(CSIGNAL);
SAME_SIZE(abi_clone_args, clone_args);
SAME_PLACE(abi_clone_args, exit_signal, clone_args, exit_signal);
SAME_PLACE(abi_clone_args, stack_bytes, clone_args, stack_size);
SAME_PLACE(abi_clone_args, tls, clone_args, tls);
SAME_PLACE(abi_clone_args, set_tid_count, clone_args, set_tid_size);
SAME(CLONE_ARGS_SIZE_VER0);
SAME(CLONE_VM);
SAME(CLONE_FS);
SAME(CLONE_FILES);
SAME(CLONE_SIGHAND);
SAME(CLONE_VFORK);
SAME(CLONE_PARENT);
SAME(CLONE_THREAD);
SAME(CLONE_SYSVSEM);
SAME(CLONE_SETTLS);
SAME(CLONE_PARENT_SETTID);
SAME(CLONE_CHILD_CLEARTID);
SAME(CLONE_DETACHED);
SAME(CLONE_UNTRACED);
SAME(CLONE_CHILD_SETTID);
SAME(WNOHANG);
SAME(WSTOPPED);
SAME(WEXITED);
SAME(WCONTINUED);
SAME(WNOWAIT);
SAME(P_ALL);
SAME(P_PID);
SAME(P_PGID);
SAME(PR_SET_PDEATHSIG);
SAME(PR_GET_PDEATHSIG);
SAME(PR_GET_DUMPABLE);
SAME(PR_SET_DUMPABLE);
SAME(PR_CAPBSET_READ);
SAME(PR_SET_CHILD_SUBREAPER);
SAME(PR_GET_CHILD_SUBREAPER);
SAME(PR_SET_NO_NEW_PRIVS);
SAME(PR_GET_NO_NEW_PRIVS);
SAME(MEMBARRIER_CMD_QUERY);
SAME(MEMBARRIER_CMD_GLOBAL);
SAME(MEMBARRIER_CMD_GLOBAL_EXPEDITED);
SAME(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED);
SAME(MEMBARRIER_CMD_PRIVATE_EXPEDITED);
SAME(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED);
SAME(SA_NOCLDSTOP);
SAME(SA_NOCLDWAIT);
SAME(SA_SIGINFO);
SAME(SA_ONSTACK);
SAME(SA_RESTART);
SAME(SA_NODEFER);
SAME(SA_RESETHAND);
SAME(STATX__RESERVED);
SAME(RLIM_INFINITY);
static_assert(ABI_NSIG == _NSIG - 1, "_NSIG counts signal 0");
static_assert(ABI_SIGRTMIN == __SIGRTMIN, "SIGRTMIN");
static_assert(ABI_SIG_DFL == (u64)SIG_DFL, "SIG_DFL");
static_assert(ABI_SIG_IGN == (u64)SIG_IGN, "SIG_IGN");
static_assert((u32)ABI_WCLONE == (u32)__WCLONE, "__WCLONE");
static_assert((int)ABI_WALL == (int)__WALL, "__WALL");
static_assert((int)ABI_WNOTHREAD == (int)__WNOTHREAD, "__WNOTHREAD");
static_assert(ABI_UTSNAME_BYTES == sizeof(((struct utsname *)0)->sysname),
	      "struct utsname");

SAME_SIZE(abi_open_how, open_how);
SAME_PLACE(abi_open_how, resolve, open_how, resolve);
SAME_SIZE(abi_flock, flock);
SAME_PLACE(abi_flock, whence, flock, l_whence);
SAME_PLACE(abi_flock, start, flock, l_start);
SAME_PLACE(abi_flock, len, flock, l_len);
SAME_PLACE(abi_flock, pid, flock, l_pid);
SAME_SIZE(abi_rusage, rusage);
SAME_PLACE(abi_rusage, system, rusage, ru_stime);
SAME_PLACE(abi_rusage, max_rss_kb, rusage, ru_maxrss);
SAME_PLACE(abi_rusage, minor_faults, rusage, ru_minflt);
SAME_PLACE(abi_rusage, major_faults, rusage, ru_majflt);
SAME_PLACE(abi_rusage, voluntary_switches, rusage, ru_nvcsw);
SAME_PLACE(abi_rusage, involuntary_switches, rusage, ru_nivcsw);
SAME_SIZE(abi_statx_time, statx_timestamp);
SAME_PLACE(abi_statx_time, ns, statx_timestamp, tv_nsec);
SAME_SIZE(abi_timeval, timeval);
SAME_PLACE(abi_timeval, us, timeval, tv_usec);
SAME_SIZE(abi_sysinfo, sysinfo);
SAME(SI_LOAD_SHIFT);
SAME_PLACE(abi_sysinfo, loads, sysinfo, loads);
SAME_PLACE(abi_sysinfo, total_ram, sysinfo, totalram);
SAME_PLACE(abi_sysinfo, buffer_ram, sysinfo, bufferram);
SAME_PLACE(abi_sysinfo, free_swap, sysinfo, freeswap);
SAME_PLACE(abi_sysinfo, processes, sysinfo, procs);
SAME_PLACE(abi_sysinfo, total_high, sysinfo, totalhigh);
SAME_PLACE(abi_sysinfo, unit_bytes, sysinfo, mem_unit);
static_assert(sizeof(struct abi_wait_info) == sizeof(siginfo_t), "siginfo_t");
static_assert(offsetof(struct abi_wait_info, pid) ==
		      offsetof(siginfo_t, si_pid),
	      "si_pid");
static_assert(offsetof(struct abi_wait_info, status) ==
		      offsetof(siginfo_t, si_status),
	      "si_status");
