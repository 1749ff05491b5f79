/* SPDX-License-Identifier: MIT */
/*
 * string_copy() of lib/string.h.
 */
#include "lib/string.h"
#include "tests/ktest.h"

KTEST(string_copy_fits, "what fits is copied whole, with its end")
{
	char buf[6] = "xxxxx";

	EXPECT_EQ(string_copy(buf, "boot", sizeof(buf)), 4);
	EXPECT(memcmp(buf, "boot\0", 6) == 0);
	EXPECT_EQ(string_copy(buf, "linux", sizeof(buf)), 5);
	EXPECT(strcmp(buf, "linux") == 0);
	EXPECT_EQ(string_copy(buf, "", sizeof(buf)), 0);
	EXPECT(buf[0] == '\0');
}

KTEST(string_copy_cuts, "a cut shows in the result and still ends with NUL")
{
	char buf[6] = "xxxxx";

	EXPECT_EQ(string_copy(buf, "kernel", 4), 6);
	EXPECT(memcmp(buf, "ker\0x", 6) == 0);
	EXPECT_EQ(string_copy(buf, "kernel", 1), 6);
	EXPECT(buf[0] == '\0');
}
