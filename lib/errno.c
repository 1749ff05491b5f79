/* SPDX-License-Identifier: MIT */
/*
 * Error numbers as words, for log lines and traces.  The names stand one
 * behind the other and are walked: nothing that is fast asks for them, and a
 * table of pointers would be larger than they are.
 */
#include "lib/errno.h"

#include "lib/string.h"
#include "lib/types.h"

static const u8 numbers[] = {
#define ERRNO(name, number, text) number,
#include "lib/errno.def"
#undef ERRNO
};

static const char names[] =
#define ERRNO(name, number, text) #name "\0"
#include "lib/errno.def"
#undef ERRNO
	;

const char *errno_name(int error)
{
	const char *name = names;

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		if (error == numbers[i] || error == -numbers[i]) {
			return name;
		}
		name += strlen(name) + 1;
	}
	return "E?";
}
