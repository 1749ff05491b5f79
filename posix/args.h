/* SPDX-License-Identifier: MIT */
/*
 * The arguments and environment of a program that is being started.  They are
 * collected in frames of their own, which become the top of its stack as they
 * are.
 */
#ifndef EXO_POSIX_ARGS_H
#define EXO_POSIX_ARGS_H

#include "lib/types.h"
#include "mm/aspace.h"

/* Strings and pointers to them together, and a string alone. */
#define ARGS_BYTES_MAX        (PAGE_SIZE / sizeof(phys_t) * PAGE_SIZE)
#define ARGS_STRING_BYTES_MAX (128ul << 10)

/*
 * Where the strings begin in the first frame: below is room for what the
 * program finds below them, and for the first things that it puts there.
 */
#define ARGS_FIRST_BYTES (PAGE_SIZE / 2)

struct args {
	phys_t *frames; /* room for ARGS_BYTES_MAX / PAGE_SIZE of them */
	u32 frame_count;
	u32 argc;      /* the first strings */
	u32 envc;      /* those behind them */
	u64 len_bytes; /* used, ARGS_FIRST_BYTES included */
};

/* No strings. Errors: -ENOMEM. */
must_check int args_create(struct args *args);

/* Frees what args_map() has not given away. */
void args_destroy(struct args *args);

/* Adds bytes; their offset is in `*at`.  Errors: -E2BIG, -ENOMEM. */
must_check int args_add(struct args *args, const void *bytes, size_t len_bytes,
			u64 *at);

/* Adds a string with its NUL. Errors: as args_add(). */
must_check int args_add_string(struct args *args, const char *string);

/*
 * Adds the strings of a vector of the running program, but for the first
 * `skip`, and counts them in `*count`.  NULL is an empty vector.
 * Errors: as args_add(), -EFAULT.
 */
must_check int args_add_user(struct args *args, uaddr_t vector, u32 skip,
			     u32 *count);

/* The length of the string at an offset, with its NUL. */
u64 args_string_bytes(const struct args *args, u64 at);

/*
 * Puts the frames into the space so that they end at `top`, a page's border,
 * and tells where they begin: the strings do ARGS_FIRST_BYTES above.  Context:
 * nobody else uses the space. Errors: -ENOMEM.
 */
must_check int args_map(struct args *args, struct aspace *aspace, u64 top,
			u64 *base);

#endif
