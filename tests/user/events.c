/* SPDX-License-Identifier: MIT */
/*
 * Counters to wait for (eventfd) and sets of files to wait for (epoll).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MANY   200
#define ROUNDS 2000
#define REST   30000 /* us until another has gone to sleep */

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

/* ---- eventfd ------------------------------------------------------------ */

static void add(int fd, uint64_t n)
{
	if (write(fd, &n, sizeof(n)) != sizeof(n)) {
		printf("add: error %d\n", errno);
	}
}

static void take(int fd)
{
	uint64_t n = 0;
	ssize_t got = read(fd, &n, sizeof(n));

	if (got < 0) {
		printf("take: error %d\n", errno);
	} else {
		printf("take: %zd bytes, %llu\n", got, (unsigned long long)n);
	}
}

static void ready(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLOUT };

	poll(&p, 1, 0);
	printf("ready: %x\n", (unsigned)p.revents);
}

static void test_eventfd(void)
{
	int fd = eventfd(3, EFD_NONBLOCK);
	uint64_t n = UINT64_MAX;
	struct stat st;
	char path[64], name[64] = "";

	ready(fd);
	take(fd);
	ready(fd);
	take(fd);
	add(fd, 5);
	add(fd, 7);
	take(fd);
	add(fd, UINT64_MAX - 1);
	ready(fd);
	add(fd, 1);
	take(fd);
	add(fd, 0);
	ready(fd);
	show("too much", write(fd, &n, sizeof(n)));
	show("short write", write(fd, &n, 7));
	show("short read", read(fd, &n, 4));
	show("bad read", read(fd, unmapped, 8));
	show("bad write", write(fd, unmapped, 8));
	show("pread", pread(fd, &n, 8, 0));
	show("seek", lseek(fd, 0, SEEK_CUR));
	show("stat", fstat(fd, &st));
	printf("%o %ld\n", st.st_mode, (long)st.st_size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	show("link", readlink(path, name, sizeof(name) - 1));
	printf("%s\n", name);
	close(fd);
	fd = eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK | EFD_CLOEXEC);
	show("mark", fcntl(fd, F_GETFD));
	take(fd);
	take(fd);
	take(fd);
	close(fd);
	show("flags", eventfd(0, 2));
}

/* Each waits for the other in turn. */
static void test_eventfd_turns(void)
{
	int there = eventfd(0, 0), back = eventfd(0, 0), status;
	uint64_t n, sum = 0;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child == 0) {
		for (int i = 0; i < ROUNDS; i++) {
			if (read(there, &n, sizeof(n)) != sizeof(n)) {
				_exit(1);
			}
			add(back, n + 1);
		}
		_exit(0);
	}
	for (uint64_t i = 1; i <= ROUNDS; i++) {
		add(there, i);
		if (read(back, &n, sizeof(n)) == sizeof(n)) {
			sum += n;
		}
	}
	waitpid(child, &status, 0);
	printf("turns: %llu, child %d\n", (unsigned long long)sum, status);
	/* A full counter: the writer waits for a reader. */
	add(there, UINT64_MAX - 1);
	fflush(stdout);
	child = fork();
	if (child == 0) {
		add(there, 4);
		_exit(0);
	}
	usleep(REST);
	show("not yet", waitpid(child, &status, WNOHANG));
	take(there);
	waitpid(child, &status, 0);
	take(there);
	close(there);
	close(back);
}

/* ---- epoll -------------------------------------------------------------- */

static int ctl(int set, int op, int fd, uint32_t events, uint64_t data)
{
	struct epoll_event e = { .events = events, .data.u64 = data };

	return epoll_ctl(set, op, fd, &e);
}

static int compare(const void *a, const void *b)
{
	const struct epoll_event *x = a, *y = b;

	return (x->data.u64 > y->data.u64) - (x->data.u64 < y->data.u64);
}

