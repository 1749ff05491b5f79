/* SPDX-License-Identifier: MIT */
/*
 * From a path to a vnode.
 */
#ifndef EXO_FS_PATH_H
#define EXO_FS_PATH_H

#include "fs/context.h"
#include "fs/vnode.h"
#include "lib/types.h"

/* With the NUL, as PATH_MAX. */
#define PATH_BYTES_MAX 4096

/* Symbolic links on the way before it counts as a loop. */
#define PATH_LINKS_MAX 40

/* Paths up to here need no memory of their own. */
#define PATH_NEAR_BYTES 128

/* What lies behind a text is read, but does not count. */
#define PATH_SLACK_BYTES 8

enum path_flags {
	PATH_NO_FOLLOW = 1, /* a link at the end is meant itself */
	PATH_PARENT = 2,    /* the last name is not looked up */
	PATH_REAL_USER = 4, /* search with the real user's rights */
	PATH_EMPTY = 8,     /* the empty path is where it begins */
};

/*
 * The text and, after path_walk(), what it leads to.  path_end() drops all.
 */
struct path {
	char *text; /* what is left of it lies at `rest` */
	char *rest;
	size_t size_bytes;   /* of `text` */
	u32 len;             /* of the text as it came */
	struct vnode *root;  /* reference: ".." ends there */
	struct vnode *vnode; /* reference: what it names, NULL: nothing */
	struct vnode *dir;   /* reference: where `last` stands; NULL: the root,
				or "." or ".." was the last part */
	struct name last;    /* in `text` */
	struct cred cred;    /* with whose rights it was walked */
	bool dot;            /* the last part was "." or ".." */
	bool slash;          /* it ended with a slash: a directory is meant */
	bool plain; /* what it found may be learned (fs/path_cache.h) */
	u8 links;   /* symbolic links so far */
	char near[PATH_NEAR_BYTES + PATH_SLACK_BYTES];
};

/*
 * Takes a path from user memory.  Errors: -EFAULT, -ENAMETOOLONG, -ENOMEM.
 * Whatever it returns, path_end() is due.
 */
must_check int path_from_user(struct path *p, uaddr_t text);

/* As path_from_user() for a path of the kernel's. */
must_check int path_from_kernel(struct path *p, const char *text);

/*
 * Walks from `start` (whose reference it takes) or, for an absolute path, from
 * the root of `context` (`start` may be NULL).  Searching takes the right to
 * execute directories. Errors: -ENOENT, -ENOTDIR, -EACCES, -ELOOP,
 * -ENAMETOOLONG, -ENOMEM.
 */
must_check int path_walk(struct path *p, struct fs_context *context,
			 struct vnode *start, unsigned flags);

/*
 * What a walk with PATH_PARENT left out, if p->vnode is NULL: looks the last
 * name up.  A link is followed unless PATH_NO_FOLLOW is in `flags`; then
 * p->vnode may be NULL again, and there is another last name to be looked up.
 * Errors: as path_walk(); -ENOENT, and p->vnode is NULL: p->dir does not have
 * p->last.
 */
must_check int path_last(struct path *p, unsigned flags);

/* Drops references and memory. Context: thread. */
void path_end(struct path *p);

/*
 * The vnode at an absolute path of the kernel's, with a reference; links are
 * followed.  Errors: as path_walk().
 */
must_check int path_lookup(const char *text, struct vnode **out);

/*
 * Writes the absolute path of a vnode as seen from the root of `context`, with
 * its NUL; returns its length without.  Errors: -ENOENT if it has no name any
 * more, -ERANGE.
 */
must_check long path_of(struct vnode *v, struct fs_context *context, char *buf,
			size_t size_bytes);

#endif
