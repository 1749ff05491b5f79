/* SPDX-License-Identifier: MIT */
/*
 * lib/string.h: every short length at every alignment against plain loops.
 * Each check looks at the whole field, so a byte written beside the goal is
 * seen as well.
 */
#include "lib/string.h"
#include "tests/ktest.h"

#define FIELD_BYTES   160
#define LEN_MAX       80
#define ALIGN_MAX     9
#define DISTANCE_MAX  20
#define CENTRE        40 /* leaves room for any distance on both sides */
#define COMPARE_BYTES 24

static struct {
	u8 field[FIELD_BYTES];    /* what the function works on */
	u8 expected[FIELD_BYTES]; /* what a plain loop makes of it */
	u8 source[FIELD_BYTES];
} work;

static void randomise(void)
{
	for (size_t i = 0; i < FIELD_BYTES; i++) {
		u64 draw = ktest_random();

		work.field[i] = (u8)draw;
		work.expected[i] = (u8)draw;
		work.source[i] = (u8)(draw >> 8);
	}
}

static bool as_expected(void)
{
	for (size_t i = 0; i < FIELD_BYTES; i++) {
		if (work.field[i] != work.expected[i]) {
			return false;
		}
	}
	return true;
}

static bool copy_holds(size_t to, size_t from, size_t len)
{
	void *result;

	randomise();
	for (size_t i = 0; i < len; i++) {
		work.expected[to + i] = work.source[from + i];
	}
	result = memcpy(work.field + to, work.source + from, len);
	return result == work.field + to && as_expected();
}

KTEST(string_memcpy, "memcpy copies every length at every alignment")
{
	for (size_t len = 0; len <= LEN_MAX; len++) {
		for (size_t to = 0; to < ALIGN_MAX; to++) {
			EXPECT(copy_holds(to, (to + len) % ALIGN_MAX, len));
		}
	}
}

static bool move_holds(size_t to, size_t from, size_t len)
{
	void *result;

	randomise();
	for (size_t i = 0; i < len; i++) {
		work.expected[to + i] = work.field[from + i];
	}
	result = memmove(work.field + to, work.field + from, len);
	return result == work.field + to && as_expected();
}

KTEST(string_memmove, "memmove is right however the regions overlap")
{
	for (size_t len = 0; len <= LEN_MAX; len++) {
		for (size_t to = CENTRE - DISTANCE_MAX;
		     to <= CENTRE + DISTANCE_MAX; to++) {
			EXPECT(move_holds(to, CENTRE, len));
		}
	}
}

static bool set_holds(size_t at, int byte, size_t len)
{
	void *result;

	randomise();
	for (size_t i = 0; i < len; i++) {
		work.expected[at + i] = (u8)byte;
	}
	result = memset(work.field + at, byte, len);
	return result == work.field + at && as_expected();
}

KTEST(string_memset, "memset takes the low byte of its value")
{
	for (size_t len = 0; len <= LEN_MAX; len++) {
		for (size_t at = 0; at < ALIGN_MAX; at++) {
			EXPECT(set_holds(at, (int)ktest_random(), len));
		}
	}
}

static int sign_of(int value)
{
	return (value > 0) - (value < 0);
}

KTEST(string_memcmp, "memcmp orders by the first byte that differs")
{
	u8 *a = work.field;
	u8 *b = work.source;

	for (size_t len = 0; len <= COMPARE_BYTES; len++) {
		for (size_t at = 0; at < COMPARE_BYTES; at++) {
			randomise();
			memcpy(b, a, FIELD_BYTES);
			b[at] = (u8)ktest_random();

			int expected = at < len ? sign_of(a[at] - b[at]) : 0;

			b[len] = (u8)~a[len];
			EXPECT_EQ(sign_of(memcmp(a, b, len)), expected);
			EXPECT_EQ(sign_of(memcmp(b, a, len)), -expected);
		}
	}
}

KTEST(string_lengths, "strlen and strnlen stop at NUL and at the bound")
{
	char text[] = "kernel\0hidden";

	EXPECT_EQ(strlen(text), 6);
	EXPECT_EQ(strlen(""), 0);
	EXPECT_EQ(strnlen(text, 0), 0);
	EXPECT_EQ(strnlen(text, 5), 5);
	EXPECT_EQ(strnlen(text, 6), 6);
	EXPECT_EQ(strnlen(text, SIZE_MAX), 6);
}

KTEST(string_compares, "strings are ordered by unsigned characters")
{
	EXPECT(strcmp("", "") == 0);
	EXPECT(strcmp("abc", "abc") == 0);
	EXPECT(strcmp("abc", "abd") < 0);
	EXPECT(strcmp("abc", "ab") > 0);
	EXPECT(strcmp("\x7f", "\x80") < 0);
	EXPECT(strcmp("a\0x", "a\0y") == 0);
	EXPECT(strncmp("a\0x", "a\0y", 3) == 0);
	EXPECT(strncmp("abc", "abd", 2) == 0);
	EXPECT(strncmp("abc", "abd", 3) < 0);
	EXPECT(strncmp("ab", "ab", 100) == 0);
	EXPECT(strncmp("a", "b", 0) == 0);
	EXPECT(strncmp("\xff", "a", 1) > 0);
}

KTEST(string_strchr, "strchr finds the first one, and NUL is findable")
{
	const char *text = "key=a=b";

	EXPECT(strchr(text, '=') == text + 3);
	EXPECT(strchr(text, 'k') == text);
	EXPECT(strchr(text, '\0') == text + 7);
	EXPECT(strchr(text, 'x') == NULL);
	EXPECT(strchr(text, '=' + 256) == text + 3);
}
