/* SPDX-License-Identifier: MIT */
/*
 * What a process's paths begin with: its root, its working directory and its
 * mask for the modes of new files.  Threads may share it; fork() copies it.
 */
#ifndef EXO_FS_CONTEXT_H
#define EXO_FS_CONTEXT_H

#include "fs/vnode.h"

struct fs_context {
	struct spinlock lock; /* LOCK_FS_CONTEXT */
	u32 refs;             /* [a] */
	u32 umask;            /* [a] */
	struct vnode *root;   /* [lock] */
	struct vnode *cwd;    /* [lock] */
};

/* One that begins at the root of all, with one reference; NULL: no memory. */
must_check struct fs_context *fs_context_create(void);

/* A copy with one reference; NULL: no memory. */
must_check struct fs_context *fs_context_clone(struct fs_context *from);

struct fs_context *fs_context_get(struct fs_context *c);

/* Context: thread, may sleep. */
void fs_context_put(struct fs_context *c);

/* The root or working directory, with a reference. */
static inline struct vnode *fs_context_root(struct fs_context *c)
{
	struct vnode *root = NULL;

	WITH_SPINLOCK (&c->lock) {
		root = vnode_get(c->root);
	}
	return root;
}

struct vnode *fs_context_cwd(struct fs_context *c);

/* Takes over the reference to the directory. */
void fs_context_set_root(struct fs_context *c, struct vnode *dir);
void fs_context_set_cwd(struct fs_context *c, struct vnode *dir);

/* Upward, defined by posix/: the running process's. */
struct fs_context *fs_context_current(void);

#endif
