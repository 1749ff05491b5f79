/* SPDX-License-Identifier: MIT */
/*
 * Rows in which something is passed on: through pipes, events, sockets and
 * futexes, to oneself, to another and around a ring of processes.
 */
#define _GNU_SOURCE
#include "bench/compare/compare.h"

#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* linux/futex.h, which musl does not bring. */
#define FUTEX_WAIT_PRIVATE 128
#define FUTEX_WAKE_PRIVATE 129

#define WATCHED            16
#define RING_MAX           64

static char bytes[PAGE_BYTES];

/* Writes so much to one descriptor and reads it from another. */
static long pass(int to, int from, size_t len)
{
	return write(to, bytes, len) == (ssize_t)len &&
			       read(from, bytes, len) == (ssize_t)len
		       ? 0
		       : -1;
}

static int pipe_self(long batch, uint64_t *ticks, size_t len)
{
	static int ends[2];
	int err = ends[1] ? 0 : error_of(pipe(ends));

	return err ? err : MEASURE(batch, ticks, pass(ends[1], ends[0], len));
}

int row_pipe_self(long batch, uint64_t *ticks)
{
	return pipe_self(batch, ticks, 1);
}

int row_pipe_self_4k(long batch, uint64_t *ticks)
{
	return pipe_self(batch, ticks, sizeof(bytes));
}

/* A child that passes on what it reads, until it is killed. */
static int start_echo(int from, int to, size_t len)
{
	pid_t child = fork();

	if (child == 0) {
		while (read(from, bytes, len) == (ssize_t)len &&
		       write(to, bytes, len) == (ssize_t)len) {
		}
		_exit(1);
	}
	return error_of(child);
}

int row_pipe_round(long batch, uint64_t *ticks)
{
	static int there[2], back[2];
	int err = 0;

	if (back[1] == 0) {
		err = error_of(pipe(there) | pipe(back));
		err = err ? err : start_echo(there[0], back[1], 1);
	}
	return err ? err : MEASURE(batch, ticks, pass(there[1], back[0], 1));
}

int row_eventfd_self(long batch, uint64_t *ticks)
{
	static int fd;
	int err = fd ? 0 : error_of(fd = eventfd(0, 0));

	memset(bytes, 1, sizeof(uint64_t));
	return err ? err
		   : MEASURE(batch, ticks, pass(fd, fd, sizeof(uint64_t)));
}

int row_eventfd_round(long batch, uint64_t *ticks)
{
	static int there, back;
	int err = 0;

	memset(bytes, 1, sizeof(uint64_t));
	if (back == 0) {
		err = error_of(there = eventfd(0, 0));
		err = err ? err : error_of(back = eventfd(0, 0));
		err = err ? err : start_echo(there, back, sizeof(uint64_t));
	}
	return err ? err
		   : MEASURE(batch, ticks, pass(there, back, sizeof(uint64_t)));
}

