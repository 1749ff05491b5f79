/* SPDX-License-Identifier: MIT */
/*
 * Processes that take what there is: memory, by touching it or by having the
 * kernel write to it, and processes.  Who started them tells what became of
 * them and goes on.  For tests/system/hogs.py; the first two are nothing for
 * the build machine.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

#define HUGE_BYTES (1ul << 30)
#define PIECE      (1ul << 20)
#define MANY       1000
#define NPROC      100

static char *huge(void)
{
	return mmap(NULL, HUGE_BYTES, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

static void touch(void)
{
	memset(huge(), 1, HUGE_BYTES);
}

/* A read that fails half-way would be a hog that was not killed. */
static void fill(void)
{
	char *at = huge();
	int fd = open("/dev/zero", O_RDONLY);

	for (size_t i = 0; i < HUGE_BYTES; i += PIECE) {
		if (read(fd, at + i, PIECE) != (ssize_t)PIECE) {
			_exit(2);
		}
	}
}

static unsigned long free_bytes(void)
{
	struct sysinfo info;

	return sysinfo(&info) == 0 ? info.freeram * info.mem_unit : 0;
}

static int hog(const char *name, void (*take)(void))
{
	unsigned long before = free_bytes();
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		take();
		_exit(1);
	}
	waitpid(pid, &status, 0);
	printf("%s: signal %d, status %d, given back: %s\n", name,
	       WIFSIGNALED(status) ? WTERMSIG(status) : 0,
	       WIFEXITED(status) ? WEXITSTATUS(status) : 0,
	       free_bytes() + PIECE > before ? "yes" : "no");
	return 0;
}

static void bomb(void)
{
	for (;;) {
		if (fork() < 0 && errno != EAGAIN) {
			_exit(1);
		}
	}
}

/* All of them are of one group, which is killed. */
static int bomb_limited(void)
{
	struct rlimit limit = { NPROC, NPROC };
	pid_t pid = fork();
	int status, count = 0;

	if (pid == 0) {
		setpgid(0, 0);
		setrlimit(RLIMIT_NPROC, &limit);
		bomb();
	}
	setpgid(pid, pid);
	usleep(300000);
	kill(-pid, SIGKILL);
	while (wait(&status) > 0) {
		count += status == SIGKILL;
	}
	printf("bomb: %s\n",
	       count >= 1 && kill(-pid, 0) != 0 ? "gone" : "there");
	return 0;
}

static int many(void)
{
	int fds[2], status, made = 0, ended = 0;
	char byte;

	if (pipe(fds) != 0) {
		return 1;
	}
	for (int i = 0; i < MANY; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			close(fds[1]);
			_exit(read(fds[0], &byte, 1) == 0 ? 7 : 1);
		}
		made += pid > 0;
	}
	close(fds[1]);
	while (wait(&status) > 0) {
		ended += WIFEXITED(status) && WEXITSTATUS(status) == 7;
	}
	printf("many: %d made, %d ended\n", made, ended);
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (strcmp(what, "touch") == 0) {
		return hog(what, touch);
	}
	if (strcmp(what, "fill") == 0) {
		return hog(what, fill);
	}
	return strcmp(what, "bomb") == 0 ? bomb_limited() : many();
}
