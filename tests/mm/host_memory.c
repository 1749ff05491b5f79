/* SPDX-License-Identifier: MIT */
/*
 * Memory for the host's tests: the arena is handed to mm/ before the first
 * test, as the kernel's start does with RAM; children may start another one.
 */
#include "tests/mm/host_child.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/assert.h"
#include "lib/string.h"
#include "mm/kmem.h"
#include "tests/host/ktest_host.h"

#define LIVE_BYTES    (128ul << 20)
#define GARBAGE_BYTES (8ul << 20)

__attribute__((constructor)) static void host_memory_start(void)
{
	const struct frame_range usable = RANGE(0, LIVE_BYTES);
	const struct frame_range reserved = RANGE(0, 1 << 20);

	ASSERT(frame_init(&usable, 1, &reserved, 1, phys(LIVE_BYTES)) == 0);
	kmem_init();
}

int host_machine_start(const struct host_machine *machine)
{
	frame_drain();
	memset(host_ram, 0xa5, GARBAGE_BYTES);
	return frame_init(machine->usable, machine->usable_count,
			  machine->reserved, machine->reserved_count,
			  machine->limit);
}

noreturn static void child_main(void (*body)(void), int report)
{
	dup2(report, STDERR_FILENO);
	signal(SIGABRT, SIG_DFL);
	body();
	_exit(ktest_host_failed() ? 1 : 0);
}

/* Runs the child to its end; fills `report` with what it said. */
static int child_run(void (*body)(void), char *report, size_t size_bytes)
{
	size_t len = 0;
	int status = -1;
	ssize_t got;
	int ends[2];
	pid_t pid;

	ASSERT(pipe(ends) == 0);
	pid = fork();
	ASSERT(pid >= 0);
	if (pid == 0) {
		child_main(body, ends[1]);
	}
	close(ends[1]);
	while ((got = read(ends[0], report + len, size_bytes - 1 - len)) > 0) {
		len += (size_t)got;
	}
	report[len] = '\0';
	close(ends[0]);
	ASSERT(waitpid(pid, &status, 0) == pid);
	return status;
}

bool child_passes(void (*body)(void))
{
	static char report[8192];
	int status = child_run(body, report, sizeof(report));

	fputs(report, stderr);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool child_stops(void (*body)(void), const char *text)
{
	static char report[8192];
	int status = child_run(body, report, sizeof(report));

	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT &&
	    strstr(report, text) != NULL) {
		return true;
	}
	fprintf(stderr, "# child ended with status %#x and said: %s\n",
		(unsigned)status, report);
	return false;
}
