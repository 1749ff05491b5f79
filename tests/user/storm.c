/* SPDX-License-Identifier: MIT */
/*
 * Many processes, limits, and programs that want all memory: nothing hangs,
 * and what was there before is there afterwards.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

#define FORKS    1500 /* `storm N` forks N times */
#define ALIVE    1000
#define BOMB_MAX 60
#define ORDINARY 1000 /* a user: limits do not bind user 0 on Linux */
#define SLACK_KB 2048

static int wrong_count;

static void result(const char *name, int ok)
{
	wrong_count += !ok;
	printf("%s: %s\n", name, ok ? "ok" : "WRONG");
	fflush(stdout);
}

static int one_after_the_other(int count)
{
	for (int i = 0; i < count; i++) {
		int status;
		pid_t child = fork();

		if (child == 0) {
			_exit(0);
		}
		if (child < 0 || waitpid(child, &status, 0) != child ||
		    status != 0) {
			return 0;
		}
	}
	return 1;
}

static int all_at_once(void)
{
	volatile int *count = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	static pid_t children[ALIVE];
	int killed = 0;

	for (int i = 0; i < ALIVE; i++) {
		children[i] = fork();
		if (children[i] < 0) {
			return 0;
		}
		if (children[i] == 0) {
			__atomic_fetch_add(count, 1, __ATOMIC_SEQ_CST);
			for (;;) {
				pause();
			}
		}
	}
	while (*count < ALIVE) {
		usleep(1000);
	}
	for (int i = 0; i < ALIVE; i++) {
		kill(children[i], SIGKILL);
	}
	for (int i = 0; i < ALIVE; i++) {
		int status;

		killed += waitpid(children[i], &status, 0) == children[i] &&
			  WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
	}
	munmap((void *)count, 4096);
	return killed == ALIVE;
}

/* Forks until it is refused; the group is killed from outside. */
static void bomb(volatile int *refused)
{
	for (;;) {
		if (fork() < 0) {
			__atomic_fetch_add(refused, errno == EAGAIN,
					   __ATOMIC_SEQ_CST);
			usleep(1000);
		}
	}
}

static int bomb_under_a_limit(void)
{
	volatile int *refused = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status, ok;
	pid_t child = fork();

	if (child == 0) {
		struct rlimit limit = { BOMB_MAX, BOMB_MAX };

		setpgid(0, 0);
		setrlimit(RLIMIT_NPROC, &limit);
		if (setuid(ORDINARY) != 0) {
			_exit(1);
		}
		bomb(refused);
	}
	while (*refused < 100) {
		usleep(1000);
	}
	/* Who was forked while the group was killed goes with the next one. */
	while (kill(-child, SIGKILL) == 0) {
		while (waitpid(-1, &status, WNOHANG) > 0) {
		}
		usleep(1000);
	}
	ok = errno == ESRCH;
	munmap((void *)refused, 4096);
	return ok;
}

static int memory_limit(void)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		struct rlimit limit = { 64 << 20, 64 << 20 };
		void *small, *large;

		setrlimit(RLIMIT_AS, &limit);
		small = mmap(NULL, 1 << 20, PROT_READ,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		large = mmap(NULL, 128 << 20, PROT_READ,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		_exit(small != MAP_FAILED && large == MAP_FAILED &&
				      errno == ENOMEM
			      ? 0
			      : 1);
	}
	return waitpid(child, &status, 0) == child && status == 0;
}

static int descriptor_limit(void)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		struct rlimit limit = { 10, 10 };
		int fd = 0;

		setrlimit(RLIMIT_NOFILE, &limit);
		while (fd >= 0 && fd < 100) {
			fd = dup(0);
		}
		_exit(fd == -1 && errno == EMFILE ? 0 : 1);
	}
	return waitpid(child, &status, 0) == child && status == 0;
}

/* Programs that want more than there is end, and nobody else does. */
static int eaters(void)
{
	pid_t children[3], bystander = fork();
	int status, killed = 0;

	if (bystander == 0) {
		for (;;) {
			pause();
		}
	}
	for (int i = 0; i < 3; i++) {
		children[i] = fork();
		if (children[i] == 0) {
			for (;;) {
				char *p = mmap(
					NULL, 1 << 20, PROT_READ | PROT_WRITE,
					MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

				memset(p, 1, p == MAP_FAILED ? 0 : 1 << 20);
			}
		}
	}
	for (int i = 0; i < 3; i++) {
		killed += waitpid(children[i], &status, 0) == children[i] &&
			  WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
	}
	if (waitpid(bystander, &status, WNOHANG) != 0) {
		return 0;
	}
	kill(bystander, SIGKILL);
	return waitpid(bystander, &status, 0) == bystander && killed == 3;
}

int main(int argc, char **argv)
{
	struct sysinfo before, after;
	long lost_kb;

	one_after_the_other(10);
	sysinfo(&before);
	result("one after the other",
	       one_after_the_other(argc > 1 ? atoi(argv[1]) : FORKS));
	result("all at once", all_at_once());
	result("bomb", bomb_under_a_limit());
	result("memory limit", memory_limit());
	result("descriptor limit", descriptor_limit());
	/* Only on a machine of our own. */
	result("eaters", getpid() == 1 ? eaters() : 1);
	sysinfo(&after);
	lost_kb = (long)(before.freeram - after.freeram) / 1024 *
		  (long)before.mem_unit;
	/* On a machine that does other things, too, it says nothing. */
	if (getpid() == 1) {
		result("memory came back", lost_kb < SLACK_KB);
	} else {
		result("memory came back", 1);
	}
	return wrong_count != 0;
}
