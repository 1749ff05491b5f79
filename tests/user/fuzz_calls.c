/* SPDX-License-Identifier: MIT */
/*
 * System calls with garbage for arguments, from several processes at once:
 *
 *	fuzz_calls [CHILDREN [SEED]]
 *
 * Each child makes some calls until one ends it or its time is up; what it
 * does to itself is its own business, and the kernel's is to survive.  On
 * another system than Exo-OS it does nothing: the user may be root there.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CHILDREN   24
#define AT_ONCE    4
#define CALLS      3000
#define NUMBER_MAX 460
#define TIME_US    400000

static uint64_t state;

/* SplitMix64. */
static uint64_t draw(void)
{
	uint64_t z = state += 0x9e3779b97f4a7c15ul;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ul;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebul;
	return z ^ (z >> 31);
}

static char *page;      /* can be written to */
static char *last_byte; /* of a page, with nothing behind */

static uint64_t garbage(void)
{
	static const uint64_t numbers[] = {
		0,
		1,
		2,
		3,
		8,
		0x1000,
		0x10000,
		(uint64_t)-1,
		(uint64_t)-2,
		(uint64_t)-100,
		0x7fffffff,
		0x80000000,
		0xffffffff,
		0x100000000,
		0x7fffffffefff,
		0x7ffffffff000,
		0x800000000000,
		0x123456789abcdef0,
		0x8000000000000000,
		0xffff800000000000,
		0xffffffff80100000,
		0xfffffffffffff000,
	};
	static const char *const texts[] = { "/",      "",  "/bin/hello",
					     "/tmp/x", ".", "/nowhere/at/all" };

	switch (draw() % 8) {
	case 0: return draw();
	case 1: return draw() % 64;
	case 2: return 1ul << draw() % 64;
	case 3: return (uint64_t)page + draw() % 4096;
	case 4: return (uint64_t)last_byte - draw() % 16;
	case 5:
		return (uint64_t)
			texts[draw() % (sizeof(texts) / sizeof(*texts))];
	default: return numbers[draw() % (sizeof(numbers) / sizeof(*numbers))];
	}
}

/* What would end the test instead of testing, and whole machines. */
static int left_out(long number)
{
	return number == SYS_exit || number == SYS_exit_group ||
	       number == SYS_fork || number == SYS_vfork ||
	       number == SYS_clone || number == SYS_clone3 ||
	       number == SYS_reboot || number == SYS_rt_sigreturn;
}

static void wake(int signal)
{
	(void)signal;
}

static void child(void)
{
	struct itimerval often = { { 0, 3000 }, { 0, 3000 } };
	struct sigaction action = { .sa_handler = wake };

	/* Ends most calls that would sleep for ever. */
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	for (int fd = 0; fd < 3; fd++) {
		close(fd);
	}
	setpgid(0, 0);
	for (int i = 0; i < CALLS; i++) {
		long number = (long)(draw() % NUMBER_MAX);

		if (left_out(number)) {
			continue;
		}
		if (i % 64 == 0) {
			for (int at = 0; at < 4096; at += 8) {
				uint64_t word = garbage();

				memcpy(page + at, &word, sizeof(word));
			}
		}
		syscall(number, garbage(), garbage(), garbage(), garbage(),
			garbage(), garbage());
	}
	_exit(0);
}

/* Some children side by side, until they end or have had their time. */
static int batch(long first, uint64_t seed)
{
	struct timespec time = { 0, TIME_US * 1000 };
	pid_t children[AT_ONCE];

	page = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	munmap(page + 4096, 4096);
	last_byte = page + 4095;
	for (int i = 0; i < AT_ONCE; i++) {
		state = seed * 1000003 + (uint64_t)(first + i);
		children[i] = fork();
		if (children[i] == 0) {
			child();
		}
		if (children[i] < 0) {
			return 0;
		}
	}
	nanosleep(&time, NULL);
	for (int i = 0; i < AT_ONCE; i++) {
		kill(children[i], SIGKILL);
		while (waitpid(children[i], NULL, 0) != children[i]) {
		}
	}
	munmap(page, 4096);
	return 1;
}

/* This process is the first one: no child's signal ends it. */
int main(int argc, char **argv)
{
	long children = argc > 1 ? atol(argv[1]) : CHILDREN;
	uint64_t seed = argc > 2 ? strtoul(argv[2], NULL, 0) : 1;
	struct utsname system;

	uname(&system);
	for (long i = 0; strcmp(system.sysname, "Exo-OS") == 0 && i < children;
	     i += AT_ONCE) {
		if (!batch(i, seed)) {
			return 1;
		}
	}
	puts("the kernel is well");
	return 0;
}
