/* SPDX-License-Identifier: MIT */
/*
 * Memory and string functions with their C standard meaning.  Freestanding
 * builds take them from lib/string.c (memcpy and memset move 8 bytes a `rep`
 * step: on an emulator one step costs the same whatever its width); host
 * builds take the C library's.
 */
#ifndef EXO_LIB_STRING_H
#define EXO_LIB_STRING_H

#include "lib/types.h"

#ifdef EXO_HOST
#include <string.h>
#else
void *memcpy(void *restrict dst, const void *restrict src, size_t len_bytes);
void *memmove(void *dst, const void *src, size_t len_bytes);
void *memset(void *dst, int byte, size_t len_bytes);
int memcmp(const void *a, const void *b, size_t len_bytes);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max_bytes);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t max_bytes);
char *strchr(const char *s, int c);
#endif

/*
 * Copies `src` with its end into `dst` of `size_bytes` (> 0), cut if it must
 * be.  Returns the length of `src`, so that a return >= size tells of a cut.
 */
size_t string_copy(char *dst, const char *src, size_t size_bytes);

#endif
