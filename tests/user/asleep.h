/* SPDX-License-Identifier: MIT */
/*
 * For programs in which one process acts when another sleeps: a time would be
 * too short on some machine.
 */
#ifndef EXO_TESTS_USER_ASLEEP_H
#define EXO_TESTS_USER_ASLEEP_H

#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

/* The letter of /proc/PID/stat, 0 if there is none. */
static inline char state_of(pid_t pid)
{
	char path[40], line[200] = "";
	const char *name_end;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "r");
	if (file == NULL) {
		return 0;
	}
	if (fgets(line, sizeof(line), file) == NULL) {
		line[0] = 0;
	}
	fclose(file);
	name_end = strrchr(line, ')');
	return name_end != NULL && name_end[1] == ' ' ? name_end[2] : 0;
}

/*
 * Returns when the process sleeps so that a signal wakes it, or is gone.  It
 * does not sleep anywhere before the place where it shall be met.
 */
static inline void until_asleep(pid_t pid)
{
	for (char state; (state = state_of(pid)) != 'S' && state != 0;) {
		usleep(1000);
	}
}

#endif
