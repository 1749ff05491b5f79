/* SPDX-License-Identifier: MIT */
/*
 * Families of processes that share a large memory until they write: each has a
 * model of what every page holds for it, whatever the others do meanwhile.
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE        4096ul
#define PAGES       1800ul /* of 2 MB tables: some whole, some in part */
#define STEPS       120
#define GENERATIONS 3
#define RANGE_MAX   700

static char *area;
static uint64_t model[PAGES];
static uint64_t state;

static uint64_t draw(uint64_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % below;
}

static volatile uint64_t *word(uint64_t page)
{
	return (volatile uint64_t *)(area + page * PAGE + page % 512 * 8);
}

static void put(uint64_t page)
{
	*word(page) = model[page] = draw(UINT64_MAX);
}

/* Takes part of the memory away, in one way or another, or moves it. */
static int range_change(void)
{
	uint64_t count = 1 + draw(RANGE_MAX), first = draw(PAGES - count);
	char *start = area + first * PAGE, *away;
	size_t len = count * PAGE;

	switch (draw(4)) {
	case 0:
		memset(&model[first], 0, count * sizeof(*model));
		return madvise(start, len, MADV_DONTNEED);
	case 1:
		memset(&model[first], 0, count * sizeof(*model));
		return munmap(start, len) != 0 ||
		       mmap(start, len, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
			    0) != start;
	case 2:
		return mprotect(start, len, PROT_READ) != 0 ||
		       *word(first) != model[first] ||
		       mprotect(start, len, PROT_READ | PROT_WRITE) != 0;
	default:
		away = mremap(start, len, len, MREMAP_MAYMOVE);
		if (away == start) {
			return 0;
		}
		/* It is one mapping again, whatever was done to its parts. */
		return away == MAP_FAILED ||
		       mremap(away, len, len, MREMAP_MAYMOVE | MREMAP_FIXED,
			      start) != start;
	}
}

static int wrong_pages(void)
{
	int wrong = 0;

	for (uint64_t i = 0; i < PAGES; i++) {
		wrong += *word(i) != model[i];
	}
	return wrong;
}

static int live(int generation);

static int child_make(int generation)
{
	pid_t pid = fork();

	if (pid == 0) {
		state += 0x9e3779b97f4a7c15ul;
		_exit(live(generation + 1) != 0);
	}
	return pid < 0;
}

/* True where something was not as the model says. */
static int live(int generation)
{
	int wrong = 0, status;

	for (int i = 0; i < STEPS; i++) {
		uint64_t page = draw(PAGES);

		wrong |= *word(page) != model[page];
		put(draw(PAGES));
		if (i % 20 == 7) {
			wrong |= range_change();
		}
		if (i % 40 == 13 && generation < GENERATIONS) {
			wrong |= child_make(generation);
		}
		if (i % 40 == 33 && wait(&status) > 0) {
			wrong |= status != 0;
		}
	}
	while (wait(&status) > 0) {
		wrong |= status != 0;
	}
	return wrong | wrong_pages();
}

int main(void)
{
	state = 88172645463325252ul;
	area = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (area == MAP_FAILED) {
		return 1;
	}
	for (uint64_t i = 0; i < PAGES; i++) {
		put(i);
	}
	printf("families: %s\n", live(0) == 0 ? "ok" : "WRONG");
	return 0;
}
