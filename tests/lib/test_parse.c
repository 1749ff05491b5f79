/* SPDX-License-Identifier: MIT */
/*
 * lib/parse.h: numbers at the edges of their range, and command lines with
 * quotes.
 */
#include "lib/parse.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "tests/ktest.h"

#define UNTOUCHED 0xfeedull

typedef int parser(const char *text, size_t len_bytes, u64 *out);

struct number_case {
	const char *text;
	int error;
	u64 value;
};

/* True if the case holds, and a failure leaves the result alone. */
static bool case_holds(parser *parse, const struct number_case *c)
{
	u64 value = UNTOUCHED;
	int error = parse(c->text, strlen(c->text), &value);

	return error == c->error && value == (error ? UNTOUCHED : c->value);
}

KTEST(parse_u64_cases, "numbers of three bases are read whole or refused")
{
	static const struct number_case cases[] = {
		{ "0", 0, 0 },
		{ "7", 0, 7 },
		{ "4096", 0, 4096 },
		{ "18446744073709551615", 0, ~0ull },
		{ "18446744073709551616", -ERANGE, 0 },
		{ "99999999999999999999999", -ERANGE, 0 },
		{ "0x0", 0, 0 },
		{ "0xdeadBEEF", 0, 0xdeadbeef },
		{ "0XffffFFFFffffFFFF", 0, ~0ull },
		{ "0x10000000000000000", -ERANGE, 0 },
		{ "0x00000000000000000000001", 0, 1 },
		{ "0755", 0, 0755 },
		{ "00", 0, 0 },
		{ "01777777777777777777777", 0, ~0ull },
		{ "02000000000000000000000", -ERANGE, 0 },
		{ "", -EINVAL, 0 },
		{ "0x", -EINVAL, 0 },
		{ "08", -EINVAL, 0 },
		{ "12a", -EINVAL, 0 },
		{ "-1", -EINVAL, 0 },
		{ "+1", -EINVAL, 0 },
		{ " 1", -EINVAL, 0 },
		{ "1 ", -EINVAL, 0 },
		{ "0xg", -EINVAL, 0 },
		{ "99999999999999999999999z", -EINVAL, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		EXPECT(case_holds(parse_u64, &cases[i]));
	}
}

KTEST(parse_u64_bounded, "no character behind the length is looked at")
{
	u64 value;

	EXPECT_EQ(parse_u64("123456", 3, &value), 0);
	EXPECT_EQ(value, 123);
	EXPECT_EQ(parse_u64("0x1", 1, &value), 0);
	EXPECT_EQ(value, 0);
	EXPECT_EQ(parse_u64("0x1", 2, &value), -EINVAL);
	EXPECT_EQ(parse_u64("1", 0, &value), -EINVAL);
}

KTEST(parse_size_cases, "a size may end in K, M or G")
{
	static const struct number_case cases[] = {
		{ "0", 0, 0 },
		{ "16M", 0, 16 << 20 },
		{ "4k", 0, 4096 },
		{ "8G", 0, 8ull << 30 },
		{ "0x10K", 0, 16 << 10 },
		{ "010K", 0, 8 << 10 },
		{ "17179869183G", 0, 17179869183ull << 30 },
		{ "17179869184G", -ERANGE, 0 },
		{ "18446744073709551615", 0, ~0ull },
		{ "18446744073709551616", -ERANGE, 0 },
		{ "", -EINVAL, 0 },
		{ "K", -EINVAL, 0 },
		{ "1KK", -EINVAL, 0 },
		{ "1T", -EINVAL, 0 },
		{ "M1", -EINVAL, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		EXPECT(case_holds(parse_size, &cases[i]));
	}
}

KTEST(parse_hex_cases, "hexadecimal fields are digits and nothing else")
{
	static const struct number_case cases[] = {
		{ "070701", 0, 0x070701 },
		{ "0000abCD", 0, 0xabcd },
		{ "afAF09", 0, 0xafaf09 },
		{ "ffffffffffffffff", 0, ~0ull },
		{ "0ffffffffffffffff", -EINVAL, 0 },
		{ "", -EINVAL, 0 },
		{ "0x12", -EINVAL, 0 },
		{ "12 4", -EINVAL, 0 },
		{ "-1", -EINVAL, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		EXPECT(case_holds(parse_hex, &cases[i]));
	}
}

/* True if `line` falls into these words; the list ends with NULL. */
static bool splits_into(const char *line, const char *const *words)
{
	char buf[16];
	int len = parse_word(&line, buf, sizeof(buf));

	for (; *words != NULL; words++) {
		if (len != (int)strlen(*words) || strcmp(buf, *words) != 0) {
			return false;
		}
		len = parse_word(&line, buf, sizeof(buf));
	}
	return len == 0 && buf[0] == '\0' && *line == '\0';
}

#define WORDS(...) ((const char *const[]){ __VA_ARGS__, NULL })

KTEST(parse_word_splits, "blanks part words and quotes hold them together")
{
	EXPECT(splits_into("a bc  d", WORDS("a", "bc", "d")));
	EXPECT(splits_into(" \t\n a\tb \r\n", WORDS("a", "b")));
	EXPECT(splits_into("a=\"b c\" d", WORDS("a=b c", "d")));
	EXPECT(splits_into("\"a b\"=c", WORDS("a b=c")));
	EXPECT(splits_into("x\"y\"z", WORDS("xyz")));
	EXPECT(splits_into("a \"b c", WORDS("a", "b c")));
	EXPECT(splits_into("\"\" a \"\"", WORDS("a")));
	EXPECT(splits_into("a=\"\"", WORDS("a=")));
	EXPECT(splits_into("", (const char *const[]){ NULL }));
	EXPECT(splits_into("   ", (const char *const[]){ NULL }));
}

KTEST(parse_word_too_long, "a word that does not fit is passed over")
{
	const char *line = "abcdef efg hi";
	char buf[4];

	EXPECT_EQ(parse_word(&line, buf, sizeof(buf)), -ERANGE);
	EXPECT_EQ(parse_word(&line, buf, sizeof(buf)), 3);
	EXPECT(strcmp(buf, "efg") == 0);
	EXPECT_EQ(parse_word(&line, buf, 0), -ERANGE);
	EXPECT_EQ(parse_word(&line, buf, 1), 0);
}
