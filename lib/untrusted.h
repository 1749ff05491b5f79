/* SPDX-License-Identifier: MIT */
/*
 * Vocabulary of the parsers of bytes that nobody vouches for: loads that
 * need no alignment, a range check that cannot wrap, and the one way to say
 * no.  Little-endian, as every format that we read.
 */
#ifndef EXO_LIB_UNTRUSTED_H
#define EXO_LIB_UNTRUSTED_H

#include "lib/errno.h"
#include "lib/types.h"

static inline u16 load_u16(const void *at)
{
	u16 value;

	__builtin_memcpy(&value, at, sizeof(value));
	return value;
}

static inline u32 load_u32(const void *at)
{
	u32 value;

	__builtin_memcpy(&value, at, sizeof(value));
	return value;
}

static inline u64 load_u64(const void *at)
{
	u64 value;

	__builtin_memcpy(&value, at, sizeof(value));
	return value;
}

/* True if [offset, offset + len) lies inside [0, size); never wraps. */
static inline bool range_inside(u64 offset, u64 len, u64 size)
{
	return offset <= size && len <= size - offset;
}

/* Leaves the reason in `*why` and gives the error for `return`. */
static inline int refuse(const char **why, const char *reason)
{
	*why = reason;
	return -EINVAL;
}

#endif
