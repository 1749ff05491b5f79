/* SPDX-License-Identifier: MIT */
/*
 * fork, vfork, clone and wait: what parent and child share and what not, whom
 * the wait calls tell of what, and orphans.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MANY  1000
#define ALIVE 50

static int wrong_count;

static void result(const char *name, int ok)
{
	wrong_count += !ok;
	printf("%s: %s\n", name, ok ? "ok" : "WRONG");
	fflush(stdout);
}

static int status_of(pid_t child)
{
	int status = -1;

	return waitpid(child, &status, 0) == child ? status : -1;
}

static int exits_with(int status, int code)
{
	return WIFEXITED(status) && WEXITSTATUS(status) == code;
}

static volatile int global = 1;
static volatile int *volatile nowhere = (volatile int *)8;

/* Every register that calls preserve, and vectors, come through. */
static int registers_survive(void)
{
	long a = 0x1111, b = 0x2222, c = 0x3333, d = 0x4444, e = 0x5555;
	double x = 1.5;
	long pid;

	__asm__ volatile("mov $57, %%eax\n\tsyscall"
			 : "=&a"(pid), "+b"(a), "+r"(b), "+r"(c), "+r"(d),
			   "+r"(e), "+x"(x)
			 :
			 : "rcx", "r11", "memory");
	if (pid == 0) {
		_exit(a == 0x1111 && b == 0x2222 && c == 0x3333 &&
				      d == 0x4444 && e == 0x5555 && x == 1.5
			      ? 7
			      : 8);
	}
	return exits_with(status_of((pid_t)pid), 7) && a == 0x1111 && x == 1.5;
}

static int memory_apart(void)
{
	char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	volatile int local = 1;
	pid_t child;

	page[0] = 1;
	child = fork();
	if (child == 0) {
		int ok = page[0] == 1 && local == 1 && global == 1;

		page[0] = page[4096] = 2;
		local = global = 2;
		_exit(ok ? 3 : 4);
	}
	if (!exits_with(status_of(child), 3)) {
		return 0;
	}
	return page[0] == 1 && page[4096] == 0 && local == 1 && global == 1;
}

static int memory_shared(void)
{
	volatile int *word = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t child = fork();

	if (child == 0) {
		word[0] = 5;
		word[1] = word[2] + 1;
		_exit(0);
	}
	return exits_with(status_of(child), 0) && word[0] == 5 && word[1] == 1;
}

static int identities(void)
{
	pid_t self = getpid(), child = fork();

	if (child == 0) {
		_exit(getppid() == self && getpid() != self &&
				      getpid() == (pid_t)syscall(SYS_gettid) &&
				      getpgrp() == getpgid(self) &&
				      getsid(0) == getsid(self)
			      ? 0
			      : 1);
	}
	return child != self && exits_with(status_of(child), 0);
}

static int vfork_shares(void)
{
	static volatile int seen;
	pid_t child = vfork();

	if (child == 0) {
		seen = 9;
		_exit(6);
	}
	return seen == 9 && exits_with(status_of(child), 6);
}

static int clone_child(void *arg)
{
	*(volatile int *)arg = 4;
	return 2;
}

static int clone_shares(void)
{
	static char stack[65536];
	volatile int word = 0;
	pid_t parent_tid = 0;
	pid_t child = clone(clone_child, stack + sizeof(stack),
			    CLONE_VM | CLONE_PARENT_SETTID | SIGCHLD,
			    (void *)&word, &parent_tid);

	return child > 0 && exits_with(status_of(child), 2) && word == 4 &&
	       parent_tid == child;
}

static int no_signal_child(void)
{
	static char stack[65536];
	volatile int word = 0;
	int status;
	pid_t child = clone(clone_child, stack + sizeof(stack), CLONE_VM,
			    (void *)&word);

	if (waitpid(child, &status, 0) != -1 || errno != ECHILD) {
		return 0;
	}
	return waitpid(child, &status, __WALL) == child &&
	       exits_with(status, 2);
}

static int refused(unsigned long flags)
{
	return syscall(SYS_clone, flags, 0, 0, 0, 0) == -1 && errno == EINVAL;
}

static int wait_errors(void)
{
	int status;
	siginfo_t info;

	if (waitpid(-1, &status, 0) != -1 || errno != ECHILD ||
	    waitpid(getpid(), &status, 0) != -1 || errno != ECHILD) {
		return 0;
	}
	if (waitpid(-1, &status, 0x100) != -1 || errno != EINVAL) {
		return 0;
	}
	return waitid(P_ALL, 0, &info, 0) == -1 && errno == EINVAL &&
	       waitid(P_PID, 0, &info, WEXITED) == -1 && errno == EINVAL;
}

static int wait_choices(void)
{
	int pipe_like[2] = { 3, 4 };
	pid_t first = fork(), second, got;
	int status;

	if (first == 0) {
		_exit(pipe_like[0]);
	}
	second = fork();
	if (second == 0) {
		_exit(pipe_like[1]);
	}
	got = waitpid(second, &status, 0);
	if (got != second || !exits_with(status, 4)) {
		return 0;
	}
	got = waitpid(0, &status, 0);
	return got == first && exits_with(status, 3);
}

