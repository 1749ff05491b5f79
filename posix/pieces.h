/* SPDX-License-Identifier: MIT */
/*
 * Vectors of user memory, as readv() and sendmsg() name them.
 */
#ifndef EXO_POSIX_PIECES_H
#define EXO_POSIX_PIECES_H

#include "fs/file.h"

/*
 * Reads a vector; what one call does not move is cut off.  Returns the bytes in
 * all, which lie in user space.  Errors: -EFAULT, -EINVAL.
 */
must_check long pieces_read(struct file_piece *piece, uaddr_t from, u64 count);

#endif
