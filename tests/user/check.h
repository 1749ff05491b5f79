/* SPDX-License-Identifier: MIT */
/*
 * For programs that only Exo-OS can run: they check themselves and print what
 * was wrong.
 */
#ifndef EXO_TESTS_USER_CHECK_H
#define EXO_TESTS_USER_CHECK_H

#include <stdio.h>

static int check_count, check_failures;

static inline void check_equal(const char *file, int line, const char *what,
			       long found, long wanted)
{
	check_count++;
	if (found != wanted) {
		check_failures++;
		printf("%s:%d: %s is %ld, not %ld\n", file, line, what, found,
		       wanted);
		fflush(stdout);
	}
}

#define EXPECT_EQ(found, wanted) \
	check_equal(__FILE__, __LINE__, #found, (long)(found), (long)(wanted))
#define EXPECT(condition) EXPECT_EQ(!!(condition), 1)

/* The program's status. */
static inline int check_end(void)
{
	printf("%d checks, %d failed\n", check_count, check_failures);
	return check_failures != 0;
}

#endif
