/* SPDX-License-Identifier: MIT */
/*
 * Pseudo-terminals: both sides, the line discipline between them, jobs, and
 * what the end of one side means for the other.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "tests/user/asleep.h"

#define LONG_BYTES 20000

#define NOBODY     65534

static void show(const char *what, long result)
{
	if (result < 0) {
		printf("%s: error %d\n", what, errno);
	} else {
		printf("%s: %ld\n", what, result);
	}
	fflush(stdout);
}

/* What there is to read, with what cannot be printed as numbers. */
static void take(const char *what, int fd)
{
	char text[200];
	ssize_t got = read(fd, text, sizeof(text));

	if (got < 0) {
		show(what, -1);
		return;
	}
	printf("%s:", what);
	for (ssize_t i = 0; i < got; i++) {
		printf(text[i] < 33 || text[i] > 126 ? " %d" : " %c", text[i]);
	}
	puts("");
	fflush(stdout);
}

static int ready(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLOUT };

	poll(&p, 1, 0);
	return p.revents;
}

static int master_open(char *name, size_t size)
{
	int master = open("/dev/ptmx", O_RDWR | O_NOCTTY);

	grantpt(master);
	unlockpt(master);
	if (ptsname_r(master, name, size) != 0) {
		show("name", -1);
	}
	return master;
}

/* Both sides of one that takes each byte as it is. */
static void raw_pair(int *master, int *slave)
{
	char name[64];
	struct termios t;

	*master = master_open(name, sizeof(name));
	*slave = open(name, O_RDWR | O_NOCTTY);
	tcgetattr(*slave, &t);
	cfmakeraw(&t);
	tcsetattr(*slave, TCSANOW, &t);
}

static void test_sides(void)
{
	char name[64] = "", link[64] = "", path[64];
	int master = open("/dev/ptmx", O_RDWR | O_NOCTTY), slave, n = -1;
	struct winsize size = { 0 };
	struct termios t;
	struct stat st;

	show("master", master >= 0);
	show("number", ioctl(master, TIOCGPTN, &n));
	snprintf(name, sizeof(name), "/dev/pts/%d", n);
	show("locked", open(name, O_RDWR | O_NOCTTY));
	show("unlock", unlockpt(master));
	show("stat", stat(name, &st));
	printf("%o\n", st.st_mode & S_IFMT);
	show("nothing", ready(master));
	slave = open(name, O_RDWR | O_NOCTTY);
	show("slave", slave >= 0);
	show("a terminal", isatty(slave) * 10 + isatty(master));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", slave);
	readlink(path, link, sizeof(link) - 1);
	show("its name", strcmp(link, name) == 0);
	show("size", ioctl(slave, TIOCGWINSZ, &size));
	printf("%d %d\n", size.ws_row, size.ws_col);
	size.ws_row = 50;
	size.ws_col = 132;
	show("set", ioctl(master, TIOCSWINSZ, &size));
	memset(&size, 0, sizeof(size));
	ioctl(slave, TIOCGWINSZ, &size);
	printf("%d %d\n", size.ws_row, size.ws_col);
	show("ready", ready(master) * 0x1000 + ready(slave));
	show("write", write(slave, "hello\n", 6));
	show("ready", ready(master));
	take("shown", master);
	show("type", write(master, "ab\177c\n", 5));
	take("echo", master);
	show("ready", ready(slave));
	take("line", slave);
	tcgetattr(slave, &t);
	cfmakeraw(&t);
	show("raw", tcsetattr(master, TCSANOW, &t));
	write(master, "x\3y", 3);
	take("raw", slave);
	show("no echo", ready(master));
	write(slave, "1\n2", 3);
	take("as it stands", master);
	close(slave);
	show("left", ready(master) & POLLHUP);
	take("left", master);
	slave = open(name, O_RDWR | O_NOCTTY);
	show("again", slave >= 0);
	write(slave, "last", 4);
	close(slave);
	take("what was left", master);
	take("left", master);
	slave = open(name, O_RDWR | O_NOCTTY);
	close(master);
	take("no master", slave);
	show("write", write(slave, "x", 1));
	show("name", stat(name, &st));
	close(slave);
}

