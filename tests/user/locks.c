/* SPDX-License-Identifier: MIT */
/*
 * Locks on files: what is in whose way, when they end, and who waits.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/user/asleep.h"

#define REST 30000 /* us */

static char path[64];

/* A result, or the error, each on a line of its own. */
static void show(const char *what, long result)
{
	if (result < 0) {
		printf("%s: error %d\n", what, errno);
	} else {
		printf("%s: %ld\n", what, result);
	}
	fflush(stdout);
}

static int lock(int fd, int command, short type, off_t start, off_t len)
{
	struct flock l = { .l_type = type, .l_start = start, .l_len = len };

	return fcntl(fd, command, &l);
}

/* In a child, which has no locks of its own: what is locked from there on. */
static void seen(int fd, off_t start, off_t len)
{
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child == 0) {
		struct flock l = { .l_type = F_WRLCK,
				   .l_start = start,
				   .l_len = len };

		if (fcntl(fd, F_GETLK, &l) != 0) {
			printf("error %d\n", errno);
		} else if (l.l_type == F_UNLCK) {
			printf("  %ld: free\n", (long)start);
		} else {
			printf("  %ld: type %d from %ld len %ld %s\n",
			       (long)start, l.l_type, (long)l.l_start,
			       (long)l.l_len,
			       l.l_pid == getppid() ? "parent" : "other");
		}
		fflush(stdout);
		_exit(0);
	}
	waitpid(child, NULL, 0);
}

static int child_end(pid_t child)
{
	int status;

	waitpid(child, &status, 0);
	return status;
}

static void test_ranges(int fd)
{
	show("write", lock(fd, F_SETLK, F_WRLCK, 10, 20));
	seen(fd, 0, 0);
	seen(fd, 0, 10);
	seen(fd, 30, 0);
	show("hole", lock(fd, F_SETLK, F_UNLCK, 15, 5));
	seen(fd, 10, 10);
	seen(fd, 15, 5);
	seen(fd, 15, 6);
	show("weaker", lock(fd, F_SETLK, F_RDLCK, 12, 10));
	seen(fd, 12, 1);
	seen(fd, 22, 1);
	show("joined", lock(fd, F_SETLK, F_WRLCK, 0, 40));
	seen(fd, 39, 0);
	show("to the end", lock(fd, F_SETLK, F_WRLCK, 40, 0));
	seen(fd, 1000, 1);
	show("before", lock(fd, F_SETLK, F_UNLCK, 100, -50));
	seen(fd, 49, 1);
	seen(fd, 50, 50);
	seen(fd, 100, 1);
	show("all", lock(fd, F_SETLK, F_UNLCK, 0, 0));
	seen(fd, 0, 0);
}

static void test_refused(int fd)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = 7 };
	int reader = open(path, O_RDONLY);

	show("bad whence", fcntl(fd, F_SETLK, &l));
	show("bad type", lock(fd, F_SETLK, 9, 0, 0));
	show("before the file", lock(fd, F_SETLK, F_WRLCK, -1, 0));
	show("too far before", lock(fd, F_SETLK, F_WRLCK, 5, -6));
	show("ask for nothing", lock(fd, F_GETLK, F_UNLCK, 0, 0));
	show("write for a reader", lock(reader, F_SETLK, F_WRLCK, 0, 0));
	show("read for a reader", lock(reader, F_SETLK, F_RDLCK, 0, 0));
	show("closed", lock(999, F_SETLK, F_RDLCK, 0, 0));
	show("bad flock", flock(fd, 0));
	show("lock closed", flock(999, LOCK_EX));
	close(reader);
}

/* Closing any descriptor of the file ends all of the process's locks. */
static void test_close(int fd)
{
	int other = open(path, O_RDWR);

	show("lock", lock(fd, F_SETLK, F_WRLCK, 0, 0));
	seen(other, 0, 0);
	close(other);
	seen(fd, 0, 0);
	show("lock", lock(fd, F_SETLK, F_WRLCK, 0, 0));
	dup2(open(path, O_RDWR), 50);
	dup2(0, 50);
	seen(fd, 0, 0);
	lock(fd, F_SETLK, F_UNLCK, 0, 0);
}

static void test_wait(int fd)
{
	int ready[2];
	char byte;
	pid_t child;

	pipe(ready);
	child = fork();
	if (child == 0) {
		lock(fd, F_SETLK, F_WRLCK, 0, 10);
		write(ready[1], "x", 1);
		until_asleep(getppid());
		_exit(0);
	}
	read(ready[0], &byte, 1);
	show("in the way", lock(fd, F_SETLK, F_RDLCK, 5, 1));
	show("behind", lock(fd, F_SETLK, F_WRLCK, 10, 1));
	show("waits", lock(fd, F_SETLKW, F_WRLCK, 5, 1));
	printf("status %d\n", child_end(child));
	lock(fd, F_SETLK, F_UNLCK, 0, 0);
	close(ready[0]);
	close(ready[1]);
}

