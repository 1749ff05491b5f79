/* SPDX-License-Identifier: MIT */
/*
 * The C standard's memory and string functions for a kernel that has no C
 * library; the compiler calls the first four of its own accord.  Host builds
 * do not link this file.
 *
 * A copy of up to two words is done with two loads and two stores that may
 * overlap each other.  A longer one moves whole words with `rep`, and one
 * more word that ends at the last byte stands for the tail.  All that a store
 * could overwrite is loaded before the first store, so the same code serves
 * memmove when it may go upward.
 *
 * The loops hide their pointer from the optimiser (OPAQUE): it would
 * otherwise see that a loop is, say, strlen, and call strlen.
 */
#include "lib/string.h"

#define WORD_BYTES      sizeof(u64)
#define WORD_REPEAT     0x0101010101010101ull /* times a byte: it fills a word */

#define OPAQUE(pointer) __asm__("" : "+r"(pointer))

/* Views of memory of any type and at any alignment. */
struct word {
	u64 value;
} packed __attribute__((may_alias));

struct half {
	u32 value;
} packed __attribute__((may_alias));

struct quarter {
	u16 value;
} packed __attribute__((may_alias));

static always_inline u64 load(const void *at)
{
	return ((const struct word *)at)->value;
}

static always_inline void store(void *at, u64 value)
{
	((struct word *)at)->value = value;
}

/* Copies fewer bytes than a word; the regions may overlap. */
static always_inline void copy_tiny(u8 *dst, const u8 *src, size_t len)
{
	if (len >= sizeof(struct half)) {
		size_t last = len - sizeof(struct half);
		u32 low = ((const struct half *)src)->value;
		u32 high = ((const struct half *)(src + last))->value;

		((struct half *)dst)->value = low;
		((struct half *)(dst + last))->value = high;
	} else if (len >= sizeof(struct quarter)) {
		size_t last = len - sizeof(struct quarter);
		u16 low = ((const struct quarter *)src)->value;
		u16 high = ((const struct quarter *)(src + last))->value;

		((struct quarter *)dst)->value = low;
		((struct quarter *)(dst + last))->value = high;
	} else if (len != 0) {
		*dst = *src;
	}
}

/* Copies at most two words; the regions may overlap. */
static always_inline void copy_small(u8 *dst, const u8 *src, size_t len)
{
	if (len < WORD_BYTES) {
		copy_tiny(dst, src, len);
		return;
	}

	u64 low = load(src);
	u64 high = load(src + len - WORD_BYTES);

	store(dst, low);
	store(dst + len - WORD_BYTES, high);
}

/* Copies at least a word upward; an overlapping `dst` lies below `src`. */
static always_inline void copy_up(u8 *dst, const u8 *src, size_t len)
{
	u64 tail = load(src + len - WORD_BYTES);
	u8 *tail_dst = dst + len - WORD_BYTES;
	size_t words = len / WORD_BYTES;

	__asm__ volatile("rep movsq"
			 : "+D"(dst), "+S"(src), "+c"(words)
			 :
			 : "memory");
	store(tail_dst, tail);
}

/*
 * Copies at least a word downward; an overlapping `dst` lies above `src`.
 * A loop and not `rep` with the direction flag: that is slow on processors,
 * and an interrupt would enter the kernel with the flag set.
 */
static void copy_down(u8 *dst, const u8 *src, size_t len)
{
	u64 head = load(src);
	size_t at = len;

	while (at >= WORD_BYTES) {
		at -= WORD_BYTES;
		OPAQUE(src);
		store(dst + at, load(src + at));
	}
	store(dst, head);
}

void *memcpy(void *restrict dst, const void *restrict src, size_t len_bytes)
{
	if (len_bytes <= 2 * WORD_BYTES) {
		copy_small(dst, src, len_bytes);
	} else {
		copy_up(dst, src, len_bytes);
	}
	return dst;
}

void *memmove(void *dst, const void *src, size_t len_bytes)
{
	/* Modulo 2^64 this is large for every dst below src. */
	uintptr_t distance = (uintptr_t)dst - (uintptr_t)src;

	if (len_bytes <= 2 * WORD_BYTES) {
		copy_small(dst, src, len_bytes);
	} else if (distance >= len_bytes) {
		copy_up(dst, src, len_bytes);
	} else {
		copy_down(dst, src, len_bytes);
	}
	return dst;
}

void *memset(void *dst, int byte, size_t len_bytes)
{
	u64 value = (u8)byte * WORD_REPEAT;
	u8 *at = dst;
	u8 *end = at + len_bytes;

	if (len_bytes < WORD_BYTES) {
		for (; at != end; at++) {
			OPAQUE(at);
			*at = (u8)byte;
		}
		return dst;
	}

	size_t words = len_bytes / WORD_BYTES;

	__asm__ volatile("rep stosq"
			 : "+D"(at), "+c"(words)
			 : "a"(value)
			 : "memory");
	store(end - WORD_BYTES, value);
	return dst;
}

int memcmp(const void *a, const void *b, size_t len_bytes)
{
	const u8 *left = a;
	const u8 *right = b;

	for (; len_bytes >= WORD_BYTES; len_bytes -= WORD_BYTES) {
		if (load(left) != load(right)) {
			break;
		}
		left += WORD_BYTES;
		right += WORD_BYTES;
	}
	for (; len_bytes != 0; len_bytes--) {
		OPAQUE(left);
		if (*left != *right) {
			return *left - *right;
		}
		left++;
		right++;
	}
	return 0;
}

size_t strlen(const char *s)
{
	const char *end = s;

	while (*end != '\0') {
		end++;
		OPAQUE(end);
	}
	return (size_t)(end - s);
}

size_t strnlen(const char *s, size_t max_bytes)
{
	size_t len = 0;

	while (len < max_bytes && s[len] != '\0') {
		len++;
	}
	return len;
}

int strcmp(const char *a, const char *b)
{
	while (*a != '\0' && *a == *b) {
		a++;
		b++;
	}
	return (u8)*a - (u8)*b;
}

int strncmp(const char *a, const char *b, size_t max_bytes)
{
	for (; max_bytes != 0; max_bytes--, a++, b++) {
		if (*a != *b || *a == '\0') {
			return (u8)*a - (u8)*b;
		}
	}
	return 0;
}

char *strchr(const char *s, int c)
{
	while (*s != (char)c) {
		if (*s == '\0') {
			return NULL;
		}
		s++;
		OPAQUE(s);
	}
	return (char *)s;
}
