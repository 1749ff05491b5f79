/* SPDX-License-Identifier: MIT */
/*
 * What is done to names: opening, making, removing, moving, with the rights
 * that it takes.  Paths are given as struct path with their text; these
 * functions walk them.
 */
#ifndef EXO_FS_NAMES_H
#define EXO_FS_NAMES_H

#include "fs/file.h"
#include "fs/path.h"

/* Where a walk begins: the context, and the directory (a reference). */
struct place {
	struct fs_context *context;
	struct vnode *start; /* the walk takes the reference; NULL: see there */
};

/*
 * Opens by flags and mode of open(2); with FILE_CREATE it makes the file.
 * Errors: those of open(2).  Context of all: thread, may sleep.
 */
must_check int names_open(struct path *p, struct place place, u32 flags,
			  u32 mode, struct file **out);

/* O_TMPFILE: a file without a name in the file system of a directory. */
must_check int names_open_nameless(struct path *p, struct place place,
				   u32 flags, u32 mode, struct file **out);

/*
 * Makes a new name: `make` has type, permissions (the mask is applied here),
 * number or target.  Then p->vnode is what was made.  Errors: -EEXIST, -EACCES,
 * -ENOSPC and those of walks.
 */
must_check int names_make(struct path *p, struct place place,
			  struct vnode_make *make);

/* Removes a name: of a directory if `directory`, else of anything else. */
must_check int names_remove(struct path *p, struct place place, bool directory);

/*
 * May `r` take the name of `v` out of the directory?  Context: what remove() of
 * struct vnode_ops has locked; it does not sleep.
 */
must_check int names_may_remove(const struct vnode *dir, const struct vnode *v,
				const struct vnode_remove *r);

/* Gives `target` a further name. */
must_check int names_link(struct path *p, struct place place,
			  struct vnode *target);

/* Moves a name; flags as in struct vnode_rename. */
must_check int names_rename(struct path *from, struct place from_place,
			    struct path *to, struct place to_place,
			    bool no_replace, bool exchange);

#endif
