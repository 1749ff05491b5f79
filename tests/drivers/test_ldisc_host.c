/* SPDX-License-Identifier: MIT */
/*
 * The line discipline beside the host's own: a pseudo-terminal of Linux gets
 * the same settings and the same bytes, and must show and give the same.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "drivers/ldisc.h"

#include "lib/string.h"
#include "tests/ktest.h"

#define ROUNDS  300
#define WAIT_MS 1000

static struct ldisc ldisc;
static u8 shown[8192];
static size_t shown_bytes;

static void emit(struct ldisc *l, const u8 *bytes, size_t len_bytes)
{
	(void)l;
	memcpy(shown + shown_bytes, bytes, len_bytes);
	shown_bytes += len_bytes;
}

/* Both sides of a new pseudo-terminal of the host; false if there is none. */
static bool open_pty(int *master, int *slave)
{
	*master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
	if (*master < 0 || grantpt(*master) != 0 || unlockpt(*master) != 0) {
		return false;
	}
	*slave = open(ptsname(*master), O_RDWR | O_NOCTTY | O_NONBLOCK);
	return *slave >= 0;
}

/* A random choice of the flags that change anything, never flushing. */
static void choose_settings(struct tty_termios *t)
{
	static const u32 iflags = TTY_IGNCR | TTY_ISTRIP | TTY_INLCR |
				  TTY_ICRNL | TTY_PARMRK | TTY_IXON | TTY_IXANY;
	static const u32 oflags = TTY_OPOST | TTY_ONLCR | TTY_OCRNL |
				  TTY_ONOCR | TTY_ONLRET | TTY_XTABS;
	static const u32 lflags = TTY_ISIG | TTY_ECHOE | TTY_ECHOK |
				  TTY_ECHONL | TTY_ECHOCTL | TTY_ECHOKE |
				  TTY_IEXTEN;
	u64 r = ktest_random();

	t->iflag ^= r & iflags & ktest_random();
	t->oflag ^= (r >> 20) & oflags & ktest_random();
	t->lflag ^= (r >> 40) & lflags & ktest_random();
	t->lflag ^= r % 5 == 0 ? TTY_ECHO : 0;
	t->lflag ^= r % 7 == 0 ? TTY_ICANON : 0;
	t->lflag |= TTY_NOFLSH;
	/* Without it nobody knows the column, which an erased tab needs. */
	t->oflag |= t->lflag & TTY_ICANON ? TTY_OPOST : 0;
	t->chars[TTY_VEOL] = r % 3 == 0 ? ';' : 0;
	t->chars[TTY_VEOL2] = r % 3 == 1 ? '!' : 0;
}

static size_t choose_text(u8 *text, size_t size_bytes)
{
	static const char *const words[] = {
		"a",    "bc",   "D_e",  "  ",   "\t",   "\xc3\xa4",     "\x7f",
		"\x7f", "\x17", "\n",   "\r",   "\x12", "\xe2\x82\xac", "\x01",
		";",    "!",    "\x7f", "\x15", "\x04", "\x16",         "\x11",
		"\x03"
	};
	size_t len_bytes = 0;

	for (u64 n = ktest_random() % 24; n > 0; n--) {
		const char *word = words[ktest_random() % ARRAY_SIZE(words)];

		if (len_bytes + strlen(word) <= size_bytes) {
			memcpy(text + len_bytes, word, strlen(word));
			len_bytes += strlen(word);
		}
	}
	return len_bytes;
}

/* Reads what the host shows until it is as much as ours. */
static size_t host_shows(int master, u8 *out, size_t size_bytes)
{
	size_t n = 0;

	while (n < shown_bytes) {
		struct pollfd ready = { .fd = master, .events = POLLIN };
		ssize_t got;

		if (poll(&ready, 1, WAIT_MS) != 1) {
			break;
		}
		got = read(master, out + n, size_bytes - n);
		if (got <= 0) {
			break;
		}
		n += (size_t)got;
	}
	return n;
}

/* The bytes that can be read on the host, once they are what they must be. */
static int host_pending(int slave, int wanted)
{
	int pending = -1;

	for (int i = 0; i < WAIT_MS && pending != wanted; i++) {
		if (i > 0) {
			usleep(1000);
		}
		(void)ioctl(slave, FIONREAD, &pending);
	}
	return pending;
}

/* True if both give the same to readers of `room` bytes, to the last. */
static bool read_the_same(int slave, size_t room)
{
	u8 ours[256], theirs[256];

	while (ldisc_readable(&ldisc, 1)) {
		size_t n = ldisc_read(&ldisc, ours, room);
		ssize_t got = read(slave, theirs, room);

		if (got != (ssize_t)n || memcmp(ours, theirs, n) != 0) {
			return false;
		}
	}
	return read(slave, theirs, room) < 0;
}

static void print_bytes(const char *title, const u8 *bytes, size_t len_bytes)
{
	printf("# %s", title);
	for (size_t i = 0; i < len_bytes; i++) {
		printf(" %02x", bytes[i]);
	}
	printf("\n");
}

static bool same_as_linux(int master, int slave)
{
	u8 text[160], theirs[sizeof(shown)];
	size_t len_bytes = choose_text(text, sizeof(text));
	struct tty_termios t;
	const char *differs = NULL;
	size_t n;
	int pending;

	ldisc_init(&ldisc, emit);
	shown_bytes = 0;
	t = ldisc.termios;
	choose_settings(&t);
	ldisc_set_termios(&ldisc, &t);
	if (ioctl(slave, TTY_TCSETS2, &t) != 0 ||
	    write(master, text, len_bytes) != (ssize_t)len_bytes) {
		return false;
	}
	ldisc_input(&ldisc, text, len_bytes);
	pending = (int)ldisc_pending(&ldisc);
	if (host_pending(slave, pending) != pending) {
		differs = "what can be read";
	}
	n = host_shows(master, theirs, sizeof(theirs));
	if (n != shown_bytes || memcmp(theirs, shown, n) != 0) {
		differs = "what is shown";
	}
	if (!differs && !read_the_same(slave, 1 + ktest_random() % 200)) {
		differs = "what is read";
	}
	if (differs) {
		printf("# %s differs: iflag %o oflag %o lflag %o\n", differs,
		       t.iflag, t.oflag, t.lflag);
		print_bytes("typed", text, len_bytes);
		print_bytes("shown here", shown, shown_bytes);
		print_bytes("by Linux", theirs, n);
	}
	return !differs;
}

KTEST(ldisc_as_linux, "random bytes in random modes do what they do on Linux")
{
	for (int round = 0; round < ROUNDS; round++) {
		int master, slave;
		bool same;

		if (!open_pty(&master, &slave)) {
			ktest_skip("the host has no pseudo-terminals");
			return;
		}
		same = same_as_linux(master, slave);
		close(slave);
		close(master);
		EXPECT(same);
	}
}