static void handler(int signal_number)
{
	(void)signal_number;
}

static void test_interrupted(int fd)
{
	struct sigaction action = { .sa_handler = handler };
	pid_t child;

	lock(fd, F_SETLK, F_WRLCK, 0, 0);
	sigaction(SIGALRM, &action, NULL);
	fflush(stdout);
	child = fork();
	if (child == 0) {
		ualarm(REST, REST); /* again if it was too early */
		show("interrupted", lock(fd, F_SETLKW, F_WRLCK, 0, 0));
		_exit(0);
	}
	printf("status %d\n", child_end(child));
	lock(fd, F_SETLK, F_UNLCK, 0, 0);
}

/* Each has one byte and wants the other's: one of them is told. */
static void test_circle(int fd)
{
	pid_t child;
	int ready[2];
	char byte;

	pipe(ready);
	lock(fd, F_SETLK, F_WRLCK, 0, 1);
	child = fork();
	if (child == 0) {
		lock(fd, F_SETLK, F_WRLCK, 1, 1);
		write(ready[1], "x", 1);
		_exit(lock(fd, F_SETLKW, F_WRLCK, 0, 1) != 0);
	}
	read(ready[0], &byte, 1);
	until_asleep(child);
	show("circle", lock(fd, F_SETLKW, F_WRLCK, 1, 1));
	lock(fd, F_SETLK, F_UNLCK, 0, 0);
	printf("status %d\n", child_end(child));
	close(ready[0]);
	close(ready[1]);
}

/* They belong to the open file, which a child shares. */
static void test_whole(int fd)
{
	int other = open(path, O_RDONLY);
	pid_t child;

	show("shared", flock(fd, LOCK_SH));
	show("shared too", flock(other, LOCK_SH | LOCK_NB));
	show("exclusive", flock(other, LOCK_EX | LOCK_NB));
	show("unlock", flock(other, LOCK_UN));
	show("exclusive", flock(fd, LOCK_EX | LOCK_NB));
	show("shared", flock(other, LOCK_SH | LOCK_NB));
	show("ranges are apart", lock(fd, F_SETLK, F_WRLCK, 0, 0));
	lock(fd, F_SETLK, F_UNLCK, 0, 0);
	child = fork();
	if (child == 0) {
		_exit(flock(fd, LOCK_EX | LOCK_NB) != 0);
	}
	printf("status %d\n", child_end(child));
	show("still", flock(other, LOCK_SH | LOCK_NB));
	child = fork();
	if (child == 0) {
		close(other);
		until_asleep(getppid());
		_exit(flock(fd, LOCK_UN) != 0);
	}
	show("waits", flock(other, LOCK_EX));
	printf("status %d\n", child_end(child));
	show("now", flock(fd, LOCK_EX | LOCK_NB));
	close(other);
	show("closed", flock(fd, LOCK_EX | LOCK_NB));
	show("unlock", flock(fd, LOCK_UN));
}

static void test_open_file(int fd)
{
	int other = open(path, O_RDWR);
	struct flock l = { .l_type = F_WRLCK, .l_len = 5 };

	show("open file", lock(fd, F_OFD_SETLK, F_WRLCK, 0, 10));
	show("another", lock(other, F_OFD_SETLK, F_RDLCK, 9, 1));
	show("behind", lock(other, F_OFD_SETLK, F_RDLCK, 10, 1));
	show("ask", fcntl(other, F_OFD_GETLK, &l));
	printf("type %d len %ld pid %d\n", l.l_type, (long)l.l_len, l.l_pid);
	show("process", lock(fd, F_SETLK, F_WRLCK, 9, 1));
	close(other);
	show("unlock", lock(fd, F_OFD_SETLK, F_UNLCK, 0, 0));
}

/* Named semaphores and shared memory, which are files of /dev/shm. */
static void test_shared(void)
{
	char name[32];
	volatile int *shared;
	sem_t *semaphore;
	pid_t child;
	int fd;

	sprintf(name, "/exo-%d", getpid());
	semaphore = sem_open(name, O_CREAT | O_EXCL, 0600, 0);
	printf("semaphore %d\n", semaphore != SEM_FAILED);
	show("unlink", sem_unlink(name));
	fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
	show("unlink", shm_unlink(name));
	show("size", ftruncate(fd, 4096));
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	fflush(stdout);
	child = fork();
	if (child == 0) {
		*shared = 42;
		_exit(sem_post(semaphore));
	}
	show("wait", sem_wait(semaphore));
	printf("shared %d, status %d\n", *shared, child_end(child));
	sem_close(semaphore);
	close(fd);
}

int main(void)
{
	int fd;

	sprintf(path, "/tmp/locks.%d", getpid());
	fd = open(path, O_RDWR | O_CREAT, 0600);
	test_ranges(fd);
	test_refused(fd);
	test_close(fd);
	test_wait(fd);
	test_interrupted(fd);
	test_circle(fd);
	test_whole(fd);
	test_open_file(fd);
	test_shared();
	close(fd);
	return unlink(path);
}