int row_socket_round(long batch, uint64_t *ticks)
{
	static int ends[2];
	int err = 0;

	if (ends[1] == 0) {
		err = error_of(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
		err = err ? err : start_echo(ends[1], ends[1], 1);
	}
	return err ? err : MEASURE(batch, ticks, pass(ends[0], ends[0], 1));
}

/* Pipes of which only the last has something to read. */
static int watched_pipes(int fds[WATCHED])
{
	int ends[2];

	for (int i = 0; i < WATCHED; i++) {
		if (pipe(ends) != 0) {
			return -errno;
		}
		fds[i] = ends[0];
	}
	return error_of(write(ends[1], bytes, 1));
}

static int watch(int epoll, int operation, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	return epoll_ctl(epoll, operation, fd, &event);
}

int row_epoll_wait(long batch, uint64_t *ticks)
{
	static int epoll, fds[WATCHED];
	struct epoll_event event;
	int err = 0;

	if (epoll == 0) {
		err = error_of(epoll = epoll_create1(0));
		err = err ? err : watched_pipes(fds);
		for (int i = 0; i < WATCHED && err == 0; i++) {
			err = error_of(watch(epoll, EPOLL_CTL_ADD, fds[i]));
		}
	}
	return err ? err
		   : MEASURE(batch, ticks, epoll_wait(epoll, &event, 1, -1));
}

int row_epoll_add_del(long batch, uint64_t *ticks)
{
	static int epoll, fds[WATCHED];
	int err = 0;

	if (epoll == 0) {
		err = error_of(epoll = epoll_create1(0));
		err = err ? err : watched_pipes(fds);
	}
	return err ? err
		   : MEASURE(batch, ticks,
			     watch(epoll, EPOLL_CTL_ADD, fds[0]) |
				     watch(epoll, EPOLL_CTL_DEL, fds[0]));
}

int row_poll_16(long batch, uint64_t *ticks)
{
	static struct pollfd polled[WATCHED];
	int fds[WATCHED], err = 0;

	if (polled[0].fd == 0) {
		err = watched_pipes(fds);
		for (int i = 0; i < WATCHED; i++) {
			polled[i] = (struct pollfd){ fds[i], POLLIN, 0 };
		}
	}
	return err ? err : MEASURE(batch, ticks, poll(polled, WATCHED, -1));
}

/* Whose turn it is, of the two threads of the futex row. */
static uint32_t turn;

static void turn_await(uint32_t mine)
{
	uint32_t now;

	while ((now = __atomic_load_n(&turn, __ATOMIC_ACQUIRE)) != mine) {
		syscall(SYS_futex, &turn, FUTEX_WAIT_PRIVATE, now, NULL);
	}
}

static void turn_give(uint32_t other)
{
	__atomic_store_n(&turn, other, __ATOMIC_RELEASE);
	syscall(SYS_futex, &turn, FUTEX_WAKE_PRIVATE, 1);
}

static void *take_turns(void *unused)
{
	for (;;) {
		turn_await(1);
		turn_give(0);
	}
	return unused;
}

static int turn_round(void)
{
	turn_give(1);
	turn_await(0);
	return 0;
}

int row_futex_round(long batch, uint64_t *ticks)
{
	static pthread_t other;
	int err = other ? 0 : -pthread_create(&other, NULL, take_turns, NULL);

	return err ? err : MEASURE(batch, ticks, turn_round());
}

int row_yield(long batch, uint64_t *ticks)
{
	return MEASURE(batch, ticks, sched_yield());
}

/* The yields of both count. */
int row_yield_two(long batch, uint64_t *ticks)
{
	static volatile uint64_t *theirs;
	uint64_t before, all;
	int err;

	if (theirs == NULL) {
		theirs = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		if (theirs == MAP_FAILED) {
			return -errno;
		}
		if (fork() == 0) {
			for (;;) {
				sched_yield();
				++*theirs;
			}
		}
	}
	before = *theirs;
	err = MEASURE(batch, ticks, sched_yield());
	all = (uint64_t)batch + *theirs - before;
	*ticks = *ticks * (uint64_t)batch / all;
	return err;
}

/* A token goes around `count` processes; a hop is an operation. */
static int ring(int count, long batch, uint64_t *ticks)
{
	static int ends[RING_MAX][2];
	int err = 0;

	if (ends[0][1] == 0) {
		for (int i = 0; i < count && err == 0; i++) {
			err = error_of(pipe(ends[i]));
		}
		for (int i = 1; i < count && err == 0; i++) {
			err = start_echo(ends[i][0], ends[(i + 1) % count][1],
					 1);
		}
	}
	err = err ? err
		  : MEASURE(batch, ticks, pass(ends[1][1], ends[0][0], 1));
	*ticks /= (uint64_t)count;
	return err;
}

#define RING(count)                                         \
	int row_switch_##count(long batch, uint64_t *ticks) \
	{                                                   \
		return ring(count, batch, ticks);           \
	}
RING(2)
RING(4)
RING(8)
RING(16)
RING(32)
RING(64)
