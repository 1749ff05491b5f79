/* SPDX-License-Identifier: MIT */
/*
 * Pipes, FIFOs and waiting for them: one process, then several.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/user/asleep.h"

#define STREAM_BYTES 3000000
#define RECORDS      300
#define RECORD_BYTES 512
#define WRITERS      4

/* Volatile: the compiler does not see that nothing is there. */
static void *volatile unmapped = (void *)16;

static void show(const char *what, long result)
{
	if (result < 0) {
		printf("%s: error %d\n", what, errno);
	} else {
		printf("%s: %ld\n", what, result);
	}
	fflush(stdout);
}

static volatile int signals_seen;

static void count_signal(int signal)
{
	(void)signal;
	signals_seen++;
}

static void test_alone(void)
{
	static char page[70000];
	char text[16] = "";
	int p[2], n;

	show("pipe", pipe(p));
	show("write", write(p[1], "hello", 5));
	show("waiting", ioctl(p[0], FIONREAD, &n) * 100 + n);
	show("read", read(p[0], text, sizeof(text)));
	printf("%s\n", text);
	show("read the wrong end", read(p[1], text, 1));
	show("write the wrong end", write(p[0], text, 1));
	show("seek", lseek(p[0], 0, SEEK_CUR));
	show("pread", pread(p[0], text, 1, 0));
	show("nonblock", fcntl(p[0], F_SETFL, O_NONBLOCK) +
				 fcntl(p[1], F_SETFL, O_NONBLOCK));
	show("read nothing", read(p[0], text, 1));
	show("fill", write(p[1], page, sizeof(page)));
	show("fill more", write(p[1], page, 1));
	show("size", fcntl(p[0], F_GETPIPE_SZ));
	show("take", read(p[0], page, 4095));
	show("atomic", write(p[1], page, 4096));
	show("take one", read(p[0], page, 1));
	show("atomic now", write(p[1], page, 4096));
	show("drain", read(p[0], page, sizeof(page)));
	show("bad pointer", write(p[1], unmapped, 5));
	show("bad pair", pipe(unmapped));
	show("bad flags", pipe2(p, 0x7000000));
	close(p[1]);
	show("end", read(p[0], text, 1));
	close(p[0]);
	show("pipe2", pipe2(p, O_CLOEXEC | O_NONBLOCK));
	show("marks", fcntl(p[0], F_GETFD) * 2 + fcntl(p[1], F_GETFD));
	close(p[0]);
	signal(SIGPIPE, count_signal);
	show("broken", write(p[1], "x", 1));
	show("signals", signals_seen);
	signal(SIGPIPE, SIG_IGN);
	show("ignored", write(p[1], "x", 1));
	close(p[1]);
}

static void test_poll(void)
{
	struct pollfd fds[3];
	struct timeval none = { 0, 0 };
	fd_set set;
	int p[2];

	show("pipe", pipe(p));
	fds[0] = (struct pollfd){ p[0], POLLIN, 0 };
	fds[1] = (struct pollfd){ p[1], POLLOUT | POLLIN, 0 };
	fds[2] = (struct pollfd){ 777, POLLIN, 0 };
	show("poll", poll(fds, 3, 0));
	printf("%x %x %x\n", fds[0].revents, fds[1].revents, fds[2].revents);
	fds[2].fd = -1;
	show("time-out", poll(fds, 1, 20));
	show("write", write(p[1], "x", 1));
	show("poll", poll(fds, 3, -1));
	printf("%x %x %x\n", fds[0].revents, fds[1].revents, fds[2].revents);
	FD_ZERO(&set);
	FD_SET(p[0], &set);
	show("select", select(p[0] + 1, &set, NULL, NULL, &none));
	show("is set", FD_ISSET(p[0], &set) != 0);
	FD_ZERO(&set);
	FD_SET(60, &set);
	show("select bad", select(61, &set, NULL, NULL, &none));
	show("select nothing", select(0, NULL, NULL, NULL, &none));
	show("select negative", select(-1, NULL, NULL, NULL, &none));
	show("poll bad pointer", poll(unmapped, 1, 0));
	close(p[1]);
	show("poll", poll(fds, 1, -1));
	printf("%x\n", fds[0].revents);
	close(p[0]);
}

/* A child writes a stream in pieces of all sizes; all comes, in order. */
static void test_stream(void)
{
	static unsigned char piece[40000];
	unsigned long got = 0, wrong = 0;
	ssize_t len;
	int p[2], status;
	pid_t child;

	show("pipe", pipe(p));
	child = fork();
	if (child == 0) {
		unsigned long sent = 0, size = 1;

		close(p[0]);
		while (sent < STREAM_BYTES) {
			for (unsigned long i = 0; i < size; i++) {
				piece[i] = (unsigned char)((sent + i) * 7 >> 3);
			}
			if (write(p[1], piece, size) != (ssize_t)size) {
				_exit(1);
			}
			sent += size;
			size = size * 3 % 30011;
		}
		_exit(0);
	}
	close(p[1]);
	while ((len = read(p[0], piece, got % 9000 + 1)) > 0) {
		for (ssize_t i = 0; i < len; i++) {
			wrong += piece[i] !=
				 (unsigned char)((got + (unsigned long)i) * 7 >>
						 3);
		}
		got += (unsigned long)len;
	}
	waitpid(child, &status, 0);
	printf("came %d wrong %lu status %d\n", got >= STREAM_BYTES, wrong,
	       status);
	close(p[0]);
}

