/* SPDX-License-Identifier: MIT */
/*
 * The smallest program, built with musl and with glibc: it ends at once.  Rows
 * start it.  With a word it is the parent instead: for each number of
 * operations that it reads from its input it starts itself so often, and
 * writes the ticks that this took.
 */
#include "bench/compare/compare.h"

#include <sys/wait.h>
#include <unistd.h>

static long start(char *path)
{
	char *const words[] = { path, NULL };
	pid_t child = fork();
	int status;

	if (child == 0) {
		execv(path, words);
		_exit(127);
	}
	if (child < 0 || waitpid(child, &status, 0) != child) {
		return -1;
	}
	errno = ECHILD;
	return status ? -1 : 0;
}

int main(int argc, char **argv)
{
	uint64_t ticks;
	long batch;

	while (argc > 1 && read(0, &batch, sizeof(batch)) == sizeof(batch)) {
		if (MEASURE(batch, &ticks, start(argv[0])) != 0 ||
		    write(1, &ticks, sizeof(ticks)) != sizeof(ticks)) {
			return 1;
		}
	}
	return 0;
}
