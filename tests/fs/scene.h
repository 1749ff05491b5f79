/* SPDX-License-Identifier: MIT */
/*
 * The scene of tests of names: a tmpfs over /mnt, and what is done there.
 */
#ifndef EXO_TESTS_FS_SCENE_H
#define EXO_TESTS_FS_SCENE_H

#include "fs/context.h"
#include "tests/holdings.h"

struct scene {
	struct fs_context *context;
	struct holdings before;
};

must_check bool scene_enter(struct scene *s);

/* True if nothing is held that was not held before. */
must_check bool scene_leave(struct scene *s);

/* A tmpfs comes and goes.  Errors of these: those of the system calls. */
must_check int scene_mount(const char *path);
must_check int scene_unmount(const char *path);

/* Makes a name; `target` is of links. */
must_check int scene_make(struct scene *s, const char *path, u32 mode,
			  const char *target);

/* The same; the new inode, which is greater than all before. */
must_check s64 scene_make_numbered(struct scene *s, const char *path, u32 mode,
				   const char *target);

must_check int scene_remove(struct scene *s, const char *path, bool directory);
must_check int scene_move(struct scene *s, const char *from, const char *to);

/* Is known where the path leads to? */
bool scene_knows(struct scene *s, const char *path);

#endif
