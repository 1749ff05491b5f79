/* SPDX-License-Identifier: MIT */
/*
 * Roots and working directories of processes.
 */
#include "fs/context.h"

#include "fs/mount.h"
#include "mm/kmem.h"

#define UMASK_FIRST 022

/* A directory in use keeps its file system from being unmounted. */
static struct vnode *use(struct vnode *dir)
{
	__atomic_fetch_add(&dir->fs->users, 1, __ATOMIC_RELAXED);
	return dir;
}

static void unuse(struct vnode *dir)
{
	__atomic_fetch_sub(&dir->fs->users, 1, __ATOMIC_RELAXED);
	vnode_put(dir);
}

/* Takes over the references to both directories. */
static struct fs_context *make(struct vnode *root, struct vnode *cwd, u32 umask)
{
	struct fs_context *c = kzalloc(sizeof(*c));

	if (c == NULL) {
		vnode_put(root);
		vnode_put(cwd);
		return NULL;
	}
	spin_init(&c->lock, LOCK_FS_CONTEXT);
	c->refs = 1;
	c->root = use(root);
	c->cwd = use(cwd);
	c->umask = umask;
	return c;
}

struct fs_context *fs_context_create(void)
{
	return make(fs_root(), fs_root(), UMASK_FIRST);
}

struct fs_context *fs_context_clone(struct fs_context *from)
{
	return make(fs_context_root(from), fs_context_cwd(from), from->umask);
}

struct fs_context *fs_context_get(struct fs_context *c)
{
	__atomic_fetch_add(&c->refs, 1, __ATOMIC_RELAXED);
	return c;
}

void fs_context_put(struct fs_context *c)
{
	if (__atomic_fetch_sub(&c->refs, 1, __ATOMIC_ACQ_REL) == 1) {
		unuse(c->root);
		unuse(c->cwd);
		kfree(c);
	}
}

struct vnode *fs_context_cwd(struct fs_context *c)
{
	WITH_SPINLOCK (&c->lock) {
		return vnode_get(c->cwd);
	}
	return NULL;
}

static void set(struct fs_context *c, struct vnode **which, struct vnode *dir)
{
	struct vnode *old = NULL;

	use(dir);
	WITH_SPINLOCK (&c->lock) {
		old = *which;
		*which = dir;
	}
	unuse(old);
}

void fs_context_set_root(struct fs_context *c, struct vnode *dir)
{
	set(c, &c->root, dir);
}

void fs_context_set_cwd(struct fs_context *c, struct vnode *dir)
{
	set(c, &c->cwd, dir);
}
