/* SPDX-License-Identifier: MIT */
/*
 * Rows of single calls: files, signals, the call that does nothing.
 */
#define _GNU_SOURCE
#include "bench/compare/compare.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FILE_PATH "/tmp/compare.file"
#define MADE_PATH "/tmp/compare.made"

static char page[PAGE_BYTES], other_page[PAGE_BYTES];

static long call(long number)
{
	__asm__ volatile("syscall" : "+a"(number)::"rcx", "r11", "memory");
	return number;
}

int row_null_call(long batch, uint64_t *ticks)
{
	return MEASURE(batch, ticks, call(SYS_getpid));
}

/* Opens at the first call. */
static int open_once(int *fd, const char *path, int flags)
{
	if (*fd <= 0) {
		*fd = open(path, flags, 0600);
	}
	return error_of(*fd);
}

int row_read_zero(long batch, uint64_t *ticks)
{
	static int fd;
	int err = open_once(&fd, "/dev/zero", O_RDONLY);

	return err ? err : MEASURE(batch, ticks, read(fd, page, 1));
}

int row_write_null(long batch, uint64_t *ticks)
{
	static int fd;
	int err = open_once(&fd, "/dev/null", O_WRONLY);

	return err ? err : MEASURE(batch, ticks, write(fd, page, 1));
}

int row_open_close(long batch, uint64_t *ticks)
{
	return MEASURE(batch, ticks, close(open("/dev/null", O_RDONLY)));
}

int row_stat(long batch, uint64_t *ticks)
{
	static int fd;
	struct stat found;
	int err = open_once(&fd, FILE_PATH, O_RDWR | O_CREAT);

	return err ? err : MEASURE(batch, ticks, stat(FILE_PATH, &found));
}

int row_create_unlink(long batch, uint64_t *ticks)
{
	return MEASURE(batch, ticks,
		       close(open(MADE_PATH, O_CREAT | O_WRONLY, 0600)) |
			       unlink(MADE_PATH));
}

/* A file of one page. */
static int open_page(int *fd)
{
	int err = open_once(fd, FILE_PATH, O_RDWR | O_CREAT);

	return err ? err : error_of(pwrite(*fd, page, PAGE_BYTES, 0));
}

int row_pwrite_4k(long batch, uint64_t *ticks)
{
	static int fd;
	int err = open_page(&fd);

	return err ? err
		   : MEASURE(batch, ticks, pwrite(fd, page, PAGE_BYTES, 0));
}

int row_pread_4k(long batch, uint64_t *ticks)
{
	static int fd;
	int err = open_page(&fd);

	return err ? err
		   : MEASURE(batch, ticks, pread(fd, page, PAGE_BYTES, 0));
}

static void handler(int number)
{
	(void)number;
}

int row_signal(long batch, uint64_t *ticks)
{
	struct sigaction action = { .sa_handler = handler };
	pid_t self = getpid();

	sigaction(SIGUSR1, &action, NULL);
	return MEASURE(batch, ticks, kill(self, SIGUSR1));
}

/* The same instructions on both: no kernel in it. */
static int copy_page(void)
{
	memcpy(page, other_page, PAGE_BYTES);
	__asm__ volatile("" ::: "memory");
	return 0;
}

int row_memory_copy(long batch, uint64_t *ticks)
{
	return MEASURE(batch, ticks, copy_page());
}
