/* SPDX-License-Identifier: MIT */
/*
 * Reading numbers and words from text that nobody vouches for.  On failure
 * `*out` is left as it was.
 */
#ifndef EXO_LIB_PARSE_H
#define EXO_LIB_PARSE_H

#include "lib/types.h"

/*
 * Reads all of `text[0..len)` as an unsigned number: decimal, 0x hexadecimal
 * or 0 octal.  Errors: -EINVAL if it is empty or holds another character,
 * -ERANGE if it does not fit.
 */
must_check int parse_u64(const char *text, size_t len_bytes, u64 *out);

/*
 * As parse_u64 with K, M or G (of either case) allowed behind it: powers of
 * 1024.
 */
must_check int parse_size(const char *text, size_t len_bytes, u64 *out);

/* Exactly `len_bytes` (1 to 16) hexadecimal digits.  Errors: -EINVAL. */
must_check int parse_hex(const char *text, size_t len_bytes, u64 *out);

/*
 * Takes the next word of a command line.  Words are parted by blanks; double
 * quotes group as on Linux and are removed (a="b c" is one word: a=b c);
 * without a partner they group to the end of the line.  A word of nothing but
 * quotes is passed over.
 * `*cursor` moves behind the word; it is copied with its NUL into `buf`.
 * Returns the word's length, 0 at the end of the line, -ERANGE if it does
 * not fit into size_bytes (the cursor has moved on).
 */
must_check int parse_word(const char **cursor, char *buf, size_t size_bytes);

#endif
