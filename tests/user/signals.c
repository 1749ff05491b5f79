/* SPDX-License-Identifier: MIT */
/*
 * Signals that a process sends to itself, and its own faults: handlers, masks,
 * notes, the signal stack, what a handler sees and may change.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#define SS_AUTODISARM_ (1u << 31)

static int wrong_count;
static volatile sig_atomic_t calls, seen_signal, seen_code, order;
static volatile uintptr_t seen_address, seen_sp;
static volatile int seen_value, seen_pid;
static sigjmp_buf back;

static void result(const char *name, int ok)
{
	wrong_count += !ok;
	printf("%s: %s\n", name, ok ? "ok" : "WRONG");
}

static void note(int signal, siginfo_t *info, void *context)
{
	(void)context;
	calls++;
	seen_signal = signal;
	seen_code = info->si_code;
	seen_value = info->si_value.sival_int;
	seen_pid = info->si_pid;
	seen_address = (uintptr_t)info->si_addr;
	seen_sp = (uintptr_t)__builtin_frame_address(0);
}

static void handle(int signal, void (*fn)(int, siginfo_t *, void *), int flags)
{
	struct sigaction action = { .sa_flags = flags | SA_SIGINFO };

	action.sa_sigaction = fn;
	sigaction(signal, &action, NULL);
}

static void set_default(int signal)
{
	struct sigaction action = { .sa_handler = SIG_DFL };

	sigaction(signal, &action, NULL);
}

/* ---- Sending ------------------------------------------------------------ */

static void sending(void)
{
	union sigval value = { .sival_int = 4711 };

	handle(SIGUSR1, note, 0);
	kill(getpid(), SIGUSR1);
	result("kill", calls == 1 && seen_signal == SIGUSR1 &&
			       seen_code == SI_USER && seen_pid == getpid());
	syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGUSR1);
	result("tgkill", calls == 2 && seen_code == SI_TKILL);
	syscall(SYS_tkill, syscall(SYS_gettid), SIGUSR1);
	result("tkill", calls == 3 && seen_code == SI_TKILL);
	sigqueue(getpid(), SIGUSR1, value);
	result("sigqueue",
	       calls == 4 && seen_code == SI_QUEUE && seen_value == 4711);
	result("kill 0", kill(getpid(), 0) == 0 && calls == 4);
	result("kill 65", kill(getpid(), 65) == -1 && errno == EINVAL);
	result("kill nobody", kill(4000000, SIGUSR1) == -1 && errno == ESRCH);
	result("tgkill 0",
	       syscall(SYS_tgkill, 0, 0, SIGUSR1) == -1 && errno == EINVAL);
	signal(SIGUSR1, SIG_IGN);
	kill(getpid(), SIGUSR1);
	result("ignored", calls == 4);
	set_default(SIGCHLD);
	kill(getpid(), SIGCHLD);
	kill(getpid(), SIGURG);
	kill(getpid(), SIGWINCH);
	kill(getpid(), SIGCONT);
	result("ignored by default", 1);
}

static void actions(void)
{
	struct sigaction action = { .sa_handler = SIG_IGN }, old;
	sigset_t both;

	result("SIGKILL has no handler",
	       sigaction(SIGKILL, &action, NULL) == -1 && errno == EINVAL);
	result("SIGSTOP has no handler",
	       sigaction(SIGSTOP, &action, NULL) == -1 && errno == EINVAL);
	result("SIGKILL can be asked for",
	       sigaction(SIGKILL, NULL, &old) == 0 &&
		       old.sa_handler == SIG_DFL);
	action.sa_sigaction = note;
	action.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
	sigfillset(&action.sa_mask);
	sigaction(SIGUSR2, &action, NULL);
	sigaction(SIGUSR2, NULL, &old);
	result("an action comes back",
	       old.sa_sigaction == note &&
		       (old.sa_flags &
			(SA_SIGINFO | SA_RESTART | SA_ONSTACK)) ==
			       (SA_SIGINFO | SA_RESTART | SA_ONSTACK) &&
		       sigismember(&old.sa_mask, SIGINT) == 1 &&
		       sigismember(&old.sa_mask, SIGKILL) == 0);
	result("a set of another size",
	       syscall(SYS_rt_sigaction, SIGUSR2, NULL, NULL, 4) == -1 &&
		       errno == EINVAL);
	result("an action at a bad address",
	       syscall(SYS_rt_sigaction, SIGUSR2, 16, NULL, 8) == -1 &&
		       errno == EFAULT);
	sigfillset(&both);
	sigprocmask(SIG_SETMASK, &both, NULL);
	sigprocmask(SIG_SETMASK, NULL, &both);
	result("SIGKILL and SIGSTOP are never blocked",
	       !sigismember(&both, SIGKILL) && !sigismember(&both, SIGSTOP) &&
		       sigismember(&both, SIGTERM));
	sigemptyset(&both);
	sigprocmask(SIG_SETMASK, &both, NULL);
	result("a mask in a way that is none",
	       sigprocmask(3, &both, NULL) == -1 && errno == EINVAL);
	set_default(SIGUSR2);
}