/* Records of several writers do not mix. */
static void test_writers(void)
{
	char record[RECORD_BYTES];
	int p[2], counts[WRITERS] = { 0 }, mixed = 0;

	show("pipe", pipe(p));
	for (int w = 0; w < WRITERS; w++) {
		if (fork() == 0) {
			memset(record, 'a' + w, sizeof(record));
			for (int i = 0; i < RECORDS; i++) {
				write(p[1], record, sizeof(record));
			}
			_exit(0);
		}
	}
	close(p[1]);
	for (;;) {
		size_t have = 0;
		ssize_t len;

		while (have < sizeof(record) &&
		       (len = read(p[0], record + have,
				   sizeof(record) - have)) > 0) {
			have += (size_t)len;
		}
		if (have == 0) {
			break;
		}
		for (size_t i = 1; i < have; i++) {
			mixed += record[i] != record[0];
		}
		counts[record[0] - 'a']++;
	}
	for (int w = 0; w < WRITERS; w++) {
		printf("writer %d: %d\n", w, counts[w]);
		wait(NULL);
	}
	printf("mixed %d\n", mixed);
	close(p[0]);
}

/* A byte there and back, many times. */
static void test_ping_pong(void)
{
	int there[2], back[2], status;
	char byte = 0;

	show("pipes", pipe(there) + pipe(back));
	if (fork() == 0) {
		close(there[1]);
		while (read(there[0], &byte, 1) == 1) {
			byte++;
			write(back[1], &byte, 1);
		}
		_exit(byte);
	}
	close(there[0]);
	for (int i = 0; i < 2000; i++) {
		write(there[1], &byte, 1);
		read(back[0], &byte, 1);
	}
	close(there[1]);
	wait(&status);
	printf("byte %d status %d\n", (unsigned char)byte, WEXITSTATUS(status));
	close(back[0]);
	close(back[1]);
}

/* A reader that ends early, a poller that is woken, a write that waits. */
static void test_sleepers(void)
{
	static char page[100000];
	struct pollfd fds;
	int p[2], status;

	show("pipe", pipe(p));
	if (fork() == 0) {
		close(p[1]);
		until_asleep(getppid());
		_exit(read(p[0], page, 10) != 10);
	}
	close(p[0]);
	signal(SIGPIPE, SIG_IGN);
	show("reader leaves", write(p[1], page, sizeof(page)) >= 65536);
	show("then", write(p[1], page, 1));
	wait(&status);
	printf("status %d\n", status);
	close(p[1]);
	show("pipe", pipe(p));
	if (fork() == 0) {
		until_asleep(getppid());
		write(p[1], "x", 1);
		_exit(0);
	}
	fds = (struct pollfd){ p[0], POLLIN, 0 };
	show("woken", poll(&fds, 1, 10000));
	printf("%x\n", fds.revents);
	wait(&status);
	close(p[0]);
	close(p[1]);
}

static void test_fifo(void)
{
	char path[64], text[16] = "";
	int fd, status;

	sprintf(path, "/tmp/fifo.%d", getpid());
	show("mkfifo", mkfifo(path, 0600));
	show("nobody reads", open(path, O_WRONLY | O_NONBLOCK));
	fd = open(path, O_RDONLY | O_NONBLOCK);
	show("nobody writes", read(fd, text, 1));
	close(fd);
	if (fork() == 0) {
		fd = open(path, O_WRONLY);
		write(fd, "through", 7);
		_exit(0);
	}
	fd = open(path, O_RDONLY);
	show("read", read(fd, text, sizeof(text)));
	printf("%s\n", text);
	wait(&status);
	show("end", read(fd, text, 1));
	close(fd);
	show("unlink", unlink(path));
}

static long write_three(int fd, size_t each)
{
	static char letters[3][1000];
	struct iovec pieces[3];

	for (int i = 0; i < 3; i++) {
		memset(letters[i], 'a' + i, sizeof(letters[i]));
		pieces[i] = (struct iovec){ letters[i], each };
	}
	return writev(fd, pieces, 3);
}

