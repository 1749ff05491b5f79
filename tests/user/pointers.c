/* SPDX-License-Identifier: MIT */
/*
 * Gives every system call that takes pointers bad ones, and prints what each
 * answers. What it prints on Linux is right.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define PAGE        4096ul
#define ARCH_GET_FS 0x1003
#define ARCH_GET_GS 0x1004
#define PR_SET_NAME 15
#define PR_GET_NAME 16
#define USER_END    0x7ffffffff000ul
#define BLOCK       4096l

/* Two mapped pages, then nothing; a read-only page; one without rights. */
static char *edge, *readonly, *hidden;
static int file;

struct place {
	const char *name;
	uintptr_t at;
};

/* A call of which one argument is the pointer. */
struct call {
	const char *name;
	long number;
	long args[6];
	int which; /* the argument that is the pointer */
	enum { READS = 1, STRING = 2, PARTIAL = 4 } how;
};

/*
 * READS: the kernel reads there.  STRING: up to a NUL, which stands at the end
 * of user space where that is the stack's.  PARTIAL: part of a range may do.
 */

static long call(const struct call *c, uintptr_t pointer)
{
	long a[6];

	memcpy(a, c->args, sizeof(a));
	a[c->which] = (long)pointer;
	return syscall(c->number, a[0], a[1], a[2], a[3], a[4], a[5]) < 0
		       ? -errno
		       : 0;
}

static void try(const struct call *c, const struct place *p)
{
	memset(edge, 'x', 2 * PAGE);
	printf("%s(%s): %ld\n", c->name, p->name, call(c, p->at));
}

/* Behind them is a hole too small for the next mapping of two pages. */
static char *pages(int count, int prot)
{
	char *p = mmap(NULL, (count + 2) * PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memset(p, 'x', (count + 2) * PAGE);
	mprotect(p, (count + 2) * PAGE, PROT_NONE);
	munmap(p + count * PAGE, PAGE);
	mprotect(p, count * PAGE, prot);
	return p;
}

static int is_fair(const struct call *c, const struct place *p)
{
	return !(c->how & PARTIAL && strcmp(p->name, "across the edge") == 0) &&
	       !(c->how & STRING && strcmp(p->name, "across the end") == 0);
}

static void try_everywhere(const struct call *c)
{
	const struct place places[] = {
		{ "null", 0 },
		{ "one", 1 },
		{ "low", 0xfff8 },
		{ "unmapped", (uintptr_t)edge + 2 * PAGE },
		{ "across the edge", (uintptr_t)edge + 2 * PAGE - 3 },
		{ "hidden", (uintptr_t)hidden },
		{ "end of user space", USER_END },
		{ "across the end", USER_END - 3 },
		{ "hole", 0x800000000000ul },
		{ "hole's middle", 0x8000000000000000ul },
		{ "direct map", 0xffff800000100000ul },
		{ "kernel stack", 0xffffc00000002000ul },
		{ "kernel text", 0xffffffff80101000ul },
		{ "last page", (uintptr_t)-PAGE },
		{ "last byte", UINTPTR_MAX },
		{ "wraps", UINTPTR_MAX - 7 },
	};
	const struct place protected = { "read only", (uintptr_t)readonly };

	for (unsigned i = 0; i < sizeof(places) / sizeof(*places); i++) {
		if (is_fair(c, &places[i])) {
			try(c, &places[i]);
		}
	}
	if (!(c->how & READS)) {
		try(c, &protected);
	}
}

/* The vector is where it should be; what it points to is not. */
static void vectors(long number, const char *name, int fd)
{
	const uintptr_t bad[] = { 8, 0xffffffff80101000ul, 0x800000000000ul,
				  (uintptr_t)edge + 2 * PAGE };
	struct iovec v[2] = { { edge, 4 }, { NULL, 4 } };

	for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		v[0].iov_base = (void *)bad[i];
		printf("%s to bad %u: %ld\n", name, i,
		       syscall(number, fd, v, 1) < 0 ? (long)-errno : 0l);
	}
	v[0] = (struct iovec){ edge, (size_t)-1 };
	printf("%s of -1 bytes: %ld\n", name,
	       syscall(number, fd, v, 1) < 0 ? (long)-errno : 0l);
	printf("%s of 1025 pieces: %ld\n", name,
	       syscall(number, fd, v, 1025) < 0 ? (long)-errno : 0l);
}