/* ---- Masks, nesting ----------------------------------------------------- */

static volatile int depth, depth_max;

static void dive(int signal, siginfo_t *info, void *context)
{
	(void)info;
	(void)context;
	depth++;
	depth_max = depth > depth_max ? depth : depth_max;
	calls++;
	if (calls < 5) {
		raise(signal);
	}
	depth--;
}

static void outer(int signal, siginfo_t *info, void *context)
{
	sigset_t set;

	(void)signal;
	(void)info;
	(void)context;
	order = order * 10 + 1;
	raise(SIGUSR2); /* blocked by sa_mask */
	order = order * 10 + 2;
	sigprocmask(SIG_SETMASK, NULL, &set);
	result("mask in a handler", sigismember(&set, SIGUSR1) &&
					    sigismember(&set, SIGUSR2) &&
					    !sigismember(&set, SIGHUP));
	raise(SIGHUP);
	order = order * 10 + 3;
}

static void inner(int signal, siginfo_t *info, void *context)
{
	(void)info;
	(void)context;
	order = order * 10 + (signal == SIGHUP ? 7 : 8);
}

static void nesting(void)
{
	struct sigaction action = { .sa_flags = SA_SIGINFO };
	sigset_t set;

	calls = depth_max = 0;
	handle(SIGUSR1, dive, 0);
	raise(SIGUSR1);
	result("a handler's own signal waits", calls == 5 && depth_max == 1);
	calls = depth_max = 0;
	handle(SIGUSR1, dive, SA_NODEFER);
	raise(SIGUSR1);
	result("SA_NODEFER", calls == 5 && depth_max == 5);

	action.sa_sigaction = outer;
	sigaddset(&action.sa_mask, SIGUSR2);
	sigaction(SIGUSR1, &action, NULL);
	handle(SIGUSR2, inner, 0);
	handle(SIGHUP, inner, 0);
	order = 0;
	raise(SIGUSR1);
	printf("order %d\n", (int)order);
	sigprocmask(SIG_SETMASK, NULL, &set);
	result("mask behind a handler",
	       !sigismember(&set, SIGUSR1) && !sigismember(&set, SIGUSR2));

	calls = 0;
	handle(SIGUSR1, note, SA_RESETHAND);
	raise(SIGUSR1);
	sigaction(SIGUSR1, NULL, &action);
	result("SA_RESETHAND", calls == 1 && action.sa_handler == SIG_DFL);
}

