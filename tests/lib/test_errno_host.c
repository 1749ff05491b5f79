/* SPDX-License-Identifier: MIT */
/*
 * lib/errno.def against the host's <errno.h>, which is Linux's.  Included
 * last, its macros hide our enumeration, so that each name in the list below
 * stands for the host's number.
 */
#include "lib/errno.h"

#include <string.h>

#include "tests/ktest.h"

#include <errno.h>

KTEST(errno_as_linux, "every number is the one that Linux uses")
{
#define ERRNO(name, number, text) EXPECT_EQ(name, number);
#include "lib/errno.def"
#undef ERRNO
}

KTEST(errno_names, "a number has a name, negated or not")
{
#define ERRNO(name, number, text)                       \
	EXPECT(strcmp(errno_name(number), #name) == 0); \
	EXPECT(strcmp(errno_name(-number), #name) == 0);
#include "lib/errno.def"
#undef ERRNO
	EXPECT(strcmp(errno_name(0), "E?") == 0);
	EXPECT(strcmp(errno_name(4095), "E?") == 0);
	EXPECT(strcmp(errno_name(INT32_MIN), "E?") == 0);
}
