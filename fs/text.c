/* SPDX-License-Identifier: MIT */
/*
 * Growing text.
 */
#include "fs/text.h"

#include "lib/errno.h"
#include "lib/format.h"
#include "lib/string.h"
#include "mm/kmem.h"

#define FIRST_BYTES 512u
#define MAX_BYTES   (1u << 20)

/* Makes room for `more` bytes and a NUL; false if there is none. */
static bool grow(struct text *t, size_t more)
{
	size_t size = MAX(t->size_bytes, (size_t)FIRST_BYTES);
	char *buf;

	while (size - t->len_bytes <= more) {
		size *= 2;
	}
	if (size == t->size_bytes) {
		return true;
	}
	buf = size <= MAX_BYTES ? kmalloc(size) : NULL;
	if (buf == NULL) {
		t->err = -ENOMEM;
		return false;
	}
	if (t->len_bytes > 0) {
		memcpy(buf, t->buf, t->len_bytes);
	}
	kfree(t->buf);
	t->buf = buf;
	t->size_bytes = size;
	return true;
}

void text_add(struct text *t, const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = format_v(NULL, 0, fmt, args);
	va_end(args);
	if (!grow(t, (size_t)len)) {
		return;
	}
	va_start(args, fmt);
	format_v(t->buf + t->len_bytes, (size_t)len + 1, fmt, args);
	va_end(args);
	t->len_bytes += (size_t)len;
}

void text_add_escaped(struct text *t, const char *s)
{
	for (; *s != '\0'; s++) {
		bool plain =
			*s != ' ' && *s != '\t' && *s != '\n' && *s != '\\';

		text_add(t, plain ? "%c" : "\\%03o", *s);
	}
}

void text_free(struct text *t)
{
	kfree(t->buf);
}