static void pending(void)
{
	union sigval value;
	sigset_t set, empty, found;
	siginfo_t info;
	struct timespec zero = { 0, 0 }, moment = { 0, 20000000 };
	int got = 0, ok = 1;

	sigemptyset(&empty);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGRTMIN + 1);
	sigaddset(&set, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	handle(SIGUSR1, note, 0);
	handle(SIGRTMIN, note, 0);
	calls = 0;
	raise(SIGUSR1);
	raise(SIGUSR1);
	for (int i = 0; i < 3; i++) {
		value.sival_int = 10 + i;
		sigqueue(getpid(), SIGRTMIN, value);
		value.sival_int = 20 + i;
		sigqueue(getpid(), SIGRTMIN + 1, value);
	}
	sigpending(&found);
	result("pending", calls == 0 && sigismember(&found, SIGUSR1) &&
				  sigismember(&found, SIGRTMIN) &&
				  !sigismember(&found, SIGUSR2));
	while ((got = sigtimedwait(&set, &info, &zero)) > 0) {
		printf("taken %d code %d value %d\n",
		       got == SIGUSR1 ? 0 : got - SIGRTMIN + 1, info.si_code,
		       got == SIGUSR1 ? 0 : info.si_value.sival_int);
	}
	result("none is left", got == -1 && errno == EAGAIN);
	got = sigtimedwait(&set, NULL, &moment);
	result("a wait that ends", got == -1 && errno == EAGAIN);
	moment.tv_nsec = 1000000000;
	got = sigtimedwait(&set, NULL, &moment);
	result("a wait for no time", got == -1 && errno == EINVAL);
	result("no handler ran", calls == 0);
	raise(SIGUSR1);
	for (int i = 0; i < 3; i++) {
		value.sival_int = i;
		ok &= sigqueue(getpid(), SIGRTMIN, value) == 0;
	}
	sigprocmask(SIG_SETMASK, &empty, NULL);
	result("unblocked ones come", ok && calls == 4);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGUSR1);
	sigfillset(&found);
	sigdelset(&found, SIGUSR1);
	calls = 0;
	got = sigsuspend(&found);
	sigprocmask(SIG_SETMASK, NULL, &found);
	result("sigsuspend", got == -1 && errno == EINTR && calls == 1 &&
				     sigismember(&found, SIGUSR1) &&
				     !sigismember(&found, SIGTERM));
	raise(SIGUSR1);
	signal(SIGUSR1, SIG_IGN);
	sigpending(&found);
	result("ignoring forgets", !sigismember(&found, SIGUSR1));
	sigprocmask(SIG_SETMASK, &empty, NULL);
}

/* ---- The signal stack --------------------------------------------------- */

static char stack_bytes[65536] __attribute__((aligned(64)));

static int on_stack(uintptr_t sp)
{
	return sp >= (uintptr_t)stack_bytes &&
	       sp < (uintptr_t)stack_bytes + sizeof(stack_bytes);
}

static void look(int signal, siginfo_t *info, void *context)
{
	const ucontext_t *uc = context;
	stack_t stack;

	note(signal, info, context);
	sigaltstack(NULL, &stack);
	result("SS_ONSTACK in a handler", stack.ss_flags == SS_ONSTACK);
	result("changed in use",
	       syscall(SYS_sigaltstack, &stack, NULL) == -1 && errno == EPERM);
	result("uc_stack", uc->uc_stack.ss_sp == stack_bytes &&
				   uc->uc_stack.ss_size == sizeof(stack_bytes));
}

static void disarmed(int signal, siginfo_t *info, void *context)
{
	stack_t stack;

	note(signal, info, context);
	sigaltstack(NULL, &stack);
	result("SS_AUTODISARM in a handler", stack.ss_flags == SS_DISABLE);
}

/* Writes below its own frame until the guard answers. */
static int overflow(int n)
{
	volatile char room[4096];

	room[0] = (char)n;
	return n < 1000000 ? overflow(n + 1) + room[0] : 0;
}

static void leave(int signal, siginfo_t *info, void *context)
{
	note(signal, info, context);
	siglongjmp(back, 1);
}

