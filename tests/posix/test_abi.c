/* SPDX-License-Identifier: MIT */
/*
 * posix/abi.h against the host's Linux headers: each structure and number that
 * programs and the kernel must agree on.  The compiler is the test: a
 * difference does not build.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <asm/prctl.h>
#include <linux/reboot.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

#include "posix/abi.h"
#include "posix/abi_file.h"
#include "posix/abi_signal.h"

#define SAME_SIZE(ours, theirs) \
	static_assert(sizeof(struct ours) == sizeof(struct theirs), #ours)
#define SAME_PLACE(ours, our_field, theirs, their_field)            \
	static_assert(offsetof(struct ours, our_field) ==           \
			      offsetof(struct theirs, their_field), \
		      #our_field)
#define SAME(name) static_assert((long)ABI_##name == (long)(name), #name)

SAME_SIZE(abi_iovec, iovec);
SAME_PLACE(abi_iovec, len, iovec, iov_len);
SAME_SIZE(abi_timespec, timespec);
SAME_PLACE(abi_timespec, ns, timespec, tv_nsec);
SAME_SIZE(abi_stat, stat);
SAME_PLACE(abi_stat, ino, stat, st_ino);
SAME_PLACE(abi_stat, nlink, stat, st_nlink);
SAME_PLACE(abi_stat, mode, stat, st_mode);
SAME_PLACE(abi_stat, uid, stat, st_uid);
SAME_PLACE(abi_stat, rdev, stat, st_rdev);
SAME_PLACE(abi_stat, size, stat, st_size);
SAME_PLACE(abi_stat, blksize, stat, st_blksize);
SAME_PLACE(abi_stat, blocks, stat, st_blocks);
SAME_PLACE(abi_stat, mtime_s, stat, st_mtim);
static_assert(sizeof(struct signal_stack) == sizeof(stack_t), "stack_t");
static_assert(offsetof(struct signal_stack, size_bytes) ==
		      offsetof(stack_t, ss_size),
	      "stack_t");
static_assert(ABI_SIGINFO_BYTES == sizeof(siginfo_t), "siginfo_t");
static_assert(offsetof(struct abi_siginfo, code) ==
		      offsetof(siginfo_t, si_code),
	      "siginfo_t");
SAME_SIZE(abi_itimerval, itimerval);
SAME_PLACE(abi_itimerval, value_s, itimerval, it_value);
SAME_SIZE(abi_utsname, utsname);
SAME_PLACE(abi_utsname, machine, utsname, machine);
SAME_SIZE(abi_rlimit, rlimit);
SAME_PLACE(abi_rlimit, max, rlimit, rlim_max);

SAME(RLIMIT_STACK);
SAME(RLIMIT_NOFILE);
SAME(RLIM_NLIMITS);

#define SAME_REBOOT(ours, theirs)                                           \
	static_assert((u32)ABI_REBOOT_##ours == (u32)LINUX_REBOOT_##theirs, \
		      #theirs)

SAME_REBOOT(MAGIC1, MAGIC1);
SAME_REBOOT(MAGIC2, MAGIC2);
SAME_REBOOT(MAGIC2A, MAGIC2A);
SAME_REBOOT(MAGIC2B, MAGIC2B);
SAME_REBOOT(MAGIC2C, MAGIC2C);
SAME_REBOOT(RESTART, CMD_RESTART);
SAME_REBOOT(RESTART2, CMD_RESTART2);
SAME_REBOOT(POWER_OFF, CMD_POWER_OFF);
SAME_REBOOT(HALT, CMD_HALT);
SAME(O_ACCMODE);
SAME(O_CREAT);
SAME(O_TRUNC);
SAME(O_WRONLY);
SAME(O_RDWR);
SAME(O_EXCL);
SAME(O_NOCTTY);
SAME(O_APPEND);
SAME(O_NONBLOCK);
SAME(O_DIRECTORY);
SAME(O_NOFOLLOW);
SAME(O_CLOEXEC);
SAME(O_PATH);
static_assert((ABI_O_TMPFILE | ABI_O_DIRECTORY) == O_TMPFILE, "O_TMPFILE");
SAME(AT_SYMLINK_NOFOLLOW);
SAME(AT_REMOVEDIR);
SAME(AT_EACCESS);
SAME(AT_SYMLINK_FOLLOW);
SAME(AT_NO_AUTOMOUNT);
SAME(AT_STATX_SYNC_TYPE);
SAME(RENAME_NOREPLACE);
SAME(RENAME_EXCHANGE);
SAME(UTIME_NOW);
SAME(UTIME_OMIT);
SAME(F_DUPFD);
SAME(F_GETFD);
SAME(F_SETFD);
SAME(F_GETFL);
SAME(F_SETFL);
SAME(F_DUPFD_CLOEXEC);
SAME(F_SETPIPE_SZ);
SAME(F_GETPIPE_SZ);
SAME(F_ADD_SEALS);
SAME(F_GET_SEALS);
SAME(F_SEAL_SEAL);
SAME(F_SEAL_SHRINK);
SAME(F_SEAL_GROW);
SAME(F_SEAL_WRITE);
SAME(F_SEAL_FUTURE_WRITE);
SAME(CLOSE_RANGE_UNSHARE);
SAME(CLOSE_RANGE_CLOEXEC);
SAME(FIONBIO);
SAME(FIONCLEX);
SAME(FIOCLEX);
SAME(POLLIN);
SAME(POLLOUT);
SAME(POLLERR);
SAME(POLLHUP);
SAME(POLLNVAL);
SAME(POLLRDNORM);
SAME(POLLWRNORM);
SAME(TFD_TIMER_ABSTIME);
SAME(TFD_TIMER_CANCEL_ON_SET);
SAME(TFD_NONBLOCK);
SAME(TFD_CLOEXEC);
SAME(SFD_NONBLOCK);
SAME(SFD_CLOEXEC);
SAME_SIZE(abi_signalfd_info, signalfd_siginfo);
SAME_PLACE(abi_signalfd_info, timer, signalfd_siginfo, ssi_tid);
SAME_PLACE(abi_signalfd_info, overrun, signalfd_siginfo, ssi_overrun);
SAME_PLACE(abi_signalfd_info, status, signalfd_siginfo, ssi_status);
SAME_PLACE(abi_signalfd_info, value, signalfd_siginfo, ssi_int);
SAME_PLACE(abi_signalfd_info, pointer, signalfd_siginfo, ssi_ptr);
SAME_PLACE(abi_signalfd_info, user_time, signalfd_siginfo, ssi_utime);
SAME_PLACE(abi_signalfd_info, address, signalfd_siginfo, ssi_addr);
SAME(SIGEV_SIGNAL);
SAME(SIGEV_NONE);
SAME(SIGEV_THREAD);
SAME(SIGEV_THREAD_ID);
SAME_SIZE(abi_sigevent, sigevent);
SAME_PLACE(abi_sigevent, signal, sigevent, sigev_signo);
SAME_PLACE(abi_sigevent, notify, sigevent, sigev_notify);
SAME_PLACE(abi_sigevent, tid, sigevent, _sigev_un._tid);
SAME(EFD_SEMAPHORE);
SAME(EFD_NONBLOCK);
SAME(EFD_CLOEXEC);
SAME(EPOLL_CLOEXEC);
SAME(EPOLL_CTL_ADD);
SAME(EPOLL_CTL_DEL);
SAME(EPOLL_CTL_MOD);
SAME(EPOLLEXCLUSIVE);
SAME(EPOLLWAKEUP);
SAME(EPOLLONESHOT);
static_assert(ABI_EPOLLET == EPOLLET, "EPOLLET");
SAME(MS_REMOUNT);
SAME(MS_BIND);
SAME(MS_MOVE);
SAME(MNT_FORCE);
SAME(MNT_DETACH);
SAME(UMOUNT_NOFOLLOW);
SAME(STATX_BASIC_STATS);
SAME_SIZE(abi_pollfd, pollfd);
SAME_PLACE(abi_pollfd, revents, pollfd, revents);
SAME_SIZE(abi_statfs, statfs);
SAME_PLACE(abi_statfs, ffree, statfs, f_ffree);
SAME_PLACE(abi_statfs, namelen, statfs, f_namelen);
SAME_PLACE(abi_statfs, flags, statfs, f_flags);
SAME_SIZE(abi_statx, statx);
SAME_PLACE(abi_statx, ino, statx, stx_ino);
SAME_PLACE(abi_statx, mtime, statx, stx_mtime);
SAME_PLACE(abi_statx, dev_minor, statx, stx_dev_minor);
SAME_PLACE(abi_dirent, type, dirent64, d_type);
SAME_PLACE(abi_dirent, name, dirent64, d_name);
SAME_PLACE(abi_stat, atime_s, stat, st_atim);
SAME_PLACE(abi_stat, ctime_s, stat, st_ctim);
SAME(AT_FDCWD);
SAME(AT_EMPTY_PATH);
SAME(PROT_READ);
SAME(PROT_WRITE);
SAME(PROT_EXEC);
SAME(MAP_SHARED);
SAME(MAP_PRIVATE);
SAME(MAP_TYPE);
SAME(MAP_FIXED);
SAME(MAP_ANONYMOUS);
SAME(MAP_GROWSDOWN);
SAME(MAP_NORESERVE);
SAME(MAP_POPULATE);
SAME(MAP_STACK);
SAME(MAP_FIXED_NOREPLACE);
SAME(SIGHUP);
SAME(SIGINT);
SAME(SIGQUIT);
SAME(SIGILL);
SAME(SIGTRAP);
SAME(SIGABRT);
SAME(SIGBUS);
SAME(SIGFPE);
SAME(SIGKILL);
SAME(SIGSEGV);
SAME(SIGPIPE);
SAME(SIGALRM);
SAME(SIGCHLD);
SAME(SIGCONT);
SAME(SIGSTOP);
SAME(SIGTSTP);
SAME(SIGTTIN);
SAME(SIGTTOU);
SAME(SIGURG);
SAME(SIGXCPU);
SAME(SIGXFSZ);
SAME(SIGVTALRM);
SAME(SIGPROF);
SAME(SIGWINCH);
SAME(SIGSYS);
SAME(SIG_BLOCK);
SAME(SIG_UNBLOCK);
SAME(SIG_SETMASK);
SAME(SS_ONSTACK);
SAME(SS_DISABLE);
SAME(SI_USER);
SAME(SI_KERNEL);
SAME(SI_QUEUE);
SAME(SI_TIMER);
SAME(SI_TKILL);
SAME(ILL_ILLOPN);
SAME(FPE_INTDIV);
SAME(FPE_FLTDIV);
SAME(FPE_FLTOVF);
SAME(FPE_FLTUND);
SAME(FPE_FLTRES);
SAME(FPE_FLTINV);
SAME(SEGV_MAPERR);
SAME(SEGV_ACCERR);
SAME(BUS_ADRALN);
SAME(BUS_ADRERR);
SAME(TRAP_BRKPT);
SAME(TRAP_TRACE);
SAME(CLD_EXITED);
SAME(CLD_KILLED);
SAME(CLD_DUMPED);
SAME(CLD_STOPPED);
SAME(CLD_CONTINUED);
SAME(ARCH_SET_GS);
SAME(ARCH_SET_FS);
SAME(ARCH_GET_FS);
SAME(ARCH_GET_GS);
SAME(PR_SET_NAME);
SAME(PR_GET_NAME);
SAME(CLOCK_REALTIME);
SAME(CLOCK_MONOTONIC);
SAME(CLOCK_PROCESS_CPUTIME_ID);
SAME(CLOCK_THREAD_CPUTIME_ID);
SAME(ITIMER_REAL);
SAME(ITIMER_VIRTUAL);
SAME(ITIMER_PROF);
SAME(CLOCK_MONOTONIC_RAW);
SAME(CLOCK_REALTIME_COARSE);
SAME(CLOCK_MONOTONIC_COARSE);
SAME(CLOCK_BOOTTIME);
SAME(TIMER_ABSTIME);
SAME(GRND_NONBLOCK);
SAME(GRND_RANDOM);
SAME(GRND_INSECURE);
static_assert(ABI_IOV_MAX == IOV_MAX, "IOV_MAX");

/* The numbers of the calls are those of asm/unistd_64.h. */
#define SYSCALL(number, name, support, ...) \
	static_assert((number) == SYS_##name, #name);
#include "posix/syscalls.def"
#undef SYSCALL