/* More than there is room for goes through, in both directions. */
static void test_stream(void)
{
	static char text[LONG_BYTES];
	int master, slave, status;
	size_t got = 0, wrong = 0;
	pid_t child;

	raw_pair(&master, &slave);
	for (size_t i = 0; i < LONG_BYTES; i++) {
		text[i] = (char)('a' + i % 26);
	}
	fflush(stdout);
	child = fork();
	if (child == 0) {
		size_t n = 0;
		char byte[64];

		/* Reads all, then writes all. */
		while (n < LONG_BYTES) {
			ssize_t more = read(slave, byte, sizeof(byte));

			n += more > 0 ? (size_t)more : 0;
		}
		_exit(write(slave, text, LONG_BYTES) != LONG_BYTES);
	}
	for (size_t at = 0; at < LONG_BYTES;) {
		ssize_t put = write(master, text + at, LONG_BYTES - at);

		at += put > 0 ? (size_t)put : 0;
	}
	while (got < LONG_BYTES) {
		char piece[1000];
		ssize_t more = read(master, piece, sizeof(piece));

		for (ssize_t i = 0; i < more; i++) {
			wrong += piece[i] != text[got + (size_t)i];
		}
		got += more > 0 ? (size_t)more : 0;
	}
	waitpid(child, &status, 0);
	printf("stream: %zu bytes, %zu wrong, child %d\n", got, wrong, status);
	fcntl(master, F_SETFL, O_NONBLOCK);
	take("nothing", master);
	close(slave);
	close(master);
}

/* Somebody else polls while a writer waits for room, and there is a little. */
static void test_poll_beside_writer(void)
{
	static char text[LONG_BYTES];
	ssize_t got = 0, more = 1;
	int master, slave, status;
	pid_t child;

	raw_pair(&master, &slave);
	fflush(stdout);
	child = fork();
	if (child == 0) {
		_exit(write(master, text, LONG_BYTES) != LONG_BYTES);
	}
	until_asleep(child);
	got = read(slave, text, 10);
	(void)ready(master);
	while (got < LONG_BYTES && more > 0) {
		more = read(slave, text, sizeof(text));
		got += more > 0 ? more : 0;
	}
	waitpid(child, &status, 0);
	printf("beside a writer: %zd bytes, child %d\n", got, status);
	close(slave);
	close(master);
}

static volatile sig_atomic_t sizes, hangups;

static void count(int signal)
{
	sizes += signal == SIGWINCH;
	hangups += signal == SIGHUP;
}

/* Both stay blocked but for here: none comes between the look and the sleep. */
static void until_counted(const volatile sig_atomic_t *counter)
{
	sigset_t none;

	sigemptyset(&none);
	while (*counter == 0) {
		sigsuspend(&none);
	}
}

/* In a session of its own: the terminal's jobs. */
static void leader(const char *name, int out)
{
	int slave, tty;
	sigset_t counted;

	dup2(out, 1);
	sigemptyset(&counted);
	sigaddset(&counted, SIGWINCH);
	sigaddset(&counted, SIGHUP);
	sigprocmask(SIG_BLOCK, &counted, NULL);
	signal(SIGINT, SIG_DFL); /* whatever whoever started us ignores */
	signal(SIGWINCH, count);
	signal(SIGHUP, count);
	show("session", setsid() == getpid());
	show("no terminal", open("/dev/tty", O_RDWR));
	slave = open(name, O_RDWR);
	show("foreground", tcgetpgrp(slave) == getpid());
	show("session", tcgetsid(slave) == getpid());
	tty = open("/dev/tty", O_RDWR);
	show("terminal", tty >= 0);
	write(tty, "ready\n", 6);
	until_counted(&sizes);
	puts("size has changed");
	fflush(stdout);
	write(tty, "seen\n", 5);
	/* ^C ends the child alone, which is in front. */
	if (fork() == 0) {
		signal(SIGTTOU, SIG_IGN);
		setpgid(0, 0);
		tcsetpgrp(tty, getpid());
		write(tty, "child\n", 6);
		for (;;) {
			pause();
		}
	}
	{
		int status;

		wait(&status);
		show("child ended by", WTERMSIG(status));
	}
	signal(SIGTTOU, SIG_IGN);
	tcsetpgrp(tty, getpid());
	write(tty, "done\n", 5);
	until_counted(&hangups);
	puts("hung up");
	take("no master", slave);
	fflush(stdout);
	_exit(0);
}

/* Reads until that word has come. */
static void expect(int master, const char *word)
{
	char text[400] = "";
	size_t n = 0;

	while (strstr(text, word) == NULL && n < sizeof(text) - 1) {
		ssize_t got = read(master, text + n, 1);

		if (got <= 0) {
			show("expect", -1);
			return;
		}
		n += (size_t)got;
		text[n] = '\0';
	}
}

static void test_jobs(void)
{
	char name[64], text[1000];
	int master = master_open(name, sizeof(name)), out[2];
	struct winsize size = { 30, 90, 0, 0 };
	ssize_t got;
	pid_t child;

	pipe(out);
	fflush(stdout);
	child = fork();
	if (child == 0) {
		close(out[0]);
		close(master);
		leader(name, out[1]);
	}
	close(out[1]);
	expect(master, "ready\r\n");
	ioctl(master, TIOCSWINSZ, &size);
	expect(master, "seen\r\n");
	expect(master, "child\r\n");
	show("in front", tcgetpgrp(master) != child);
	write(master, "\3", 1);
	expect(master, "done\r\n");
	close(master);
	waitpid(child, NULL, 0);
	while ((got = read(out[0], text, sizeof(text) - 1)) > 0) {
		text[got] = '\0';
		printf("%s", text);
	}
	close(out[0]);
}