static int wait_not_yet(void)
{
	volatile int *go = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status = 77;
	siginfo_t info;
	struct rusage usage;
	pid_t child = fork();

	if (child == 0) {
		while (!*go) {
			sched_yield();
		}
		_exit(5);
	}
	if (waitpid(child, &status, WNOHANG) != 0 || status != 77) {
		return 0;
	}
	info.si_pid = 1;
	if (waitid(P_PID, (id_t)child, &info, WEXITED | WNOHANG) != 0 ||
	    info.si_pid != 0) {
		return 0;
	}
	*go = 1;
	if (waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT) != 0 ||
	    info.si_pid != child || info.si_code != CLD_EXITED ||
	    info.si_status != 5 || info.si_signo != SIGCHLD) {
		return 0;
	}
	return wait4(child, &status, 0, &usage) == child &&
	       exits_with(status, 5) && waitpid(child, &status, 0) == -1 &&
	       errno == ECHILD;
}

static int killed_by_fault(void)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		*nowhere = 1;
		_exit(0);
	}
	status = status_of(child);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV;
}

static int descriptors_apart(void)
{
	pid_t child = fork();

	if (child == 0) {
		_exit(close(2) == 0 && close(2) == -1 ? 0 : 1);
	}
	return exits_with(status_of(child), 0) && close(2) == 0;
}

/* The child's child outlives it and then has another parent. */
static int orphans(void)
{
	volatile pid_t *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t child = fork();

	if (child == 0) {
		pid_t middle = getpid();

		if (fork() == 0) {
			while (getppid() == middle) {
				sched_yield();
			}
			shared[0] = getppid();
			shared[1] = 1;
			_exit(0);
		}
		_exit(0);
	}
	status_of(child);
	while (!shared[1]) {
		sched_yield();
	}
	return shared[0] != child;
}

static int many(void)
{
	for (int i = 0; i < MANY; i++) {
		pid_t child = fork();

		if (child == 0) {
			global = i;
			_exit(i & 0x7f);
		}
		if (!exits_with(status_of(child), i & 0x7f)) {
			return 0;
		}
	}
	return 1;
}

static int many_alive(void)
{
	volatile int *go = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int sum = 0, status;

	for (int i = 0; i < ALIVE; i++) {
		if (fork() == 0) {
			while (!*go) {
				sched_yield();
			}
			_exit(i);
		}
	}
	*go = 1;
	while (wait(&status) > 0) {
		sum += WEXITSTATUS(status);
	}
	return sum == ALIVE * (ALIVE - 1) / 2;
}

static int copies_of_copies(int depth)
{
	pid_t child;

	global = depth;
	if (depth == 0) {
		return 1;
	}
	child = fork();
	if (child == 0) {
		_exit(copies_of_copies(depth - 1) ? 0 : 1);
	}
	return exits_with(status_of(child), 0) && global == depth;
}

/* struct clone_args, as far as it is old. */
enum { FLAGS, EXIT_SIGNAL = 4, STACK, STACK_SIZE, OLD_WORDS = 8, WORDS = 12 };

static long clone3(unsigned long *args, size_t size)
{
	return syscall(SYS_clone3, args, size);
}

static int clone3_refused(unsigned long *args, size_t size, int wanted)
{
	return clone3(args, size) == -1 && (errno == wanted || errno == ENOSYS);
}

/* A system that forbids the call is none to compare with. */
static int clone3_forks(void)
{
	unsigned long args[WORDS] = { [EXIT_SIGNAL] = SIGCHLD };
	size_t old = OLD_WORDS * sizeof(*args);
	long child = clone3(args, old);
	int status;

	if (child == 0) {
		_exit(23);
	}
	if (child < 0) {
		return errno == ENOSYS;
	}
	if (waitpid((pid_t)child, &status, 0) != child ||
	    WEXITSTATUS(status) != 23) {
		return 0;
	}
	child = clone3(args, sizeof(args));
	if (child == 0) {
		_exit(24);
	}
	return waitpid((pid_t)child, &status, 0) == child &&
	       WEXITSTATUS(status) == 24;
}

static int clone3_refuses(void)
{
	unsigned long args[WORDS] = { [EXIT_SIGNAL] = SIGCHLD };
	size_t old = OLD_WORDS * sizeof(*args);
	int ok = clone3_refused(args, old - 8, EINVAL) &&
		 clone3_refused(args, 4096 + 8, E2BIG) &&
		 clone3_refused((void *)8, old, EFAULT);

	args[WORDS - 1] = 1;
	ok = ok && clone3_refused(args, sizeof(args), E2BIG);
	args[WORDS - 1] = 0;
	args[STACK_SIZE] = 4096;
	ok = ok && clone3_refused(args, old, EINVAL);
	args[STACK_SIZE] = 0;
	args[STACK] = 4096;
	ok = ok && clone3_refused(args, old, EINVAL);
	args[STACK] = 0;
	args[FLAGS] = SIGCHLD;
	ok = ok && clone3_refused(args, old, EINVAL);
	args[FLAGS] = CLONE_PARENT;
	return ok && clone3_refused(args, old, EINVAL);
}

int main(void)
{
	result("registers", registers_survive());
	result("memory apart", memory_apart());
	result("memory shared", memory_shared());
	result("identities", identities());
	result("vfork", vfork_shares());
	result("clone", clone_shares());
	result("clone without a signal", no_signal_child());
	result("clone3", clone3_forks());
	result("clone3 refuses", clone3_refuses());
	result("handlers without memory", refused(CLONE_SIGHAND));
	result("thread without handlers", refused(CLONE_THREAD | CLONE_VM));
	result("wait errors", wait_errors());
	result("wait for one", wait_choices());
	result("wait not yet", wait_not_yet());
	result("killed", killed_by_fault());
	result("descriptors", descriptors_apart());
	result("orphans", orphans());
	global = 1;
	result("many", many());
	result("many alive", many_alive());
	result("copies of copies", copies_of_copies(20));
	return wrong_count != 0;
}
