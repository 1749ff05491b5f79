/* SPDX-License-Identifier: MIT */
/*
 * Signals in the Linux x86_64 ABI.  tests/posix/test_abi.c holds this against
 * linux-libc-dev's headers.
 */
#ifndef EXO_POSIX_ABI_SIGNAL_H
#define EXO_POSIX_ABI_SIGNAL_H

#include "arch/signal.h"
#include "lib/types.h"

#define ABI_NSIG 64

enum abi_signal {
	ABI_SIGHUP = 1,
	ABI_SIGINT = 2,
	ABI_SIGQUIT = 3,
	ABI_SIGILL = 4,
	ABI_SIGTRAP = 5,
	ABI_SIGABRT = 6,
	ABI_SIGBUS = 7,
	ABI_SIGFPE = 8,
	ABI_SIGKILL = 9,
	ABI_SIGSEGV = 11,
	ABI_SIGPIPE = 13,
	ABI_SIGALRM = 14,
	ABI_SIGCHLD = 17,
	ABI_SIGCONT = 18,
	ABI_SIGSTOP = 19,
	ABI_SIGTSTP = 20,
	ABI_SIGTTIN = 21,
	ABI_SIGTTOU = 22,
	ABI_SIGURG = 23,
	ABI_SIGXCPU = 24,
	ABI_SIGXFSZ = 25,
	ABI_SIGVTALRM = 26,
	ABI_SIGPROF = 27,
	ABI_SIGWINCH = 28,
	ABI_SIGSYS = 31,
	ABI_SIGRTMIN = 32, /* the kernel's; the C libraries keep two or three */
};

/* struct sigaction's handler. */
#define ABI_SIG_DFL 0
#define ABI_SIG_IGN 1

enum abi_sigprocmask {
	ABI_SIG_BLOCK = 0,
	ABI_SIG_UNBLOCK = 1,
	ABI_SIG_SETMASK = 2,
};

#define ABI_SA_NOCLDSTOP  1ul
#define ABI_SA_NOCLDWAIT  2ul
#define ABI_SA_SIGINFO    4ul
#define ABI_SA_RESTORER   0x04000000ul
#define ABI_SA_ONSTACK    0x08000000ul
#define ABI_SA_RESTART    0x10000000ul
#define ABI_SA_NODEFER    0x40000000ul
#define ABI_SA_RESETHAND  0x80000000ul

#define ABI_SS_ONSTACK    1u
#define ABI_SS_DISABLE    2u
#define ABI_SS_AUTODISARM 0x80000000u
#define ABI_MINSIGSTKSZ   2048

/* si_code. */
enum abi_sicode {
	ABI_SI_USER = 0,
	ABI_SI_KERNEL = 0x80,
	ABI_SI_QUEUE = -1,
	ABI_SI_TIMER = -2,
	ABI_SI_TKILL = -6,
	ABI_ILL_ILLOPN = 2,
	ABI_FPE_INTDIV = 1,
	ABI_FPE_FLTDIV = 3,
	ABI_FPE_FLTOVF = 4,
	ABI_FPE_FLTUND = 5,
	ABI_FPE_FLTRES = 6,
	ABI_FPE_FLTINV = 7,
	ABI_SEGV_MAPERR = 1,
	ABI_SEGV_ACCERR = 2,
	ABI_BUS_ADRALN = 1,
	ABI_BUS_ADRERR = 2,
	ABI_TRAP_BRKPT = 1,
	ABI_TRAP_TRACE = 2,
	ABI_CLD_EXITED = 1,
	ABI_CLD_KILLED = 2,
	ABI_CLD_DUMPED = 3,
	ABI_CLD_STOPPED = 5,
	ABI_CLD_CONTINUED = 6,
};

struct abi_sigaction {
	u64 handler;
	u64 flags;
	u64 restorer;
	u64 mask;
};

/* siginfo_t, as far as the kernel fills it. */
struct abi_siginfo {
	s32 signal;
	s32 error;
	s32 code;
	s32 pad;
	union {
		struct {
			u32 pid;
			u32 uid;
			u64 value;
		} sent;
		struct {
			u32 pid;
			u32 uid;
			s32 status;
			s32 pad;
			s64 user_time;
			s64 system_time;
		} child;
		struct {
			s32 id;
			s32 overrun;
			u64 value;
		} timer;
		struct {
			u64 address;
		} fault;
		u64 words[4];
	};
};

static_assert(sizeof(struct abi_siginfo) == SIGNAL_INFO_BYTES,
	      "arch_signal_enter() copies as many");

#define ABI_SIGINFO_BYTES 128

enum abi_sigev {
	ABI_SIGEV_SIGNAL = 0,
	ABI_SIGEV_NONE = 1,
	ABI_SIGEV_THREAD = 2,
	ABI_SIGEV_THREAD_ID = 4,
};

/* struct sigevent */
struct abi_sigevent {
	u64 value;
	s32 signal;
	s32 notify;
	s32 tid;
	u32 unused[11];
};

static_assert(sizeof(struct abi_sigevent) == 64, "asm-generic/siginfo.h");

#endif
