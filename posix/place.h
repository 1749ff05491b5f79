/* SPDX-License-Identifier: MIT */
/*
 * Paths as system calls give them: a directory's descriptor and a text.
 */
#ifndef EXO_POSIX_PLACE_H
#define EXO_POSIX_PLACE_H

#include "fs/names.h"
#include "fs/path.h"
#include "posix/process.h"

/*
 * Takes the text and finds where its walk begins; for the file system's
 * functions that walk themselves.  Errors: -EBADF, -ENOTDIR and those of
 * path_from_user().  Whatever it returns, path_end() is due.
 */
must_check int place_from_user(struct path *p, int dirfd, uaddr_t text,
			       struct place *out);

/* As place_start() for a path that is not absolute. */
must_check int place_start_relative(int dirfd, struct place *out);

/* As place_from_user() for a text that was taken already. */
must_check static inline int place_start(const struct path *p, int dirfd,
					 struct place *out)
{
	out->context = process_current()->fs;
	out->start = NULL;
	/* An absolute path begins elsewhere, and the descriptor is not read. */
	return likely(p->rest[0] == '/') ? 0 : place_start_relative(dirfd, out);
}

/* The same and the walk: p->vnode is there. `flags`: enum path_flags. */
must_check int place_walk(struct path *p, int dirfd, uaddr_t text,
			  unsigned flags);

/* Walk flags of the AT_ flags of a call; AT_SYMLINK_FOLLOW is not looked at. */
unsigned place_flags(u64 at_flags);

#endif
