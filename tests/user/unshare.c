/* SPDX-License-Identifier: MIT */
/*
 * unshare() and CLOSE_RANGE_UNSHARE: a child that shares its parent's
 * descriptors and working directory gets its own.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int wrong_count;
static int fd;

static void result(const char *name, int ok)
{
	wrong_count += !ok;
	printf("%s: %s\n", name, ok ? "ok" : "WRONG");
	fflush(stdout);
}

/* Runs `child` beside the parent's descriptors and directory. */
static int shares(int (*child)(void))
{
	int status = -1;
	long pid = syscall(SYS_clone, CLONE_FILES | CLONE_FS | SIGCHLD, NULL,
			   NULL, NULL, NULL);

	if (pid == 0) {
		_exit(child());
	}
	waitpid((pid_t)pid, &status, 0);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static int open_fd(void)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static int in_root(void)
{
	char path[PATH_MAX];

	return getcwd(path, sizeof(path)) != NULL && strcmp(path, "/") == 0;
}

static int leave_nothing(void)
{
	return close(fd) != 0 || chdir("/") != 0;
}

static int leave_files(void)
{
	return unshare(CLONE_FILES) != 0 || close(fd) != 0 ||
	       chdir("/tmp") != 0;
}

static int leave_context(void)
{
	return unshare(CLONE_FS) != 0 || chdir("/") != 0 || close(fd) != 0;
}

static int leave_range(void)
{
	return syscall(SYS_close_range, fd, fd, 2) != 0 || open_fd();
}

static int refused(void)
{
	return unshare((int)0x80000000u) == -1 && errno == EINVAL;
}

static void *none(void *arg)
{
	return arg;
}

int main(void)
{
	pthread_t thread;

	fd = open("/dev/null", O_RDONLY);
	result("nothing left", chdir("/tmp") == 0 && shares(leave_nothing) &&
				       !open_fd() && in_root());
	fd = open("/dev/null", O_RDONLY);
	result("own files", shares(leave_files) && open_fd() && !in_root());
	result("own directory",
	       shares(leave_context) && !open_fd() && !in_root());
	fd = open("/dev/null", O_RDONLY);
	result("closed apart", shares(leave_range) && open_fd());
	result("unknown flags", refused());
	result("alone", unshare(CLONE_FILES | CLONE_FS | CLONE_VM) == 0);
	result("threads after that",
	       pthread_create(&thread, NULL, none, NULL) == 0 &&
		       pthread_join(thread, NULL) == 0);
	return wrong_count != 0;
}
