/* SPDX-License-Identifier: MIT */
/*
 * Error numbers, from the one list in lib/errno.def.  Kernel functions that
 * can fail return 0 or a negated number from here.
 */
#ifndef EXO_LIB_ERRNO_H
#define EXO_LIB_ERRNO_H

enum errno_number {
#define ERRNO(name, number, text) name = number,
#include "lib/errno.def"
#undef ERRNO
};

/* "ENOENT" for 2 and for -2; "E?" for a number not in the list. */
const char *errno_name(int error);

#endif
