/* SPDX-License-Identifier: MIT */
/*
 * The bounded string copy: the one function of lib/string.h that the C
 * library does not have, so kernel and host link it alike.
 */
#include "lib/string.h"

size_t string_copy(char *dst, const char *src, size_t size_bytes)
{
	size_t len = strlen(src);
	size_t kept = MIN(len, size_bytes - 1);

	memcpy(dst, src, kept);
	dst[kept] = '\0';
	return len;
}
