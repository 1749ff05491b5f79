/* SPDX-License-Identifier: MIT */
/*
 * printf-style formatting into a buffer.  Understands: %d %i %u %x %X %o %c
 * %s %p %%, the lengths hh h l ll z, the flags - 0 # + space, width and
 * precision (numbers or *).  No floating point.  %p writes 0x and the digits,
 * %s of NULL "(null)".  An unknown conversion is copied as it stands.
 */
#ifndef EXO_LIB_FORMAT_H
#define EXO_LIB_FORMAT_H

#include "lib/types.h"

/*
 * Formats into `buf` of `size_bytes` (0 allowed, then buf may be NULL), cuts
 * what does not fit and always ends with NUL.  Returns the whole length as if
 * there had been room, without the NUL (at most INT32_MAX).  Context: any.
 */
int format_v(char *buf, size_t size_bytes, const char *fmt, va_list args)
	printf_like(3, 0);

int format(char *buf, size_t size_bytes, const char *fmt, ...)
	printf_like(3, 4);

#endif
