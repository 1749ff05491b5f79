/* SPDX-License-Identifier: MIT */
/*
 * Builds the bytes of a sample (a boot tag, a table, a file) front to back,
 * little-endian, in a buffer of the test's.  More than fits breaks an ASSERT.
 */
#ifndef EXO_TESTS_SAMPLE_H
#define EXO_TESTS_SAMPLE_H

#include "lib/assert.h"
#include "lib/string.h"

struct sample {
	u8 *bytes;
	size_t room_bytes;
	size_t len_bytes;
};

#define SAMPLE(array)                                         \
	{                                                     \
		.bytes = (array), .room_bytes = sizeof(array) \
	}

static inline void sample_bytes(struct sample *s, const void *from, size_t len)
{
	ASSERT(len <= s->room_bytes - s->len_bytes);
	memcpy(s->bytes + s->len_bytes, from, len);
	s->len_bytes += len;
}

static inline void sample_u8(struct sample *s, u8 value)
{
	sample_bytes(s, &value, sizeof(value));
}

static inline void sample_u16(struct sample *s, u16 value)
{
	sample_bytes(s, &value, sizeof(value));
}

static inline void sample_u32(struct sample *s, u32 value)
{
	sample_bytes(s, &value, sizeof(value));
}

static inline void sample_u64(struct sample *s, u64 value)
{
	sample_bytes(s, &value, sizeof(value));
}

/* The text with its NUL. */
static inline void sample_string(struct sample *s, const char *text)
{
	sample_bytes(s, text, strlen(text) + 1);
}

/* Zeros up to the offset `at`. */
static inline void sample_zeros_to(struct sample *s, size_t at)
{
	while (s->len_bytes < at) {
		sample_u8(s, 0);
	}
}

/* Zeros up to the next multiple of `alignment`. */
static inline void sample_align(struct sample *s, size_t alignment)
{
	sample_zeros_to(s, ALIGN_UP(s->len_bytes, alignment));
}

/* Writes over what stands at `at`. */
static inline void sample_patch_u32(struct sample *s, size_t at, u32 value)
{
	ASSERT(at + sizeof(value) <= s->len_bytes);
	memcpy(s->bytes + at, &value, sizeof(value));
}

static inline void sample_patch_u64(struct sample *s, size_t at, u64 value)
{
	ASSERT(at + sizeof(value) <= s->len_bytes);
	memcpy(s->bytes + at, &value, sizeof(value));
}

#endif
