/* SPDX-License-Identifier: MIT */
/*
 * User memory, the only way to it.  The range is checked against user space,
 * and a fault that cannot be mended ends the copy (exception table).
 * Context: thread, may sleep (the access may fault a page in).
 */
#ifndef EXO_ARCH_USER_H
#define EXO_ARCH_USER_H

#include "arch/paging.h"
#include "lib/types.h"

/* Errors: -EFAULT; then some of the bytes may have been copied. */
must_check int copy_from_user(void *dst, uaddr_t src, size_t len_bytes);
must_check int copy_to_user(uaddr_t dst, const void *src, size_t len_bytes);
must_check int clear_user(uaddr_t dst, size_t len_bytes);

/*
 * Copies a string with its NUL.  Returns its length.  Errors: -EFAULT,
 * -ENAMETOOLONG if it has no end within size_bytes.
 */
must_check long copy_string_from_user(char *dst, uaddr_t src,
				      size_t size_bytes);

/*
 * An aligned word in one access; then the same, replaced by `new` if it is
 * `*old`, which becomes what was there.  Errors: -EFAULT.
 */
must_check int user_load(uaddr_t at, u32 *out);
must_check int user_compare_swap(uaddr_t at, u32 *old, u32 new);

/* True if [base, base + len) lies in user space. */
static inline bool user_range_ok(uaddr_t base, u64 len_bytes)
{
	return base.va <= USER_END && len_bytes <= USER_END - base.va;
}

#endif