/* What is ready at once, in the order of what it was given. */
static void ask(const char *what, int set)
{
	struct epoll_event e[8];
	int n = epoll_wait(set, e, 8, 0);

	printf("%s: %d", what, n);
	if (n > 0) {
		qsort(e, (size_t)n, sizeof(*e), compare);
	}
	for (int i = 0; i < n; i++) {
		printf(" %llu=%x", (unsigned long long)e[i].data.u64,
		       e[i].events);
	}
	puts("");
}

static void test_set(void)
{
	int set = epoll_create1(0), p[2], q[2];
	char byte[8];

	pipe(p);
	pipe(q);
	ask("empty", set);
	show("add", ctl(set, EPOLL_CTL_ADD, p[0], EPOLLIN, 1));
	show("again", ctl(set, EPOLL_CTL_ADD, p[0], EPOLLIN, 1));
	show("add", ctl(set, EPOLL_CTL_ADD, p[1], EPOLLOUT, 2));
	show("add", ctl(set, EPOLL_CTL_ADD, q[0], EPOLLIN, 3));
	ask("writable", set);
	write(p[1], "ab", 2);
	ask("readable", set);
	ask("still", set);
	show("change", ctl(set, EPOLL_CTL_MOD, p[1], 0, 2));
	ask("one", set);
	read(p[0], byte, 2);
	ask("none", set);
	close(p[1]);
	ask("hung up", set);
	show("take out", ctl(set, EPOLL_CTL_DEL, p[0], 0, 0));
	show("again", ctl(set, EPOLL_CTL_DEL, p[0], 0, 0));
	show("change", ctl(set, EPOLL_CTL_MOD, p[0], EPOLLIN, 0));
	ask("none", set);
	close(q[1]);
	ask("other", set);
	close(q[0]);
	ask("closed", set);
	close(p[0]);
	close(set);
}

static void test_edges(void)
{
	int set = epoll_create1(EPOLL_CLOEXEC), p[2], e = eventfd(0, 0);
	char byte[8];

	pipe(p);
	show("mark", fcntl(set, F_GETFD));
	ctl(set, EPOLL_CTL_ADD, p[0], EPOLLIN | EPOLLET, 1);
	ctl(set, EPOLL_CTL_ADD, e, EPOLLIN | EPOLLOUT | EPOLLET, 2);
	ask("edge out", set);
	ask("no edge", set);
	write(p[1], "ab", 2);
	ask("edge", set);
	ask("no edge", set);
	read(p[0], byte, 1);
	ask("read one", set);
	write(p[1], "c", 1);
	ask("edge", set);
	add(e, 1);
	ask("edge", set);
	add(e, 1);
	ask("edge", set);
	ask("no edge", set);
	ctl(set, EPOLL_CTL_MOD, p[0], EPOLLIN | EPOLLET, 1);
	ask("changed", set);
	ask("no edge", set);
	close(p[1]);
	ask("hung up", set);
	ask("no edge", set);
	close(p[0]);
	pipe(p);
	ctl(set, EPOLL_CTL_ADD, p[1], EPOLLOUT | EPOLLET, 3);
	ask("room", set);
	write(p[1], "ab", 2);
	read(p[0], byte, 1);
	ask("no edge", set);
	close(p[0]);
	ask("broken", set);
	close(p[1]);
	close(e);
	close(set);
}

static void test_one_shot(void)
{
	int set = epoll_create(1), e = eventfd(1, 0);

	ctl(set, EPOLL_CTL_ADD, e, EPOLLIN | EPOLLONESHOT, 7);
	ask("once", set);
	ask("asleep", set);
	add(e, 1);
	ask("asleep", set);
	ctl(set, EPOLL_CTL_MOD, e, EPOLLIN | EPOLLONESHOT, 8);
	ask("again", set);
	ask("asleep", set);
	close(e);
	close(set);
}

/* A file leaves with its last descriptor, not before. */
static void test_duplicates(void)
{
	int set = epoll_create1(0), e = eventfd(1, 0), other = dup(e);

	ctl(set, EPOLL_CTL_ADD, e, EPOLLIN, 1);
	show("the same file", ctl(set, EPOLL_CTL_ADD, other, EPOLLIN, 2));
	ask("two", set);
	close(e);
	ask("still two", set);
	show("not by number", ctl(set, EPOLL_CTL_DEL, e, 0, 0));
	close(other);
	ask("gone", set);
	close(set);
}

