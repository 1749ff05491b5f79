/* SPDX-License-Identifier: MIT */
/*
 * Rows of processes, programs and threads: from their start to their end.
 */
#define _GNU_SOURCE
#include "bench/compare/compare.h"

#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define MB (1024 * 1024)

static const char script[] = "a=$(echo one | busybox cat)\n"
			     "for i in 1 2 3\n"
			     "do busybox expr $i + 1 > /dev/null\n"
			     "done\n"
			     "test \"$a\" = one\n";

/* 0 if it ended with status 0. */
static int wait_for(pid_t child)
{
	int status;

	if (child < 0 || waitpid(child, &status, 0) != child) {
		return -1;
	}
	errno = ECHILD;
	return status ? -1 : 0;
}

static int fork_exit(void)
{
	pid_t child = fork();

	if (child == 0) {
		_exit(0);
	}
	return wait_for(child);
}

int row_fork_exit(long batch, uint64_t *ticks)
{
	return MEASURE(batch, ticks, fork_exit());
}

static int fork_exit_with(size_t bytes, long batch, uint64_t *ticks)
{
	static volatile char *at;

	if (at == NULL) {
		at = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (at == MAP_FAILED) {
			return -errno;
		}
		for (size_t i = 0; i < bytes; i += PAGE_BYTES) {
			at[i] = 1;
		}
	}
	return row_fork_exit(batch, ticks);
}

int row_fork_exit_1m(long batch, uint64_t *ticks)
{
	return fork_exit_with(MB, batch, ticks);
}

int row_fork_exit_64m(long batch, uint64_t *ticks)
{
	return fork_exit_with(64 * MB, batch, ticks);
}

static int vfork_exit(void)
{
	pid_t child = vfork();

	if (child == 0) {
		_exit(0);
	}
	return wait_for(child);
}

int row_vfork_exit(long batch, uint64_t *ticks)
{
	return MEASURE(batch, ticks, vfork_exit());
}

/* This program, which then ends at once. */
static void exec_exit(void)
{
	execl(program_path, program_path, EXIT_ARGUMENT, NULL);
	_exit(127);
}

static int fork_exec(void)
{
	pid_t child = fork();

	if (child == 0) {
		exec_exit();
	}
	return wait_for(child);
}

int row_fork_exec(long batch, uint64_t *ticks)
{
	return MEASURE(batch, ticks, fork_exec());
}

static int spawn(void)
{
	char *const words[] = { (char *)program_path, (char *)EXIT_ARGUMENT,
				NULL };
	pid_t child;
	int err = posix_spawn(&child, program_path, NULL, NULL, words, NULL);

	errno = err;
	return err ? -1 : wait_for(child);
}

int row_spawn(long batch, uint64_t *ticks)
{
	return MEASURE(batch, ticks, spawn());
}

static int vfork_exec(void)
{
	pid_t child = vfork();

	if (child == 0) {
		exec_exit();
	}
	return wait_for(child);
}

int row_vfork_exec(long batch, uint64_t *ticks)
{
	return MEASURE(batch, ticks, vfork_exec());
}

/* Where a program of this name is that lies beside this one. */
static const char *beside(const char *name)
{
	static char path[256];
	const char *end = strrchr(program_path, '/');

	snprintf(path, sizeof(path), "%.*s%s",
		 end ? (int)(end + 1 - program_path) : 0, program_path, name);
	return path;
}

static int fork_exec_of(const char *path)
{
	pid_t child = fork();

	if (child == 0) {
		execl(path, path, NULL);
		_exit(127);
	}
	return wait_for(child);
}

int row_exec_musl(long batch, uint64_t *ticks)
{
	const char *path = beside("small");

	return MEASURE(batch, ticks, fork_exec_of(path));
}

int row_exec_glibc(long batch, uint64_t *ticks)
{
	const char *path = beside("small-glibc");

	return MEASURE(batch, ticks, fork_exec_of(path));
}

/* Starts the program as a parent; ends[0] is its output, ends[1] its input. */
static int start_parent(const char *path, int ends[2])
{
	int there[2], back[2];
	pid_t child;

	if (pipe(there) != 0 || pipe(back) != 0) {
		return -errno;
	}
	child = fork();
	if (child == 0) {
		dup2(there[0], 0);
		dup2(back[1], 1);
		execl(path, path, "parent", NULL);
		_exit(127);
	}
	close(there[0]);
	close(back[1]);
	ends[0] = back[0];
	ends[1] = there[1];
	return error_of(child);
}

/* The parent measures. */
int row_exec_by_glibc(long batch, uint64_t *ticks)
{
	static int ends[2];
	int err = ends[1] ? 0 : start_parent(beside("small-glibc"), ends);

	if (err == 0 &&
	    (write(ends[1], &batch, sizeof(batch)) != sizeof(batch) ||
	     read(ends[0], ticks, sizeof(*ticks)) != sizeof(*ticks))) {
		err = -EPIPE;
	}
	return err;
}

static int run_script(void)
{
	pid_t child = fork();

	if (child == 0) {
		execlp("busybox", "sh", "-c", script, NULL);
		_exit(127);
	}
	return wait_for(child);
}

int row_shell_script(long batch, uint64_t *ticks)
{
	return MEASURE(batch, ticks, run_script());
}

static void *end_at_once(void *argument)
{
	return argument;
}

static int create_join(void)
{
	pthread_t thread;
	int err = pthread_create(&thread, NULL, end_at_once, NULL);

	err = err ? err : pthread_join(thread, NULL);
	errno = err;
	return err ? -1 : 0;
}

int row_thread(long batch, uint64_t *ticks)
{
	return MEASURE(batch, ticks, create_join());
}
