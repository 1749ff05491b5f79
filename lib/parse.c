/* SPDX-License-Identifier: MIT */
/*
 * Numbers and words out of untrusted text.  Every read is bounded by the
 * given length or by the text's NUL, and nothing is stored on failure.
 */
#include "lib/parse.h"

#include "lib/errno.h"

#define NOT_A_DIGIT 255

static unsigned digit_value(char c)
{
	if (c >= '0' && c <= '9') {
		return (unsigned)(c - '0');
	}
	if (c >= 'a' && c <= 'f') {
		return (unsigned)(c - 'a') + 10;
	}
	if (c >= 'A' && c <= 'F') {
		return (unsigned)(c - 'A') + 10;
	}
	return NOT_A_DIGIT;
}

/* All of `text` must be digits of `base`; a wrong one outranks -ERANGE. */
static int parse_digits(const char *text, size_t len, unsigned base, u64 *out)
{
	u64 value = 0;
	bool too_large = false;

	if (len == 0) {
		return -EINVAL;
	}
	for (size_t i = 0; i < len; i++) {
		unsigned digit = digit_value(text[i]);

		if (digit >= base) {
			return -EINVAL;
		}
		if (__builtin_mul_overflow(value, base, &value) ||
		    __builtin_add_overflow(value, digit, &value)) {
			too_large = true;
		}
	}
	if (too_large) {
		return -ERANGE;
	}
	*out = value;
	return 0;
}

int parse_u64(const char *text, size_t len_bytes, u64 *out)
{
	if (len_bytes >= 2 && text[0] == '0') {
		if (text[1] == 'x' || text[1] == 'X') {
			return parse_digits(text + 2, len_bytes - 2, 16, out);
		}
		return parse_digits(text + 1, len_bytes - 1, 8, out);
	}
	return parse_digits(text, len_bytes, 10, out);
}

/* The power of two that a suffix stands for, 0 if it is none. */
static unsigned suffix_shift(char c)
{
	switch (c) {
	case 'K':
	case 'k': return 10;
	case 'M':
	case 'm': return 20;
	case 'G':
	case 'g': return 30;
	default: return 0;
	}
}

int parse_size(const char *text, size_t len_bytes, u64 *out)
{
	unsigned shift = len_bytes ? suffix_shift(text[len_bytes - 1]) : 0;
	u64 value;
	int error = parse_u64(text, len_bytes - (shift != 0), &value);

	if (error) {
		return error;
	}
	if (value > ~0ull >> shift) {
		return -ERANGE;
	}
	*out = value << shift;
	return 0;
}

int parse_hex(const char *text, size_t len_bytes, u64 *out)
{
	if (len_bytes > 16) {
		return -EINVAL;
	}
	return parse_digits(text, len_bytes, 16, out);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/*
 * Copies one word up to a blank outside quotes or the end of the line and
 * returns its whole length; what does not fit is counted, not stored.
 */
static size_t take_word(const char **cursor, char *buf, size_t size)
{
	const char *at = *cursor;
	bool quoted = false;
	size_t len = 0;

	for (; *at != '\0' && (quoted || !is_blank(*at)); at++) {
		if (*at == '"') {
			quoted = !quoted;
			continue;
		}
		if (len < size) {
			buf[len] = *at;
		}
		len++;
	}
	*cursor = at;
	return len;
}

int parse_word(const char **cursor, char *buf, size_t size_bytes)
{
	size_t len = 0;

	while (len == 0) {
		while (is_blank(**cursor)) {
			(*cursor)++;
		}
		if (**cursor == '\0') {
			break;
		}
		len = take_word(cursor, buf, size_bytes);
	}
	if (len >= size_bytes || len > INT32_MAX) {
		return -ERANGE;
	}
	buf[len] = '\0';
	return (int)len;
}
