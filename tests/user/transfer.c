/* SPDX-License-Identifier: MIT */
/*
 * Bytes that go from file to file, and those that go from and to several
 * places at once; files in memory, limits, and other ways to open.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
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

static struct iovec piece(void *base, size_t len)
{
	return (struct iovec){ base, len };
}

static void test_vectors(void)
{
	int a = make(path_a, 100);
	struct iovec v[3] = { piece(back, 3), piece(back + 3, 0),
			      piece(back + 3, 4) };
	struct iovec bad[2] = { piece(back, 3), piece(back, (size_t)-1) };

	show("readv", readv(a, v, 3));
	printf("%.7s\n", back);
	show("no pieces", readv(a, v, 0));
	show("not open", readv(99, v, 0));
	show("long piece", readv(a, bad, 2));
	show("position", lseek(a, 0, SEEK_CUR));
	bad[1] = piece((void *)-4096l, 10);
	show("bad piece", readv(a, bad, 2));
	show("bad row", readv(a, unmapped, 2));
	show("too many", syscall(SYS_readv, a, v, 2000));
	show("preadv2", syscall(SYS_preadv2, a, v, 3, 20l, 0l, 0));
	printf("%.7s\n", back);
	show("position", lseek(a, 0, SEEK_CUR));
	show("at the position", syscall(SYS_preadv2, a, v, 3, -1l, 0l, 0));
	show("position", lseek(a, 0, SEEK_CUR));
	show("pwritev2", syscall(SYS_pwritev2, a, v, 3, 50l, 0l, 2));
	show("at the position", syscall(SYS_pwritev2, a, v, 3, -1l, 0l, 4));
	show("negative", syscall(SYS_preadv2, a, v, 3, -2l, 0l, 0));
	show("flags", syscall(SYS_preadv2, a, v, 3, 0l, 0l, 0x10000));
	close(a);
}

/* ---- Files in memory, and how long files may be ------------------------- */

static void test_memfd(void)
{
	int fd = memfd_create("name", MFD_CLOEXEC), other;
	struct stat st;
	char *map;

	show("mark", fcntl(fd, F_GETFD));
	show("stat", fstat(fd, &st));
	printf("%o %ld %ld\n", st.st_mode, (long)st.st_nlink, (long)st.st_size);
	show("write", write(fd, "abcdef", 6));
	show("longer", ftruncate(fd, 9000));
	map = mmap(NULL, 9000, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	map[2] = 'X';
	map[8999] = 'Z';
	show("read", pread(fd, back, 6, 0));
	printf("%.6s\n", back);
	other = dup(fd);
	close(fd);
	show("seek", lseek(other, -1, SEEK_END));
	show("read", read(other, back, 6));
	printf("%c\n", back[0]);
	munmap(map, 9000);
	close(other);
	show("flags", syscall(SYS_memfd_create, "name", 0x1000));
	show("bad name", syscall(SYS_memfd_create, unmapped, 0));
	memset(back, 'n', 300);
	back[300] = '\0';
	show("long name", syscall(SYS_memfd_create, back, 0));
}

static volatile int too_long;

static void count_too_long(int signal)
{
	too_long += signal == SIGXFSZ;
}

static long notes[16];
static int note_count;

static void note(long result)
{
	notes[note_count++] = result < 0 ? -errno : result;
}

static void test_file_limit(void)
{
	struct rlimit limit = { 1000, RLIM_INFINITY };
	int a = make(path_a, 900);

	signal(SIGXFSZ, count_too_long);
	setrlimit(RLIMIT_FSIZE, &limit);
	/* What is printed may go to a file, too. */
	note(pwrite(a, text, 200, 900));
	note(pwrite(a, text, 10, 1000));
	note(too_long);
	note(pwrite(a, text, 0, 1000));
	note(pwrite(a, text, 10, 5));
	note(ftruncate(a, 1001));
	note(too_long);
	note(ftruncate(a, 1000));
	note(posix_fallocate(a, 990, 20));
	note(too_long);
	limit.rlim_cur = RLIM_INFINITY;
	setrlimit(RLIMIT_FSIZE, &limit);
	for (int i = 0; i < note_count; i++) {
		printf("%ld\n", notes[i]);
	}
	show("more", pwrite(a, text, 10, 1000));
	close(a);
}

/* ---- openat2, and two calls about scheduling ---------------------------- */

struct how {
	uint64_t flags, mode, resolve;
};

static long open_how(const char *path, uint64_t flags, uint64_t mode,
		     uint64_t resolve, size_t size)
{
	struct how how[2] = { { flags, mode, resolve } };
	long fd = syscall(SYS_openat2, AT_FDCWD, path, how, size);

	return fd < 0 ? fd : close((int)fd);
}

static void test_openat2(void)
{
	size_t size = sizeof(struct how);

	show("open", open_how(path_a, O_RDONLY, 0, 0, size));
	show("create", open_how(path_b, O_RDWR | O_CREAT, 0600, 0, size));
	show("mode alone", open_how(path_a, O_RDONLY, 0600, 0, size));
	show("mode", open_how(path_b, O_RDWR | O_CREAT, 010000, 0, size));
	show("flags", open_how(path_a, 1ul << 40, 0, 0, size));
	show("resolve", open_how(path_a, O_RDONLY, 0, 1ul << 40, size));
	show("short", open_how(path_a, O_RDONLY, 0, 0, 16));
	show("path", open_how(path_a, O_PATH | O_RDWR, 0, 0, size));
	show("bad how", syscall(SYS_openat2, AT_FDCWD, path_a, unmapped, size));
}

static void test_scheduling(void)
{
	struct {
		uint32_t size, policy;
		uint64_t flags;
		int32_t nice;
		uint32_t priority;
		uint64_t times[3], more;
	} attr;

	show("get", syscall(SYS_sched_getattr, 0, &attr, 48, 0));
	printf("%u %u %d %u\n", attr.size, attr.policy,
	       attr.nice == getpriority(PRIO_PROCESS, 0), attr.priority);
	attr.nice = 7;
	show("set", syscall(SYS_sched_setattr, 0, &attr, 0));
	show("nice", getpriority(PRIO_PROCESS, 0));
	show("short", syscall(SYS_sched_getattr, 0, &attr, 40, 0));
	show("flags", syscall(SYS_sched_getattr, 0, &attr, 48, 1));
	attr.policy = 77;
	show("policy", syscall(SYS_sched_setattr, 0, &attr, 0));
	show("barriers", (syscall(SYS_membarrier, 0, 0, 0) & 31) == 31);
	show("not yet", syscall(SYS_membarrier, 8, 0, 0));
	show("register", syscall(SYS_membarrier, 16, 0, 0));
	show("barrier", syscall(SYS_membarrier, 8, 0, 0));
	show("barrier", syscall(SYS_membarrier, 1, 0, 0));
	show("flags", syscall(SYS_membarrier, 0, 2, 0));
	show("command", syscall(SYS_membarrier, 3, 0, 0));
	show("random", syscall(SYS_getrandom, back, 4, 6));
	show("random", syscall(SYS_getrandom, back, 4, 5));
	show("random", syscall(SYS_getrandom, back, 4, 8));
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
	test_vectors();
	test_memfd();
	test_file_limit();
	test_openat2();
	test_scheduling();
	unlink(path_a);
	unlink(path_b);
	rmdir(directory);
	return 0;
}
