/* SPDX-License-Identifier: MIT */
/*
 * printf-style formatting, for the log, /proc and panic messages; so it has
 * no state, allocates nothing and needs about 200 bytes of stack.
 *
 * A conversion is first decoded into a struct spec; its argument becomes a
 * struct piece; put_piece() lays that out in the width of the spec.
 * Repeated characters cost only what fits the buffer, so that a huge width
 * does no harm.
 */
#include "lib/format.h"

#include "lib/string.h"

#define NO_PRECISION (-1)
#define DIGITS_MAX   22 /* 64 bits in octal */

enum flag {
	FLAG_LEFT = 1 << 0,  /* - */
	FLAG_ZERO = 1 << 1,  /* 0 */
	FLAG_ALT = 1 << 2,   /* # */
	FLAG_PLUS = 1 << 3,  /* + */
	FLAG_SPACE = 1 << 4, /* blank */
};

struct output {
	char *buf;
	size_t room; /* bytes of buf without the final NUL */
	size_t len;  /* bytes so far, also those that did not fit */
};

/* One decoded conversion. */
struct spec {
	unsigned flags;
	int width;
	int precision; /* or NO_PRECISION */
	int arg_bytes; /* size of an integer argument */
	char conversion;
};

/* An argument as text, before it is padded. */
struct piece {
	const char *prefix; /* sign or base, or "" */
	size_t zeros;       /* between prefix and text */
	const char *text;   /* `len` bytes, no NUL */
	size_t len;
};

/* A va_list that can be handed on by address on every ABI. */
struct arguments {
	va_list list;
};

/* How many of `count` more bytes the buffer can take. */
static size_t fitting(const struct output *out, size_t count)
{
	return out->len < out->room ? MIN(count, out->room - out->len) : 0;
}

static void put_text(struct output *out, const char *text, size_t len)
{
	size_t kept = fitting(out, len);

	if (kept != 0) {
		memcpy(out->buf + out->len, text, kept);
	}
	out->len += len;
}

static void put_repeat(struct output *out, char c, size_t count)
{
	size_t kept = fitting(out, count);

	if (kept != 0) {
		memset(out->buf + out->len, c, kept);
	}
	out->len += count;
}

static void put_piece(struct output *out, const struct spec *spec,
		      const struct piece *piece)
{
	size_t prefix_len = strlen(piece->prefix);
	size_t filled = prefix_len + piece->zeros + piece->len;
	size_t width = (size_t)spec->width;
	size_t pad = width > filled ? width - filled : 0;

	if (!(spec->flags & FLAG_LEFT)) {
		put_repeat(out, ' ', pad);
	}
	put_text(out, piece->prefix, prefix_len);
	put_repeat(out, '0', piece->zeros);
	put_text(out, piece->text, piece->len);
	if (spec->flags & FLAG_LEFT) {
		put_repeat(out, ' ', pad);
	}
}

/* Writes the digits of `value` so that they end at `end`; none for 0. */
static char *digits_before(char *end, u64 value, unsigned base, bool upper)
{
	const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";

	while (value != 0) {
		*--end = digits[value % base];
		value /= base;
	}
	return end;
}

/* How many zeros stand before `digits` digits: precision, or the 0 flag. */
static size_t leading_zeros(const struct spec *spec, size_t prefix,
			    size_t digits)
{
	size_t wanted = 1; /* a lone 0 has no digit of its own */

	if (spec->precision != NO_PRECISION) {
		wanted = (size_t)spec->precision;
	} else if ((spec->flags & (FLAG_ZERO | FLAG_LEFT)) == FLAG_ZERO &&
		   (size_t)spec->width > prefix) {
		wanted = MAX((size_t)spec->width - prefix, wanted);
	}
	return wanted > digits ? wanted - digits : 0;
}

static void put_number(struct output *out, const struct spec *spec,
		       const char *prefix, u64 value, unsigned base)
{
	char buf[DIGITS_MAX];
	char *end = buf + sizeof(buf);
	char *text = digits_before(end, value, base, spec->conversion == 'X');
	struct piece piece = {
		.prefix = prefix,
		.text = text,
		.len = (size_t)(end - text),
	};

	piece.zeros = leading_zeros(spec, strlen(prefix), piece.len);
	if (base == 8 && (spec->flags & FLAG_ALT) && piece.zeros == 0) {
		piece.zeros = 1;
	}
	put_piece(out, spec, &piece);
}

/* The next integer argument at its size, extended to 64 bits. */
static u64 take_integer(const struct spec *spec, struct arguments *args)
{
	bool is_signed = spec->conversion == 'd' || spec->conversion == 'i';
	int unused_bits = 64 - 8 * spec->arg_bytes;
	u64 raw;

	if (spec->arg_bytes == (int)sizeof(u64)) {
		raw = va_arg(args->list, u64);
	} else {
		raw = va_arg(args->list, unsigned);
	}
	raw <<= unused_bits;
	return is_signed ? (u64)((s64)raw >> unused_bits) : raw >> unused_bits;
}

static void put_signed(struct output *out, const struct spec *spec, s64 value)
{
	if (value < 0) {
		put_number(out, spec, "-", 0 - (u64)value, 10);
	} else if (spec->flags & FLAG_PLUS) {
		put_number(out, spec, "+", (u64)value, 10);
	} else if (spec->flags & FLAG_SPACE) {
		put_number(out, spec, " ", (u64)value, 10);
	} else {
		put_number(out, spec, "", (u64)value, 10);
	}
}