/* In a session without a terminal: opens one and leaves it to its child. */
static void generous_leader(const char *name, int out)
{
	int slave, status;

	dup2(out, 1);
	show("session", setsid() == getpid());
	slave = open(name, O_RDWR | O_NOCTTY);
	show("flags", fcntl(slave, F_GETFL) & O_NOCTTY);
	show("still none", open("/dev/tty", O_RDWR));
	if (fork() == 0) {
		setsid();
		_exit(ioctl(slave, TIOCSCTTY, 0) != 0);
	}
	wait(&status);
	show("child takes it", WEXITSTATUS(status));
	show("none to give up", ioctl(slave, TIOCNOTTY));
	_exit(0);
}

static void test_left_to_child(void)
{
	char name[64], text[1000];
	int master = master_open(name, sizeof(name)), out[2];
	ssize_t got;
	pid_t child;

	pipe(out);
	fflush(stdout);
	child = fork();
	if (child == 0) {
		generous_leader(name, out[1]);
	}
	close(out[1]);
	waitpid(child, NULL, 0);
	while ((got = read(out[0], text, sizeof(text) - 1)) > 0) {
		text[got] = '\0';
		printf("%s", text);
	}
	close(out[0]);
	close(master);
}

/* Only the superuser takes a terminal away from another session. */
static void test_not_taken_away(void)
{
	char name[64], byte = 0;
	int master = master_open(name, sizeof(name)), told[2], slave;
	pid_t owner, thief;

	slave = open(name, O_RDWR | O_NOCTTY);
	pipe(told);
	fflush(stdout);
	owner = fork();
	if (owner == 0) {
		setsid();
		show("owner's", ioctl(slave, TIOCSCTTY, 0));
		write(told[1], "x", 1);
		pause();
	}
	read(told[0], &byte, 1);
	thief = fork();
	if (thief == 0) {
		setsid();
		setuid(NOBODY);
		show("asked for", ioctl(slave, TIOCSCTTY, 0));
		show("demanded", ioctl(slave, TIOCSCTTY, 1));
		_exit(0);
	}
	waitpid(thief, NULL, 0);
	kill(owner, SIGKILL);
	waitpid(owner, NULL, 0);
	close(told[0]);
	close(told[1]);
	close(slave);
	close(master);
}

/* A shell in it, as script(1) has it; the end of a session hangs it up. */
static void test_many(void)
{
	int masters[20];
	char name[64];

	for (int i = 0; i < 20; i++) {
		masters[i] = master_open(name, sizeof(name));
		if (masters[i] < 0) {
			show("many", -1);
		}
	}
	for (int i = 0; i < 20; i++) {
		close(masters[i]);
	}
	show("gone", open(name, O_RDWR | O_NOCTTY));
}

static void test_packets(void)
{
	int master, slave, mode = -1, on = 1;
	char byte = 'x';

	raw_pair(&master, &slave);
	show("plain", ioctl(master, TIOCGPKT, &mode));
	show("mode", mode);
	show("packets", ioctl(master, TIOCPKT, &on));
	show("asked", ioctl(master, TIOCGPKT, &mode));
	show("mode", mode);
	write(slave, "abc", 3);
	take("packet", master);
	write(slave, "de", 2);
	show("kind alone", read(master, &byte, 1));
	show("data", byte);
	take("packet", master);
	show("of a slave", ioctl(slave, TIOCPKT, &on));
	close(slave);
	close(master);
}

static void test_epoll(void)
{
	char name[64];
	int master = master_open(name, sizeof(name));
	int slave = open(name, O_RDWR | O_NOCTTY), set = epoll_create1(0);
	struct epoll_event e = { .events = EPOLLIN };

	epoll_ctl(set, EPOLL_CTL_ADD, master, &e);
	show("quiet", epoll_wait(set, &e, 1, 0));
	write(slave, "x", 1);
	show("shown", epoll_wait(set, &e, 1, -1));
	take("shown", master);
	show("quiet", epoll_wait(set, &e, 1, 0));
	close(slave);
	show("left", epoll_wait(set, &e, 1, -1));
	printf("%x\n", e.events);
	close(master);
	close(set);
}

int main(void)
{
	test_sides();
	test_stream();
	test_poll_beside_writer();
	test_jobs();
	test_left_to_child();
	test_not_taken_away();
	test_many();
	test_epoll();
	test_packets();
	return 0;
}
