/* SPDX-License-Identifier: MIT */
/*
 * lib/format.h by example; tests/lib/test_format_host.c compares it with the
 * C library's.
 */
#include "lib/format.h"
#include "lib/string.h"
#include "tests/ktest.h"

/* The compiler's own checks would refuse the formats that are wrong here. */
static int unchecked(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = format_v(buf, size, fmt, args);
	va_end(args);
	return len;
}

#define EXPECT_TEXT(expected, ...)                                     \
	do {                                                           \
		char buf_[64];                                         \
		int len_ = unchecked(buf_, sizeof(buf_), __VA_ARGS__); \
		EXPECT(strcmp(buf_, expected) == 0);                   \
		EXPECT_EQ(len_, sizeof(expected) - 1);                 \
	} while (0)

KTEST(format_integers, "integers in four bases, at every length")
{
	EXPECT_TEXT("0 -1 42", "%d %i %u", 0, -1, 42u);
	EXPECT_TEXT("ff FF 777", "%x %X %o", 255u, 255u, 0777u);
	EXPECT_TEXT("-128 255", "%hhd %hhu", 0x80, 0xff);
	EXPECT_TEXT("-32768 65535", "%hd %hu", 0x8000, 0xffff);
	EXPECT_TEXT("-2147483648", "%d", INT32_MIN);
	EXPECT_TEXT("-9223372036854775808", "%ld", INT64_MIN);
	EXPECT_TEXT("18446744073709551615", "%llu", ~0ull);
	EXPECT_TEXT("1777777777777777777777", "%zo", SIZE_MAX);
}

KTEST(format_fields, "width, precision and flags lay out a field")
{
	EXPECT_TEXT("   42|42   |00042", "%5d|%-5d|%05d", 42, 42, 42);
	EXPECT_TEXT("  042|-0042|+42| 42", "%5.3d|%05d|%+d|% d", 42, -42, 42,
		    42);
	EXPECT_TEXT("0x2a 0X2A 052 0", "%#x %#X %#o %#x", 42, 42, 42, 0);
	EXPECT_TEXT("   7|7   ", "%*d|%*d", 4, 7, -4, 7);
	EXPECT_TEXT("[]", "[%.0d]", 0);
	EXPECT_TEXT("0", "%#.0o", 0);
}

KTEST(format_strings, "strings, characters, pointers, per cent")
{
	EXPECT_TEXT("ab", "%c%c", 'a', 'b');
	EXPECT_TEXT("[  boot][boot  ][bo]", "[%6s][%-6s][%.2s]", "boot", "boot",
		    "boot");
	EXPECT_TEXT("(null)", "%s", (char *)NULL);
	EXPECT_TEXT("0xffffffff80000000", "%p", (void *)0xffffffff80000000ul);
	EXPECT_TEXT("0x0", "%p", NULL);
	EXPECT_TEXT("100%", "%d%%", 100);
}

KTEST(format_string_bounded, "a precision bounds what is read of a string")
{
	static const char unterminated[] = { 'a', 'b', 'c' };

	EXPECT_TEXT("abc", "%.3s", unterminated);
	EXPECT_TEXT("ab", "%.*s", 2, unterminated);
}

KTEST(format_unknown, "an unknown conversion is copied as it stands")
{
	EXPECT_TEXT("%q", "%q");
	EXPECT_TEXT("%-08.3lk 7", "%-08.3lk %d", 7);
	EXPECT_TEXT("%f", "%f");
	EXPECT_TEXT("50%", "50%");
	EXPECT_TEXT("%-5l", "%-5l");
}

KTEST(format_cuts, "what does not fit is cut, counted and ended with NUL")
{
	char buf[8] = "xxxxxxx";

	EXPECT_EQ(format(buf, 4, "%s", "kernel"), 6);
	EXPECT(memcmp(buf, "ker\0xxx", 8) == 0);
	EXPECT_EQ(format(buf, 1, "%d", 12345), 5);
	EXPECT(buf[0] == '\0' && buf[1] == 'e');
	EXPECT_EQ(format(NULL, 0, "%08x", 1), 8);
}

KTEST(format_huge_width, "a huge width costs nothing and cannot wrap")
{
	char buf[4];

	EXPECT_EQ(unchecked(buf, sizeof(buf), "%2147483647d", 1), INT32_MAX);
	EXPECT(strcmp(buf, "   ") == 0);
	EXPECT_EQ(unchecked(buf, sizeof(buf), "%*d%*d", INT32_MIN, 1, INT32_MAX,
			    1),
		  INT32_MAX);
	EXPECT(strcmp(buf, "1  ") == 0);
	EXPECT_EQ(unchecked(buf, sizeof(buf), "%99999999999999999999d", 1),
		  INT32_MAX);
	EXPECT_EQ(unchecked(buf, sizeof(buf), "%.99999999999999999999d", 1),
		  INT32_MAX);
	EXPECT(strcmp(buf, "000") == 0);
}
