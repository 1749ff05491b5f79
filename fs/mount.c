/* SPDX-License-Identifier: MIT */
/*
 * The mount table.
 *
 * I1  A mounted file system has a reference from the table; fs->covered and
 *     vnode->mounted point at each other under `lock`.
 * I2  What is mounted never covers a mounted root: a second mount at one place
 *     goes onto the first.
 */
#include "fs/mount.h"

#include "fs/path_cache.h"
#include "kernel/spinlock.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/string.h"

#define TYPES_MAX 8

static struct {
	struct spinlock lock;                   /* LOCK_MOUNTS */
	struct list mounts;                     /* [lock] struct fs */
	const struct fs_type *types[TYPES_MAX]; /* [I] after the boot */
	u32 type_count;
	u32 next_device; /* [a] */
	struct fs *root; /* [I] after the boot */
} table = {
	.lock = SPINLOCK_INIT(LOCK_MOUNTS),
	.mounts = LIST_INIT(table.mounts),
};

void fs_init(struct fs *fs, const struct fs_type *type)
{
	fs->type = type;
	fs->refs = 1;
	fs->device =
		1 + __atomic_fetch_add(&table.next_device, 1, __ATOMIC_RELAXED);
	list_init(&fs->link);
}

struct fs *fs_get(struct fs *fs)
{
	__atomic_fetch_add(&fs->refs, 1, __ATOMIC_RELAXED);
	return fs;
}

void fs_put(struct fs *fs)
{
	if (__atomic_fetch_sub(&fs->refs, 1, __ATOMIC_ACQ_REL) == 1) {
		fs->type->destroy(fs);
	}
}

void fs_type_add(const struct fs_type *type)
{
	ASSERT(table.type_count < TYPES_MAX);
	table.types[table.type_count++] = type;
}

static const struct fs_type *type_find(const char *name)
{
	for (u32 i = 0; i < table.type_count; i++) {
		if (strcmp(table.types[i]->name, name) == 0) {
			return table.types[i];
		}
	}
	return NULL;
}

/* Puts it over `where`; false if something else covers it already. */
static bool attach(struct fs *fs, struct vnode *where)
{
	WITH_SPINLOCK (&table.lock) {
		if (where != NULL && where->mounted != NULL) {
			return false;
		}
		if (where != NULL) {
			where->mounted = fs;
			fs->covered = vnode_get(where);
		} else {
			table.root = fs;
		}
		list_push_back(&table.mounts, &fs->link);
	}
	path_forget(true);
	return true;
}

int fs_create(const char *type, struct fs **out)
{
	const struct fs_type *t = type_find(type);

	return t ? t->create(t, "", out) : -ENODEV;
}

int fs_mount(const char *type, const char *source, const char *data,
	     struct vnode *where, const char *path, unsigned flags)
{
	const struct fs_type *t = type_find(type);
	struct fs *fs;
	int err;

	if (t == NULL) {
		return -ENODEV;
	}
	if (where != NULL && !vnode_is(where, MODE_DIRECTORY)) {
		return -ENOTDIR;
	}
	if (where != NULL && t->single && where->fs->type == t &&
	    where->fs->root == where) {
		return -EBUSY;
	}
	err = t->create(t, data, &fs);
	if (err) {
		return err;
	}
	fs->flags = flags & FS_FLAGS;
	string_copy(fs->source, source, sizeof(fs->source));
	string_copy(fs->path, path, sizeof(fs->path));
	if (!attach(fs, where)) {
		t->detach(fs);
		fs_put(fs);
		return -EBUSY;
	}
	return 0;
}

/* Something is mounted inside. The lock is held. */
static bool has_mounts_locked(const struct fs *fs)
{
	list_for_each (at, &table.mounts) {
		const struct fs *other = list_entry(at, struct fs, link);

		if (other->covered != NULL && other->covered->fs == fs) {
			return true;
		}
	}
	return false;
}

int fs_unmount(struct vnode *root, bool lazy)
{
	struct fs *fs = root->fs;
	struct vnode *covered = NULL;

	WITH_SPINLOCK (&table.lock) {
		if (fs->root != root || fs->covered == NULL) {
			return -EINVAL;
		}
		if (has_mounts_locked(fs) ||
		    (!lazy && READ_ONCE(fs->users) > 0)) {
			return -EBUSY;
		}
		covered = fs->covered;
		covered->mounted = NULL;
		fs->covered = NULL;
		list_remove(&fs->link);
	}
	path_forget(true);
	vnode_put(covered);
	fs->type->detach(fs);
	fs_put(fs);
	return 0;
}

struct vnode *fs_cross(struct vnode *v)
{
	while (READ_ONCE(v->mounted) != NULL) {
		struct vnode *root = NULL;

		WITH_SPINLOCK (&table.lock) {
			if (v->mounted != NULL) {
				root = vnode_get(v->mounted->root);
			}
		}
		if (root == NULL) {
			break;
		}
		vnode_put(v);
		v = root;
	}
	return v;
}

struct vnode *fs_covered(struct fs *fs)
{
	WITH_SPINLOCK (&table.lock) {
		return fs->covered ? vnode_get(fs->covered) : NULL;
	}
	return NULL;
}

struct vnode *fs_root(void)
{
	return vnode_get(table.root->root);
}

void fs_for_each(bool (*fn)(struct fs *fs, void *ctx), void *ctx)
{
	WITH_SPINLOCK (&table.lock) {
		list_for_each (at, &table.mounts) {
			if (!fn(list_entry(at, struct fs, link), ctx)) {
				return;
			}
		}
	}
}

void fs_type_for_each(void (*fn)(const struct fs_type *type, void *ctx),
		      void *ctx)
{
	for (u32 i = 0; i < table.type_count; i++) {
		fn(table.types[i], ctx);
	}
}
