/* SPDX-License-Identifier: MIT */
/*
 * Rows of memory: mapping, protecting, first writes to pages.
 */
#define _GNU_SOURCE
#include "bench/compare/compare.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAP_BYTES 65536

static char *map(long pages)
{
	return mmap(NULL, (size_t)pages * PAGE_BYTES, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static int map_unmap(void)
{
	char *at = map(MAP_BYTES / PAGE_BYTES);

	return at == MAP_FAILED ? -1 : munmap(at, MAP_BYTES);
}

int row_mmap_munmap(long batch, uint64_t *ticks)
{
	return MEASURE(batch, ticks, map_unmap());
}

int row_mprotect(long batch, uint64_t *ticks)
{
	static char *at;

	if (at == NULL) {
		at = map(MAP_BYTES / PAGE_BYTES);
		if (at == MAP_FAILED) {
			return -errno;
		}
		for (int i = 0; i < MAP_BYTES; i += PAGE_BYTES) {
			at[i] = 1;
		}
	}
	return MEASURE(batch, ticks,
		       mprotect(at, MAP_BYTES, PROT_READ) |
			       mprotect(at, MAP_BYTES, PROT_READ | PROT_WRITE));
}

/* Writes to each page. Returns the ticks. */
static uint64_t write_pages(volatile char *at, long pages)
{
	uint64_t start = ticks_now();

	for (long i = 0; i < pages; i++) {
		at[i * PAGE_BYTES] = 1;
	}
	return ticks_now() - start;
}

int row_demand_zero(long batch, uint64_t *ticks)
{
	char *at = map(batch);

	if (at == MAP_FAILED) {
		return -errno;
	}
	*ticks = write_pages(at, batch);
	return error_of(munmap(at, (size_t)batch * PAGE_BYTES));
}

/* With a child that shares the pages: it waits for our end, or has gone. */
static int copy_on_write(long batch, uint64_t *ticks, int stays)
{
	static char *at;
	int ends[2];
	pid_t child;

	if (at == NULL) {
		at = map(batch);
		if (at == MAP_FAILED) {
			return -errno;
		}
		write_pages(at, batch);
	}
	if (pipe(ends) != 0) {
		return -errno;
	}
	child = fork();
	if (child == 0) {
		char byte;

		close(ends[1]);
		_exit(stays && read(ends[0], &byte, 1) != 0);
	}
	if (child > 0 && stays) {
		*ticks = write_pages(at, batch);
	}
	close(ends[0]);
	close(ends[1]);
	if (child < 0 || waitpid(child, NULL, 0) != child) {
		return -errno;
	}
	if (!stays) {
		*ticks = write_pages(at, batch);
	}
	return 0;
}

int row_cow(long batch, uint64_t *ticks)
{
	return copy_on_write(batch, ticks, 1);
}

int row_cow_reuse(long batch, uint64_t *ticks)
{
	return copy_on_write(batch, ticks, 0);
}