/* A vector is one write: it goes as a whole, or the pipe is too full. */
static void test_vectors(void)
{
	static char page[65536];
	struct iovec bad[2] = { { page, 5 }, { unmapped, 5 } };
	struct iovec many[1025] = { { page, 0 } };
	int p[2];

	show("pipe", pipe2(p, O_NONBLOCK));
	show("an empty vector", writev(p[1], bad, 0));
	show("empty pieces", writev(p[1], many, 1024));
	show("too many pieces", writev(p[1], many, 1025));
	bad[1].iov_len = (size_t)-1;
	show("a piece that is too long", writev(p[1], bad, 2));
	show("pieces nowhere", writev(p[1], unmapped, 2));
	bad[0].iov_base = (void *)-4096;
	bad[1].iov_len = 5;
	show("a piece of the kernel's", writev(p[1], bad, 2));
	show("fill", write(p[1], page, 65536 - 1000));
	show("three pieces", write_three(p[1], 512));
	show("smaller ones", write_three(p[1], 300));
	show("drain", read(p[0], page, 65536 - 1000));
	show("the rest", read(p[0], page, sizeof(page)));
	printf("%c%c%c\n", page[0], page[300], page[899]);
	show("a long one", write_three(p[1], 1000) + write_three(p[1], 1000));
	show("read it", read(p[0], page, 4096) + read(p[0], page, 4096));
	close(p[0]);
	signal(SIGPIPE, count_signal);
	signals_seen = 0;
	show("to nobody", write_three(p[1], 100));
	show("signals", signals_seen);
	close(p[1]);
}

#define PASSINGS 50

/*
 * A writer that waits for its reader, writes and is gone: the reader's open
 * returns although nobody is there any more.
 */
static void test_passing_writer(void)
{
	char path[64];
	struct timespec moment = { 0, 1000000 };
	char byte = 'x';
	int turn[2], fd, bytes = 0;

	sprintf(path, "/tmp/passing.%d", getpid());
	show("mkfifo", mkfifo(path, 0600));
	show("pipe", pipe(turn));
	if (fork() == 0) {
		close(turn[1]);
		while (read(turn[0], &byte, 1) == 1) {
			fd = open(path, O_WRONLY);
			if (write(fd, &byte, 1) != 1 || close(fd) != 0) {
				_exit(1);
			}
		}
		_exit(0);
	}
	for (int i = 0; i < PASSINGS; i++) {
		if (write(turn[1], &byte, 1) != 1) {
			break;
		}
		nanosleep(&moment, NULL);
		fd = open(path, O_RDONLY);
		while (read(fd, &byte, 1) == 1) {
			bytes++;
		}
		close(fd);
	}
	show("bytes in passing", bytes);
	close(turn[1]);
	wait(NULL);
	show("unlink", unlink(path));
}

/* What is there fills the first piece: nobody waits for the second. */
static void test_full_first_piece(void)
{
	char first[4], second[4] = "";
	struct iovec v[3] = { { first, 4 }, { second, 0 }, { second, 4 } };
	int fd[2];

	pipe(fd);
	write(fd[1], "four", 4);
	show("first piece", readv(fd[0], v, 3));
	write(fd[1], "sixsix", 6);
	show("both pieces", readv(fd[0], v, 3));
	write(fd[1], "four", 4);
	v[0].iov_len = 0;
	show("second piece", readv(fd[0], v, 3));
	close(fd[1]);
	show("end", readv(fd[0], v, 3));
	close(fd[0]);
}

#define CLOSED_FDS    40
#define CLOSED_ROUNDS 300

static int polled[2], closed_first;
static volatile int closer_done;

/* Numbers come and go. */
static void *close_and_open(void *arg)
{
	for (int i = 0; i < CLOSED_ROUNDS; i++) {
		for (int fd = 0; fd < CLOSED_FDS; fd++) {
			close(closed_first + fd);
		}
		for (int fd = 0; fd < CLOSED_FDS; fd++) {
			dup2(polled[0], closed_first + fd);
		}
	}
	closer_done = 1;
	return arg;
}

/* Each is there and ready, or not there. */
static int poll_numbers(void)
{
	struct pollfd fds[CLOSED_FDS];
	int told = 0, count;

	for (int i = 0; i < CLOSED_FDS; i++) {
		fds[i] = (struct pollfd){ closed_first + i, POLLIN, 0 };
	}
	count = poll(fds, CLOSED_FDS, 0);
	for (int i = 0; i < CLOSED_FDS; i++) {
		if (fds[i].revents != POLLIN && fds[i].revents != POLLNVAL) {
			return 0;
		}
		told++;
	}
	return count == told;
}

/* Numbers that another thread closes and opens meanwhile. */
static void test_poll_closed(void)
{
	pthread_t thread;
	int ok = 1;

	show("pipe", pipe(polled));
	write(polled[1], "x", 1);
	closed_first = polled[1] + 1;
	pthread_create(&thread, NULL, close_and_open, NULL);
	while (ok && !closer_done) {
		ok = poll_numbers();
	}
	pthread_join(thread, NULL);
	printf("numbers that come and go: %s\n", ok ? "ok" : "WRONG");
	/* Alone again. */
	show("all ready", poll_numbers());
	for (int fd = 0; fd < CLOSED_FDS; fd++) {
		close(closed_first + fd);
	}
	close(polled[0]);
	close(polled[1]);
}

int main(void)
{
	test_alone();
	test_vectors();
	test_poll();
	test_poll_closed();
	test_stream();
	test_writers();
	test_ping_pong();
	test_sleepers();
	test_fifo();
	test_passing_writer();
	test_full_first_piece();
	return 0;
}
