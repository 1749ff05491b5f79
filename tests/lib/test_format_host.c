/* SPDX-License-Identifier: MIT */
/*
 * lib/format.h against the C library: random conversions, values and buffer
 * sizes must give the same text and the same length.
 */
#include "lib/format.h"

#include <stdio.h>
#include <string.h>

#include "tests/ktest.h"

#define ROUNDS    20000
#define BUF_BYTES 96
#define UNWRITTEN 0x5a

/* A random conversion, written out, and the size of its argument. */
struct conversion {
	char text[32];
	char letter;
	bool is_wide; /* the argument has 64 bits */
};

static u64 below(u64 n)
{
	return ktest_random() % n;
}

/* The flags that the C standard defines for the conversion. */
static const char *flags_for(char letter)
{
	switch (letter) {
	case 'd':
	case 'i': return "-0+ ";
	case 'u': return "-0";
	case 'o':
	case 'x':
	case 'X': return "-0#";
	default: return "-";
	}
}

static void choose(struct conversion *c)
{
	static const char *const lengths[] = { "hh", "h", "", "l", "ll", "z" };
	static const char letters[] = "diuoxXcsp";
	char *at = c->text;

	c->letter = letters[below(sizeof(letters) - 1)];
	c->is_wide = false;
	*at++ = '%';
	for (const char *flag = flags_for(c->letter); *flag != '\0'; flag++) {
		if (below(3) == 0) {
			*at++ = *flag;
		}
	}
	if (below(2) == 0) {
		at += sprintf(at, "%u", (unsigned)below(40) + 1);
	}
	if (below(2) == 0 && c->letter != 'c' && c->letter != 'p') {
		at += sprintf(at, ".%u", (unsigned)below(30));
	}
	if (strchr("csp", c->letter) == NULL) {
		size_t length = below(ARRAY_SIZE(lengths));

		c->is_wide = length >= 3;
		at += sprintf(at, "%s", lengths[length]);
	}
	*at++ = c->letter;
	*at = '\0';
}

/* Numbers of every magnitude, 0 and the extremes among them. */
static u64 choose_value(void)
{
	u64 value = ktest_random() >> below(64);

	return below(8) == 0 ? 0 : below(2) == 0 ? value : ~value;
}

typedef int formatter(char *buf, size_t size_bytes, const char *fmt, ...);

/* Calls either formatter with the type of argument that fits. */
static int apply(formatter *f, char *buf, size_t size,
		 const struct conversion *c, u64 value)
{
	static char text[] = "the quick brown fox";

	switch (c->letter) {
	case 's': return f(buf, size, c->text, text + value % sizeof(text));
	case 'c': return f(buf, size, c->text, (int)(value % 255 + 1));
	case 'p': return f(buf, size, c->text, (void *)(value | 1));
	default: break;
	}
	if (c->is_wide) {
		return f(buf, size, c->text, value);
	}
	return f(buf, size, c->text, (unsigned)value);
}

KTEST(format_as_snprintf, "format writes what snprintf writes")
{
	for (int round = 0; round < ROUNDS; round++) {
		char ours[BUF_BYTES];
		char theirs[BUF_BYTES];
		struct conversion c;
		u64 value = choose_value();
		size_t size = below(3) == 0 ? below(20) : BUF_BYTES;

		choose(&c);
		memset(ours, UNWRITTEN, sizeof(ours));
		memset(theirs, UNWRITTEN, sizeof(theirs));
		EXPECT_EQ(apply(format, ours, size, &c, value),
			  apply(snprintf, theirs, size, &c, value));
		if (memcmp(ours, theirs, sizeof(ours)) != 0) {
			ktest_fail(__FILE__, __LINE__, c.text, value, size);
			return;
		}
	}
}
