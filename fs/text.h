/* SPDX-License-Identifier: MIT */
/*
 * Text that grows as it is written: the contents of files made on demand.
 */
#ifndef EXO_FS_TEXT_H
#define EXO_FS_TEXT_H

#include "lib/types.h"

/* All zero: empty.  What does not fit into memory is left out: `err`. */
struct text {
	char *buf;
	size_t len_bytes;
	size_t size_bytes;
	int err; /* -ENOMEM */
};

/* Adds what format() writes. Context: thread. */
void text_add(struct text *t, const char *fmt, ...) printf_like(2, 3);

/* Adds a path with its blanks and backslashes as \040 and the like. */
void text_add_escaped(struct text *t, const char *s);

void text_free(struct text *t);

#endif