static void stacks(void)
{
	stack_t stack = { .ss_sp = stack_bytes,
			  .ss_size = sizeof(stack_bytes) },
		old;

	sigaltstack(NULL, &old);
	result("no signal stack", old.ss_flags == SS_DISABLE);
	stack.ss_size = 100;
	result("a small one",
	       sigaltstack(&stack, NULL) == -1 && errno == ENOMEM);
	stack.ss_size = sizeof(stack_bytes);
	stack.ss_flags = 77;
	result("odd flags", sigaltstack(&stack, NULL) == -1 && errno == EINVAL);
	stack.ss_flags = 0;
	sigaltstack(&stack, NULL);
	handle(SIGUSR1, look, SA_ONSTACK);
	raise(SIGUSR1);
	result("a handler on it", on_stack(seen_sp));
	handle(SIGUSR1, note, 0);
	raise(SIGUSR1);
	result("a handler beside it", !on_stack(seen_sp));
	handle(SIGSEGV, leave, SA_ONSTACK);
	calls = 0;
	if (sigsetjmp(back, 1) == 0) {
		printf("%d\n", overflow(0));
	}
	result("stack overflow", calls == 1 && on_stack(seen_sp));
	stack.ss_flags = (int)SS_AUTODISARM_;
	sigaltstack(&stack, NULL);
	handle(SIGUSR1, disarmed, SA_ONSTACK);
	raise(SIGUSR1);
	sigaltstack(NULL, &old);
	result("SS_AUTODISARM behind it",
	       on_stack(seen_sp) && old.ss_flags == (int)SS_AUTODISARM_ &&
		       old.ss_size == sizeof(stack_bytes));
	stack.ss_flags = SS_DISABLE;
	sigaltstack(&stack, NULL);
	sigaltstack(NULL, &old);
	result("disabled", old.ss_flags == SS_DISABLE && old.ss_sp == NULL &&
				   old.ss_size == 0);
}

/* ---- Registers ---------------------------------------------------------- */

static gregset_t found;

static void registers_note(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)info;
	memcpy(found, ((ucontext_t *)context)->uc_mcontext.gregs,
	       sizeof(found));
	__asm__ volatile("xorl %%r8d, %%r8d\n\txorl %%r9d, %%r9d\n\t"
			 "xorl %%r10d, %%r10d\n\txorl %%r11d, %%r11d" ::
				 : "r8", "r9", "r10", "r11");
}

/* What SYSCALL itself changes is told as it is behind the instruction. */
static void registers(void)
{
	static const int kept[] = { REG_R8,  REG_R9,  REG_R10, REG_R12,
				    REG_R13, REG_R14, REG_R15 };
	long rax = SYS_kill, rcx, r11, next, in_frame = 1, pid = getpid();
	int kept_all;

	handle(SIGUSR1, registers_note, 0);

	/* No call from here to the instruction. */
	register long r8 __asm__("r8") = 101;
	register long r9 __asm__("r9") = 102;
	register long r10 __asm__("r10") = 103;
	register long r12 __asm__("r12") = 104;
	register long r13 __asm__("r13") = 105;
	register long r14 __asm__("r14") = 106;
	register long r15 __asm__("r15") = 107;

	__asm__ volatile("syscall\n"
			 "0:\tmovq %%r11, %1\n\t"
			 "leaq 0b(%%rip), %2"
			 : "+a"(rax), "=&r"(r11), "=&r"(next), "=&c"(rcx),
			   "+r"(r8), "+r"(r9), "+r"(r10), "+r"(r12), "+r"(r13),
			   "+r"(r14), "+r"(r15)
			 : "D"(pid), "S"((long)SIGUSR1)
			 : "r11", "memory");
	kept_all = rax == 0 && rcx == next && r8 == 101 && r9 == 102 &&
		   r10 == 103 && r12 == 104 && r13 == 105 && r14 == 106 &&
		   r15 == 107;
	result("registers behind a handler", kept_all);
	for (int i = 0; i < 7; i++) {
		in_frame &= found[kept[i]] == 101 + i;
	}
	result("registers in its frame",
	       in_frame && found[REG_RAX] == 0 && found[REG_RIP] == next &&
		       found[REG_RDI] == pid && found[REG_RSI] == SIGUSR1);
	result("registers that the call takes", found[REG_RCX] == next &&
							found[REG_EFL] == r11 &&
							found[REG_R11] == r11);
	set_default(SIGUSR1);
}

/* ---- Sleeps ------------------------------------------------------------- */

static void sleeps(void)
{
	struct timespec moment = { 0, 5000000 }, left = { 9, 9 };

	result("a whole sleep",
	       nanosleep(&moment, &left) == 0 && left.tv_sec == 9);
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	sending();
	actions();
	nesting();
	pending();
	stacks();
	registers();
	sleeps();
	printf("%d wrong\n", wrong_count);
	return wrong_count != 0;
}
