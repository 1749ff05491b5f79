/* SPDX-License-Identifier: MIT */
/*
 * ramfs: directories: who looks a name up in them, makes one and removes it.
 */
#include "fs/names.h"
#include "fs/path_cache.h"
#include "fs/ramfs_entry.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/kmem.h"

static int entry_insert(struct ramfs_node *dir, struct ramfs_entry *e,
			struct ramfs_node *node, s64 now)
{
	int err;

	if (dir->dir.removed) {
		return -ENOENT;
	}
	err = ramfs_entry_link(dir, e);
	if (err == 0) {
		ramfs_entry_set(e, node, now);
		ramfs_dir_changed(dir, 1, now);
	}
	return err;
}

static int dir_lookup(struct vnode *dir, struct name name, struct vnode **out)
{
	WITH_MUTEX (&ramfs_of(dir)->names) {
		const struct ramfs_entry *e =
			ramfs_entry_find(ramfs_node(dir), name);

		if (e == NULL) {
			return -ENOENT;
		}
		e->node->v.looked_up = true;
		*out = vnode_get(&e->node->v);
	}
	return 0;
}

/* The parent of a removed directory is still there; its name is not. */
static int dir_parent(struct vnode *dir, struct vnode **out, char *name)
{
	const struct ramfs_node *node = ramfs_node(dir);

	WITH_MUTEX (&ramfs_of(dir)->names) {
		if (name != NULL) {
			const struct ramfs_entry *e = node->entry;

			if (e == NULL) {
				return -ENOENT;
			}
			memcpy(name, e->name.text, e->name.len);
			name[e->name.len] = '\0';
		}
		*out = vnode_get(&node->dir.parent->v);
	}
	return 0;
}

int ramfs_enter(struct vnode *dir, struct name name, bool in_place,
		struct ramfs_node *node)
{
	struct ramfs *fs = ramfs_of(dir);
	struct ramfs_entry *e = ramfs_entry_alloc(fs, name, in_place);
	/* A node without a name was made just now. */
	s64 now = node->v.nlink == 0 ? node->v.ctime_ns : vnode_now();
	int err = -ENOSPC;

	if (e == NULL) {
		return err;
	}
	WITH_MUTEX (&fs->names) {
		err = entry_insert(ramfs_node(dir), e, node, now);
		if (err == 0) {
			vnode_get(&node->v);
			node->v.nlink +=
				vnode_is(&node->v, MODE_DIRECTORY) ? 2 : 1;
		}
	}
	if (err) {
		ramfs_entry_free(fs, e);
	}
	return err;
}

static int target_copy(struct ramfs_node *node, struct name target)
{
	char *text = kmalloc(target.len + 1);

	if (text == NULL) {
		return -ENOMEM;
	}
	memcpy(text, target.text, target.len);
	node->target.text = text;
	node->v.size_bytes = target.len;
	return 0;
}

static int dir_create(struct vnode *dir, struct name name,
		      const struct vnode_make *make, struct vnode **out)
{
	struct ramfs_node *node;
	int err = ramfs_node_create(ramfs_of(dir), make, &node);

	if (err) {
		return err;
	}
	if (vnode_is(&node->v, MODE_SYMLINK)) {
		err = target_copy(node, make->target);
	}
	err = err ? err : ramfs_enter(dir, name, false, node);
	if (err) {
		vnode_put(&node->v);
		return err;
	}
	*out = &node->v;
	return 0;
}

int ramfs_create_static(struct vnode *dir, struct name name,
			const struct vnode_make *make, struct ramfs_bytes bytes,
			struct vnode **out)
{
	struct ramfs_node *node;
	int err = ramfs_node_create(ramfs_of(dir), make, &node);

	if (err) {
		return err;
	}
	if (vnode_is(&node->v, MODE_SYMLINK)) {
		node->target = (struct ramfs_link){ make->target.text, true };
		node->v.size_bytes = make->target.len;
	} else if (vnode_is(&node->v, MODE_REGULAR)) {
		node->file.archive = bytes.data;
		node->file.archive_bytes = bytes.len_bytes;
		node->v.size_bytes = bytes.len_bytes;
	}
	err = ramfs_enter(dir, name, true, node);
	if (err) {
		vnode_put(&node->v);
		return err;
	}
	*out = &node->v;
	return 0;
}

