/* SPDX-License-Identifier: MIT */
/*
 * Seals on what memfd_create() made: what each forbids, and what they wait for.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE      4096
#define SHARED_RW PROT_READ | PROT_WRITE, MAP_SHARED

/* A result, or the error, each on a line of its own. */
static void show(const char *what, long result)
{
	if (result < 0) {
		printf("%s: %s\n", what, strerror(errno));
	} else {
		printf("%s: %ld\n", what, result);
	}
	fflush(stdout);
}

/* Two pages of which the first is written, and these seals. */
static int sealed(unsigned seals)
{
	static const char bytes[PAGE];
	int fd = memfd_create("sealed", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (write(fd, bytes, PAGE) != PAGE || ftruncate(fd, 2 * PAGE) != 0) {
		show("no file", -1);
	}
	if (seals != 0) {
		show("add", fcntl(fd, F_ADD_SEALS, seals));
	}
	return fd;
}

/* Opened anew, through /proc. */
static int again(int fd, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, flags | O_CLOEXEC);
}

static void show_open(const char *what, int fd, int flags)
{
	int opened = again(fd, flags);

	show(what, opened < 0 ? -1 : close(opened));
}

static void show_map(const char *what, int fd, int prot, int how)
{
	void *at = mmap(NULL, PAGE, prot, how, fd, 0);

	show(what, at == MAP_FAILED ? -1 : 0);
	if (at != MAP_FAILED) {
		show(" may write later",
		     mprotect(at, PAGE, PROT_READ | PROT_WRITE));
		munmap(at, PAGE);
	}
}

static void show_all(const char *name, unsigned seals)
{
	int fd, from;

	printf("- %s\n", name);
	fd = sealed(seals);
	from = again(fd, O_RDONLY);
	show("seals", fcntl(fd, F_GET_SEALS));
	show("write inside", pwrite(fd, "x", 1, 5));
	show("write nothing", pwrite(fd, "", 0, 0));
	show("write at the end", pwrite(fd, "x", 1, 2 * PAGE));
	show("write over the end", pwrite(fd, "xy", 2, 3 * PAGE - 1));
	show("reserve inside", fallocate(fd, 0, 0, PAGE));
	show("reserve beyond", fallocate(fd, 0, 0, 5 * PAGE));
	show("as long", ftruncate(fd, lseek(fd, 0, SEEK_END)));
	show("shorter", ftruncate(fd, PAGE));
	show("longer", ftruncate(fd, 7 * PAGE));
	show_open("open to write", fd, O_RDWR);
	show_open("open, emptied", fd, O_RDWR | O_TRUNC);
	ftruncate(fd, 2 * PAGE);
	show("length", lseek(fd, 0, SEEK_END));
	show_map("map shared", fd, SHARED_RW);
	if (!(seals & F_SEAL_WRITE)) {
		/* Linux before 6.7 refuses it under that seal. */
		show_map("map shared to read", fd, PROT_READ, MAP_SHARED);
	}
	show_map("map private", fd, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	show_map("map shared, opened to read", from, SHARED_RW);
	show_map("map shared to read, opened to read", from, PROT_READ,
		 MAP_SHARED);
	show("add another", fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK));
	show("seals in the end", fcntl(from, F_GET_SEALS));
	close(from);
	close(fd);
}

static void test_refused(void)
{
	int ends[2], fd = memfd_create("plain", MFD_CLOEXEC), from;

	printf("- refused\n");
	show("plain seals", fcntl(fd, F_GET_SEALS));
	show("plain add", fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	show("plain add nothing", fcntl(fd, F_ADD_SEALS, 0));
	show("plain write", write(fd, "x", 1));
	close(fd);
	fd = sealed(0);
	from = again(fd, O_RDONLY);
	show("unknown seal", fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | 0x8000));
	show("opened to read", fcntl(from, F_ADD_SEALS, F_SEAL_GROW));
	show("none was added", fcntl(from, F_GET_SEALS));
	show("nothing to add", fcntl(fd, F_ADD_SEALS, 0));
	close(from);
	close(fd);
	if (pipe(ends) == 0) {
		show("pipe seals", fcntl(ends[1], F_GET_SEALS));
		show("pipe add", fcntl(ends[1], F_ADD_SEALS, F_SEAL_GROW));
		show("pipe's other end",
		     fcntl(ends[0], F_ADD_SEALS, F_SEAL_GROW));
		close(ends[0]);
		close(ends[1]);
	}
	show("closed", fcntl(ends[0], F_ADD_SEALS, F_SEAL_GROW));
	show("unknown flag", memfd_create("x", 0x8000));
}

/* SEAL_WRITE waits for mappings that may write, not for others. */
static void test_busy(void)
{
	int fd = sealed(0), from = again(fd, O_RDONLY), status = -1;
	char *a = mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, fd, 0), *b;
	pid_t child;

	printf("- busy\n");
	show("one that could write", fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	show("others go", fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK));
	munmap(a, PAGE);
	show("half of it", fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	fflush(stdout);
	child = fork();
	if (child == 0) {
		munmap(a + PAGE, PAGE);
		show("the parent's", fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
		_exit(0);
	}
	waitpid(child, &status, 0);
	show("child", status);
	munmap(a + PAGE, PAGE);
	a = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	b = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, from, 0);
	show("none that can", fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	show("seals", fcntl(fd, F_GET_SEALS));
	a[0] = 'p';
	show("read", b[0]);
	munmap(a, PAGE);
	munmap(b, PAGE);
	close(from);
	close(fd);
}

/* FUTURE_WRITE leaves what is mapped; then SEAL_WRITE has to wait. */
static void test_future(void)
{
	int fd = sealed(0);
	char *a = mmap(NULL, PAGE, SHARED_RW, fd, 0), byte = 0;

	printf("- future\n");
	show("add", fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE));
	a[7] = 'w';
	show("read", pread(fd, &byte, 1, 7));
	show("byte", byte);
	show("write", pwrite(fd, "x", 1, 0));
	show("write, too", fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	munmap(a, PAGE);
	a = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	show("byte", a[7]);
	show("no more", mprotect(a, PAGE, PROT_READ | PROT_WRITE));
	munmap(a, PAGE);
	show("write, now", fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	show("again", fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SEAL));
	show("sealed", fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	show("seals", fcntl(fd, F_GET_SEALS));
	close(fd);
}

int main(void)
{
	test_refused();
	show_all("none", 0);
	show_all("seal", F_SEAL_SEAL);
	show_all("shrink", F_SEAL_SHRINK);
	show_all("grow", F_SEAL_GROW);
	show_all("both", F_SEAL_SHRINK | F_SEAL_GROW);
	show_all("write", F_SEAL_WRITE);
	show_all("future", F_SEAL_FUTURE_WRITE);
	show_all("all",
		 F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
	test_busy();
	test_future();
	return 0;
}