static void test_nested(void)
{
	int sets[8], e = eventfd(0, EFD_NONBLOCK);
	struct pollfd p;

	for (int i = 0; i < 8; i++) {
		sets[i] = epoll_create1(0);
	}
	show("inside", ctl(sets[1], EPOLL_CTL_ADD, sets[0], EPOLLIN, 10));
	show("around", ctl(sets[0], EPOLL_CTL_ADD, sets[1], EPOLLIN, 11));
	show("itself", ctl(sets[0], EPOLL_CTL_ADD, sets[0], EPOLLIN, 12));
	show("leaf", ctl(sets[0], EPOLL_CTL_ADD, e, EPOLLIN, 13));
	ask("outer", sets[1]);
	add(e, 1);
	ask("outer", sets[1]);
	ask("inner", sets[0]);
	p = (struct pollfd){ .fd = sets[1], .events = POLLIN };
	show("poll", poll(&p, 1, 0));
	take(e);
	show("poll", poll(&p, 1, 0));
	ask("outer", sets[1]);
	ctl(sets[1], EPOLL_CTL_MOD, sets[0], EPOLLIN | EPOLLET, 10);
	add(e, 1);
	ask("outer edge", sets[1]);
	ask("no edge", sets[1]);
	for (int i = 2; i < 8; i++) {
		printf("level %d: ", i);
		show("add",
		     ctl(sets[i], EPOLL_CTL_ADD, sets[i - 1], EPOLLIN, 20));
	}
	ask("outermost", sets[4]);
	for (int i = 0; i < 8; i++) {
		close(sets[i]);
	}
	close(e);
}

static void test_refused(void)
{
	int set = epoll_create1(0), e = eventfd(0, 0);
	int file = open("/", O_RDONLY), null = open("/dev/null", O_RDWR);
	struct epoll_event events[2];
	struct timespec bad = { 0, 1000000000 };

	show("flags", epoll_create1(1));
	show("size", epoll_create(0));
	show("a directory", ctl(set, EPOLL_CTL_ADD, file, EPOLLIN, 0));
	show("null", ctl(set, EPOLL_CTL_ADD, null, EPOLLIN, 0));
	show("not open", ctl(set, EPOLL_CTL_ADD, 99, EPOLLIN, 0));
	show("not a set", ctl(e, EPOLL_CTL_ADD, set, EPOLLIN, 0));
	show("no set", ctl(99, EPOLL_CTL_ADD, e, EPOLLIN, 0));
	show("operation", ctl(set, 9, e, EPOLLIN, 0));
	show("bad event", epoll_ctl(set, EPOLL_CTL_ADD, e, unmapped));
	show("del without", epoll_ctl(set, EPOLL_CTL_DEL, e, NULL));
	show("exclusive",
	     ctl(set, EPOLL_CTL_ADD, e, EPOLLIN | EPOLLEXCLUSIVE, 0));
	show("changed", ctl(set, EPOLL_CTL_MOD, e, EPOLLIN, 0));
	show("exclusive",
	     ctl(set, EPOLL_CTL_MOD, e, EPOLLIN | EPOLLEXCLUSIVE, 0));
	show("none", epoll_wait(set, events, 0, 0));
	show("negative", syscall(SYS_epoll_wait, set, events, -1, 0));
	show("not a set", epoll_wait(e, events, 1, 0));
	show("not open", epoll_wait(99, events, 1, 0));
	add(e, 1);
	show("bad place", epoll_wait(set, unmapped, 1, 0));
	show("still there", epoll_wait(set, events, 1, 0));
	show("bad time",
	     syscall(SYS_epoll_pwait2, set, events, 1, &bad, NULL, 8));
	show("read", read(set, events, 8));
	show("write", write(set, events, 8));
	close(set);
	close(e);
	close(file);
	close(null);
}

static volatile int signals_seen;

static void count_signal(int signal)
{
	(void)signal;
	signals_seen++;
}

