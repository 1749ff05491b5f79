/* SPDX-License-Identifier: MIT */
/*
 * Where absolute paths lead that were walked before: fs/path.c asks before it
 * walks, whoever changes what names mean says so.  The theory is in
 * fs/path_cache.c.
 */
#ifndef EXO_FS_PATH_CACHE_H
#define EXO_FS_PATH_CACHE_H

#include "fs/vnode.h"

/* What is behind a text is read, up to PATH_SLACK_BYTES (fs/path.h). */

/*
 * The vnode that the path leads to from that root, with a reference; NULL if it
 * is not known.  Context: thread, no lock held.
 */
struct vnode *path_known(const struct vnode *root, const char *text, u32 len);

/* What path_learn() wants of the time before the walk. */
u64 path_generation(void);

/*
 * A walk that began after path_generation() came to `v`, through directories
 * alone that everybody may search and whose names change by path_forget().
 * Context: as above; the caller has references to both.
 */
void path_learn(const struct vnode *root, const char *text, u32 len,
		struct vnode *v, u64 generation);

/*
 * A name has become another's or nobody's, a directory's if `directory`; or
 * who may search a directory has changed, or what covers it.  Call it when that
 * is done, and before the references of names are dropped.  Context: thread,
 * no spinlock held.
 */
void path_forget(bool directory);

#endif