static int dir_link(struct vnode *dir, struct name name, struct vnode *target)
{
	struct ramfs_node *node = ramfs_node(target);
	bool *linkable =
		vnode_is(target, MODE_REGULAR) ? &node->file.linkable : NULL;
	int err;

	/* Its last name may just have gone. */
	if (READ_ONCE(target->nlink) == 0 &&
	    (linkable == NULL || !READ_ONCE(*linkable))) {
		return -ENOENT;
	}
	err = ramfs_enter(dir, name, false, node);
	if (err == 0 && linkable != NULL) {
		WRITE_ONCE(*linkable, false);
	}
	return err;
}

static int dir_create_nameless(struct vnode *dir, const struct vnode_make *make,
			       bool linkable, struct vnode **out)
{
	return ramfs_create_nameless(
		dir, make, linkable ? RAMFS_LINKABLE : RAMFS_NAMELESS, out);
}

/* The entry's name may go, as `r` wants it. */
static inline int remove_check(const struct vnode *dir,
			       const struct ramfs_entry *e,
			       const struct vnode_remove *r)
{
	const struct vnode *v = e != NULL ? &e->node->v : NULL;
	int err;

	if (v == NULL || (r->only != NULL && r->only != v)) {
		return -ENOENT;
	}
	err = r->only != NULL ? 0 : names_may_remove(dir, v, r);
	return err == 0 && !ramfs_may_go(e->node) ? -ENOTEMPTY : err;
}

static int dir_remove(struct vnode *dir, const struct vnode_remove *r)
{
	struct ramfs *fs = ramfs_of(dir);
	struct ramfs_entry *e = NULL;
	struct ramfs_node *node = NULL;
	bool known = false;

	WITH_MUTEX (&fs->names) {
		int err;

		e = ramfs_entry_find(ramfs_node(dir), r->name);
		err = remove_check(dir, e, r);
		if (err) {
			return err;
		}
		node = e->node;
		ramfs_entry_take(e);
		ramfs_unlinked(node);
		known = node->v.looked_up;
	}
	if (known || vnode_is(&node->v, MODE_DIRECTORY)) {
		path_forget(vnode_is(&node->v, MODE_DIRECTORY));
	}
	ramfs_entry_free(fs, e);
	vnode_put(&node->v);
	return 0;
}

static int dir_list(struct vnode *dir, u64 *cookie, struct dir_sink *sink)
{
	WITH_MUTEX (&ramfs_of(dir)->names) {
		struct ramfs_entry *e = ramfs_entry_of(
			tree_find_ge(&ramfs_node(dir)->dir.entries, *cookie));

		for (; e != NULL; e = ramfs_entry_of(tree_next(&e->link))) {
			const struct vnode *v = &e->node->v;

			if (!sink->entry(sink, e->name, v->ino, v->mode,
					 e->link.key + 1)) {
				break;
			}
			*cookie = e->link.key + 1;
		}
	}
	return 0;
}

/* A name of the deepest directory that is first on the way down. */
static struct ramfs_entry *deepest(struct ramfs_node *dir)
{
	struct ramfs_entry *e = ramfs_entry_of(tree_first(&dir->dir.entries));

	while (e != NULL && !ramfs_may_go(e->node)) {
		e = ramfs_entry_of(tree_first(&e->node->dir.entries));
	}
	return e;
}

void ramfs_clear(struct ramfs *fs)
{
	for (;;) {
		struct ramfs_entry *e = NULL;
		struct vnode *v = NULL;

		WITH_MUTEX (&fs->names) {
			e = deepest(ramfs_node(fs->fs.root));
			if (e == NULL) {
				/* Who is still there makes no new ones. */
				ramfs_node(fs->fs.root)->dir.removed = true;
				return;
			}
			v = &e->node->v;
			ramfs_entry_take(e);
			ramfs_unlinked(e->node);
		}
		ramfs_entry_free(fs, e);
		vnode_put(v);
	}
}

const struct vnode_ops ramfs_dir_ops = {
	.lookup = dir_lookup,
	.parent = dir_parent,
	.create = dir_create,
	.create_nameless = dir_create_nameless,
	.link = dir_link,
	.remove = dir_remove,
	.rename = ramfs_rename,
	.list = dir_list,
	.destroy = ramfs_node_destroy,
	.file_ops = &directory_file_ops,
	.names_keep = true,
};