static void test_waiting(void)
{
	int set = epoll_create1(0), e = eventfd(0, 0);
	struct sigaction action = { .sa_handler = count_signal,
				    .sa_flags = SA_RESTART };
	struct timespec short_time = { 0, 20000000 };
	struct epoll_event event;
	sigset_t mask, none;
	pid_t child;

	ctl(set, EPOLL_CTL_ADD, e, EPOLLIN, 5);
	show("time", epoll_wait(set, &event, 1, 20));
	show("fine time",
	     syscall(SYS_epoll_pwait2, set, &event, 1, &short_time, NULL, 8));
	fflush(stdout);
	child = fork();
	if (child == 0) {
		usleep(REST);
		add(e, 1);
		_exit(0);
	}
	show("woken", epoll_wait(set, &event, 1, -1));
	waitpid(child, NULL, 0);
	take(e);
	sigaction(SIGUSR1, &action, NULL);
	sigemptyset(&none);
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	kill(getpid(), SIGUSR1);
	show("blocked", epoll_wait(set, &event, 1, 0));
	show("interrupted", epoll_pwait(set, &event, 1, -1, &none));
	show("signals", signals_seen);
	sigprocmask(SIG_BLOCK, NULL, &mask);
	show("mask", sigismember(&mask, SIGUSR1));
	show("mask size",
	     syscall(SYS_epoll_pwait, set, &event, 1, 0, &none, 4));
	close(set);
	close(e);
}

/* More than are told at once: each has its turn. */
static void test_many(void)
{
	static int fds[MANY];
	static int seen[MANY];
	int set = epoll_create1(0), count = 0, rounds = 0;
	struct epoll_event events[16];

	for (int i = 0; i < MANY; i++) {
		fds[i] = eventfd(1, 0);
		if (fds[i] < 0 || ctl(set, EPOLL_CTL_ADD, fds[i], EPOLLIN,
				      (uint64_t)i) != 0) {
			show("many", -1);
		}
	}
	while (count < MANY && rounds < MANY) {
		int n = epoll_wait(set, events, 16, 0);

		rounds++;
		for (int i = 0; i < n; i++) {
			count += seen[events[i].data.u64]++ == 0;
		}
	}
	printf("%d seen in %d rounds\n", count, rounds);
	for (int i = 0; i < MANY; i++) {
		close(fds[i]);
	}
	ask("all closed", set);
	close(set);
}

/* Threads that wait for one set: each event is one's. */
static int common, event_in, answers;

static void *waiter(void *arg)
{
	struct epoll_event event;
	uint64_t n;

	(void)arg;
	while (epoll_wait(common, &event, 1, -1) == 1) {
		if (event.data.u64 == 0) {
			break;
		}
		if (read(event_in, &n, sizeof(n)) == sizeof(n)) {
			add(answers, n);
		}
	}
	return NULL;
}

static void test_threads(void)
{
	pthread_t threads[4];
	int stop = eventfd(0, 0);
	uint64_t sum = 0, n;

	common = epoll_create1(0);
	event_in = eventfd(0, EFD_NONBLOCK | EFD_SEMAPHORE);
	answers = eventfd(0, 0);
	ctl(common, EPOLL_CTL_ADD, event_in, EPOLLIN | EPOLLET, 1);
	ctl(common, EPOLL_CTL_ADD, stop, EPOLLIN, 0);
	for (int i = 0; i < 4; i++) {
		pthread_create(&threads[i], NULL, waiter, NULL);
	}
	for (int i = 0; i < ROUNDS; i++) {
		add(event_in, 1);
		if (read(answers, &n, sizeof(n)) == sizeof(n)) {
			sum += n;
		}
	}
	printf("answers: %llu\n", (unsigned long long)sum);
	add(stop, 1);
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
	}
	close(common);
	close(event_in);
	close(answers);
	close(stop);
}

int main(void)
{
	test_eventfd();
	test_eventfd_turns();
	test_set();
	test_edges();
	test_one_shot();
	test_duplicates();
	test_nested();
	test_refused();
	test_waiting();
	test_many();
	test_threads();
	return 0;
}
