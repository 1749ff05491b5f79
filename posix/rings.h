/* SPDX-License-Identifier: MIT */
/*
 * What the system calls on rings share.
 */
#ifndef EXO_POSIX_RINGS_H
#define EXO_POSIX_RINGS_H

#include "fs/ring_file.h"
#include "posix/descriptors.h"

/*
 * As handle_use() with that one right, for the end of that side of a ring:
 * ring_of(use->file).  Errors: -EPROTOTYPE for the other side, too.
 */
must_check int ring_use(u64 handle, u32 right, enum ring_side side,
			struct file_use *use);

/*
 * True if the running process may have so many pages more in its rings: no
 * more than its limit, or than half of the memory.  Context: thread.
 */
bool ring_pages_allowed(u64 pages);

#endif
