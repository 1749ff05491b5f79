/* SPDX-License-Identifier: MIT */
/*
 * Bytes that go from file to file, and those that go from and to several
 * places at once.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define LONG_BYTES 300000

static char text[LONG_BYTES], back[LONG_BYTES];
static char directory[64], path_a[80], path_b[80];

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

static int make(const char *path, size_t len)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

	if (write(fd, text, len) != (ssize_t)len) {
		show("write", -1);
	}
	lseek(fd, 0, SEEK_SET);
	return fd;
}

static void same(int fd, size_t len)
{
	ssize_t got = pread(fd, back, sizeof(back), 0);

	printf("  %zd bytes, %s\n", got,
	       got == (ssize_t)len && memcmp(back, text, len) == 0 ? "the same"
								   : "others");
}

static void test_sendfile(void)
{
	int a = make(path_a, LONG_BYTES), b = make(path_b, 0);
	off_t at = 10;

	show("all", sendfile(b, a, NULL, LONG_BYTES + 5000));
	same(b, LONG_BYTES);
	show("position", lseek(a, 0, SEEK_CUR));
	show("out position", lseek(b, 0, SEEK_CUR));
	show("at the end", sendfile(b, a, NULL, 10));
	show("nothing", sendfile(b, a, NULL, 0));
	ftruncate(b, 0);
	lseek(b, 0, SEEK_SET);
	show("from an offset", sendfile(b, a, &at, 5));
	show("offset", (long)at);
	show("position stays", lseek(a, 0, SEEK_CUR));
	show("read back", pread(b, back, 10, 0));
	printf("%.5s %.5s\n", back, text + 10);
	at = -1;
	show("negative", sendfile(b, a, &at, 5));
	show("bad offset", sendfile(b, a, unmapped, 5));
	at = 0;
	show("not open in", sendfile(b, 99, NULL, 5));
	show("not open out", sendfile(99, a, NULL, 5));
	close(a);
	a = open(path_a, O_WRONLY);
	show("cannot read", sendfile(b, a, NULL, 5));
	show("can write", sendfile(a, b, &at, 5));
	close(b);
	b = open(path_b, O_RDONLY);
	show("cannot write", sendfile(b, b, &at, 5));
	close(b);
	b = open(path_b, O_WRONLY | O_APPEND);
	close(a);
	a = open(path_a, O_RDONLY);
	show("append", sendfile(b, a, &at, 5));
	close(b);
	b = open(directory, O_RDONLY | O_DIRECTORY);
	show("a directory", sendfile(a, b, NULL, 5));
	close(a);
	close(b);
}

/* Through pipes, whose room is less than what is sent. */
static void test_pipe(void)
{
	int a = make(path_a, LONG_BYTES), p[2], status;
	off_t at = 0;
	size_t got = 0;
	pid_t child;

	pipe(p);
	show("a pipe in", sendfile(p[1], p[0], NULL, 5));
	show("with offset", sendfile(p[1], p[0], &at, 5));
	fflush(stdout);
	child = fork();
	if (child == 0) {
		close(p[0]);
		/* Linux may send less than it is asked for. */
		while (sendfile(p[1], a, NULL, LONG_BYTES) > 0) {
		}
		_exit(0);
	}
	close(p[1]);
	for (;;) {
		ssize_t n = read(p[0], back + got, sizeof(back) - got);

		if (n <= 0) {
			break;
		}
		got += (size_t)n;
	}
	waitpid(child, &status, 0);
	printf("child %d, %zu bytes, %s\n", status, got,
	       memcmp(back, text, LONG_BYTES) == 0 ? "the same" : "others");
	close(p[0]);
	close(a);
}

/* What there is no room for stays where it was. */
static void test_full_pipe(void)
{
	int a = make(path_a, LONG_BYTES), p[2];
	long sent;

	pipe2(p, O_NONBLOCK);
	sent = sendfile(p[1], a, NULL, LONG_BYTES);
	printf("a part: %d, position %d\n", sent > 0 && sent < LONG_BYTES,
	       lseek(a, 0, SEEK_CUR) == sent);
	show("full", sendfile(p[1], a, NULL, LONG_BYTES));
	printf("position %d\n", lseek(a, 0, SEEK_CUR) == sent);
	close(p[0]);
	close(p[1]);
	close(a);
}

static void test_copy_range(void)
{
	int a = make(path_a, LONG_BYTES), b = make(path_b, 0), p[2];
	off_t from = 100, to = 200000;

	show("range", copy_file_range(a, NULL, b, NULL, LONG_BYTES, 0));
	same(b, LONG_BYTES);
	show("at the end", copy_file_range(a, NULL, b, NULL, 5, 0));
	show("with offsets", copy_file_range(a, &from, b, &to, 50, 0));
	printf("%ld %ld\n", (long)from, (long)to);
	show("inside", copy_file_range(a, &from, a, &to, 50, 0));
	from = 0;
	to = 10;
	show("over itself", copy_file_range(a, &from, a, &to, 50, 0));
	show("flags", copy_file_range(a, &from, b, &to, 50, 1));
	show("not open", copy_file_range(99, &from, b, &to, 50, 0));
	show("nothing", copy_file_range(a, &from, b, &to, 0, 0));
	show("bad offset", copy_file_range(a, unmapped, b, &to, 5, 0));
	pipe(p);
	show("a pipe", copy_file_range(p[0], NULL, b, &to, 5, 0));
	close(p[0]);
	close(p[1]);
	close(b);
	b = open(path_b, O_RDONLY);
	show("cannot write", copy_file_range(a, &from, b, &to, 5, 0));
	close(b);
	b = open(path_b, O_WRONLY | O_APPEND);
	show("append", copy_file_range(a, &from, b, NULL, 5, 0));
	close(b);
	b = open(directory, O_RDONLY | O_DIRECTORY);
	show("a directory", copy_file_range(b, NULL, a, &to, 5, 0));
	close(b);
	close(a);
}

int main(void)
{
	for (int i = 0; i < LONG_BYTES; i++) {
		text[i] = (char)('a' + (i * 7 + i / 26) % 26);
	}
	snprintf(directory, sizeof(directory), "/tmp/transfer.XXXXXX");
	if (mkdtemp(directory) == NULL) {
		return 1;
	}
	snprintf(path_a, sizeof(path_a), "%s/a", directory);
	snprintf(path_b, sizeof(path_b), "%s/b", directory);
	test_sendfile();
	test_pipe();
	test_full_pipe();
	test_copy_range();
	unlink(path_a);
	unlink(path_b);
	rmdir(directory);
	return 0;
}