/* Lengths that reach out of a good page. */
static void lengths(void)
{
	static const unsigned long bad[] = { 3 * PAGE,  1ul << 31, 1ul << 46,
					     1ul << 47, 1ul << 63, -1ul };

	for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		long got = syscall(SYS_getrandom, edge, bad[i], 0);
		printf("getrandom of length %u: %s\n", i,
		       got < 0 ? strerror(errno) : "some");
		got = syscall(SYS_read, file, readonly, bad[i]);
		printf("read of length %u: %s\n", i,
		       got < 0 ? strerror(errno) : "some");
	}
}

/* The room for a link is an int: of a longer word the lower half counts. */
static void link_rooms(void)
{
	static const long rooms[] = { 1, 5, 1l << 32 | 5, 0, 1l << 32, -1 };

	for (unsigned i = 0; i < sizeof(rooms) / sizeof(*rooms); i++) {
		long got =
			syscall(SYS_readlink, "/proc/self/exe", edge, rooms[i]);
		printf("readlink into room %u: %ld\n", i,
		       got < 0 ? (long)-errno : got);
	}
}

int main(int argc, char **argv)
{
	/* What the buffer holds goes out by write() as well. */
	setvbuf(stdout, NULL, _IONBF, 0);
	(void)argc;
	edge = pages(2, PROT_READ | PROT_WRITE);
	readonly = pages(1, PROT_READ);
	hidden = pages(1, PROT_NONE);
	file = open(argv[0], O_RDONLY);

	const struct call calls[] = {
		{ "read", SYS_read, { file, 0, BLOCK }, 1, PARTIAL },
		{ "write", SYS_write, { 1, 0, 8 }, 1, READS | PARTIAL },
		{ "readv", SYS_readv, { file, 0, 1 }, 1, READS },
		{ "writev", SYS_writev, { 1, 0, 1 }, 1, READS },
		{ "open", SYS_open, { 0, O_RDONLY }, 0, READS | STRING },
		{ "openat",
		  SYS_openat,
		  { AT_FDCWD, 0, O_RDONLY },
		  1,
		  READS | STRING },
		{ "stat path", SYS_stat, { 0, (long)edge }, 0, READS | STRING },
		{ "stat buffer", SYS_stat, { (long)argv[0], 0 }, 1, 0 },
		{ "fstat", SYS_fstat, { file, 0 }, 1, 0 },
		{ "newfstatat path",
		  SYS_newfstatat,
		  { AT_FDCWD, 0, (long)edge, 0 },
		  1,
		  READS | STRING },
		{ "newfstatat buffer",
		  SYS_newfstatat,
		  { AT_FDCWD, (long)argv[0], 0, 0 },
		  2,
		  0 },
		{ "readlink path",
		  SYS_readlink,
		  { 0, (long)edge, 64 },
		  0,
		  READS | STRING },
		{ "readlink buffer",
		  SYS_readlink,
		  { (long)"/proc/self/exe", 0, 64 },
		  1,
		  0 },
		{ "uname", SYS_uname, { 0 }, 0, 0 },
		{ "nanosleep", SYS_nanosleep, { 0, 0 }, 0, READS },
		{ "clock_gettime", SYS_clock_gettime, { 1, 0 }, 1, 0 },
		{ "prlimit64", SYS_prlimit64, { 0, 7, 0, 0 }, 3, 0 },
		{ "getrandom", SYS_getrandom, { 0, 64, 0 }, 0, PARTIAL },
		{ "set name",
		  SYS_prctl,
		  { PR_SET_NAME, 0 },
		  1,
		  READS | STRING },
		{ "get name", SYS_prctl, { PR_GET_NAME, 0 }, 1, 0 },
		{ "get fs", SYS_arch_prctl, { ARCH_GET_FS, 0 }, 1, 0 },
		{ "get gs", SYS_arch_prctl, { ARCH_GET_GS, 0 }, 1, 0 },
	};

	for (unsigned i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		try_everywhere(&calls[i]);
	}
	vectors(SYS_readv, "readv", file);
	vectors(SYS_writev, "writev", 1);
	lengths();
	link_rooms();
	puts("end of the bad pointers");
	return 0;
}