static void put_hex(struct output *out, const struct spec *spec, u64 value)
{
	if (!(spec->flags & FLAG_ALT) || value == 0) {
		put_number(out, spec, "", value, 16);
	} else if (spec->conversion == 'X') {
		put_number(out, spec, "0X", value, 16);
	} else {
		put_number(out, spec, "0x", value, 16);
	}
}

static void put_bytes(struct output *out, const struct spec *spec,
		      const char *text, size_t len)
{
	put_piece(out, spec,
		  &(struct piece){ .prefix = "", .text = text, .len = len });
}

static void put_string(struct output *out, const struct spec *spec,
		       const char *s)
{
	size_t max = SIZE_MAX;

	if (spec->precision != NO_PRECISION) {
		max = (size_t)spec->precision;
	}
	if (s == NULL) {
		s = "(null)";
	}
	put_bytes(out, spec, s, strnlen(s, max));
}

/* Writes one conversion; false if there is none of that letter. */
static bool put_conversion(struct output *out, const struct spec *spec,
			   struct arguments *args)
{
	char c;

	switch (spec->conversion) {
	case 'd':
	case 'i': put_signed(out, spec, (s64)take_integer(spec, args)); break;
	case 'u':
		put_number(out, spec, "", take_integer(spec, args), 10);
		break;
	case 'o': put_number(out, spec, "", take_integer(spec, args), 8); break;
	case 'x':
	case 'X': put_hex(out, spec, take_integer(spec, args)); break;
	case 'p':
		put_number(out, spec, "0x",
			   (uintptr_t)va_arg(args->list, void *), 16);
		break;
	case 's': put_string(out, spec, va_arg(args->list, char *)); break;
	case 'c':
		c = (char)va_arg(args->list, int);
		put_bytes(out, spec, &c, 1);
		break;
	case '%': put_text(out, "%", 1); break;
	default: return false;
	}
	return true;
}

static unsigned flag_of(char c)
{
	switch (c) {
	case '-': return FLAG_LEFT;
	case '0': return FLAG_ZERO;
	case '#': return FLAG_ALT;
	case '+': return FLAG_PLUS;
	case ' ': return FLAG_SPACE;
	default: return 0;
	}
}

/* Digits or a `*`; stops at INT32_MAX, and only `*` can be negative. */
static int read_count(const char **at, struct arguments *args)
{
	s64 count = 0;

	if (**at == '*') {
		(*at)++;
		return va_arg(args->list, int);
	}
	for (; **at >= '0' && **at <= '9'; (*at)++) {
		count = MIN(count * 10 + (**at - '0'), INT32_MAX);
	}
	return (int)count;
}

/* The size of an integer argument after its length letters. */
static int read_arg_bytes(const char **at)
{
	const char *start = *at;

	switch (*start) {
	case 'h':
		*at += start[1] == 'h' ? 2 : 1;
		return start[1] == 'h' ? sizeof(char) : sizeof(short);
	case 'l': *at += start[1] == 'l' ? 2 : 1; return sizeof(long);
	case 'z': (*at)++; return sizeof(size_t);
	default: return sizeof(int);
	}
}

static_assert(sizeof(long) == sizeof(long long), "l and ll are one length");

/* Decodes what follows a `%`; returns behind its letter, or at the NUL. */
static const char *read_spec(const char *at, struct spec *spec,
			     struct arguments *args)
{
	*spec = (struct spec){ .precision = NO_PRECISION };
	for (; flag_of(*at) != 0; at++) {
		spec->flags |= flag_of(*at);
	}
	spec->width = read_count(&at, args);
	if (spec->width < 0) {
		spec->flags |= FLAG_LEFT;
		spec->width =
			spec->width == INT32_MIN ? INT32_MAX : -spec->width;
	}
	if (*at == '.') {
		at++;
		spec->precision = read_count(&at, args);
		if (spec->precision < 0) {
			spec->precision = NO_PRECISION;
		}
	}
	spec->arg_bytes = read_arg_bytes(&at);
	spec->conversion = *at;
	return *at != '\0' ? at + 1 : at;
}

static void put_all(struct output *out, const char *fmt, struct arguments *args)
{
	struct spec spec;

	while (*fmt != '\0') {
		const char *percent = fmt;

		while (*percent != '\0' && *percent != '%') {
			percent++;
		}
		put_text(out, fmt, (size_t)(percent - fmt));
		if (*percent == '\0') {
			return;
		}
		fmt = read_spec(percent + 1, &spec, args);
		if (!put_conversion(out, &spec, args)) {
			put_text(out, percent, (size_t)(fmt - percent));
		}
	}
}

int format_v(char *buf, size_t size_bytes, const char *fmt, va_list args)
{
	struct output out = {
		.buf = buf,
		.room = size_bytes != 0 ? size_bytes - 1 : 0,
	};
	struct arguments copy;

	va_copy(copy.list, args);
	put_all(&out, fmt, &copy);
	va_end(copy.list);
	if (size_bytes != 0) {
		buf[MIN(out.len, out.room)] = '\0';
	}
	return (int)MIN(out.len, (size_t)INT32_MAX);
}

int format(char *buf, size_t size_bytes, const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = format_v(buf, size_bytes, fmt, args);
	va_end(args);
	return len;
}
