/* SPDX-License-Identifier: MIT */
/*
 * ramfs: names that move, and names that change places.
 */
#include "fs/path_cache.h"
#include "fs/ramfs_entry.h"
#include "lib/errno.h"

/* A directory has left its parent; that reference is the caller's. */
static struct vnode *parent_leave(struct ramfs_node *node)
{
	struct ramfs_node *parent = node->dir.parent;

	if (!vnode_is(&node->v, MODE_DIRECTORY)) {
		return NULL;
	}
	parent->v.nlink--;
	return &parent->v;
}

/* `dir` is `node` or lies below it. */
static bool is_below(const struct ramfs_node *dir,
		     const struct ramfs_node *node)
{
	while (dir != node && dir->dir.parent != dir) {
		dir = dir->dir.parent;
	}
	return dir == node;
}

/* May `node` take the place of `over`?  Both exist. */
static int replace_allowed(const struct ramfs_node *node,
			   const struct ramfs_node *over)
{
	bool node_dir = vnode_is(&node->v, MODE_DIRECTORY);
	bool over_dir = vnode_is(&over->v, MODE_DIRECTORY);

	if (node_dir != over_dir) {
		return node_dir ? -ENOTDIR : -EISDIR;
	}
	return ramfs_may_go(over) ? 0 : -ENOTEMPTY;
}

/* A rename under way: what is to be dropped when the names are free again. */
struct renaming {
	struct ramfs_entry *old; /* an entry that is gone */
	struct vnode *put[2];
};

/* `e`, which named something else, becomes a name of `node`. */
static void entry_move_node(struct ramfs_entry *e, struct ramfs_node *node,
			    struct vnode **put)
{
	if (vnode_is(&node->v, MODE_DIRECTORY) && node->dir.parent != e->dir) {
		*put = parent_leave(node);
	}
	ramfs_entry_set(e, node, vnode_now());
	vnode_changed(&e->dir->v);
}

static void exchange(struct ramfs_entry *from, struct ramfs_entry *to,
		     struct renaming *doing)
{
	struct ramfs_node *a = from->node, *b = to->node;

	entry_move_node(to, a, &doing->put[0]);
	entry_move_node(from, b, &doing->put[1]);
}

/* The checks that do not depend on flags.  1: nothing is to be done. */
static int rename_allowed(const struct vnode_rename *r,
			  const struct ramfs_entry *from,
			  const struct ramfs_entry *to)
{
	const struct ramfs_node *to_dir = ramfs_node(r->to_dir);

	if (from == NULL || (to == NULL && r->exchange) ||
	    to_dir->dir.removed) {
		return -ENOENT;
	}
	if (to != NULL && r->no_replace) {
		return -EEXIST;
	}
	if (vnode_is(&from->node->v, MODE_DIRECTORY) &&
	    is_below(to_dir, from->node)) {
		return -EINVAL;
	}
	if (to == NULL) {
		return 0;
	}
	if (to->node == from->node) {
		return 1;
	}
	if (!r->exchange) {
		return replace_allowed(from->node, to->node);
	}
	return vnode_is(&to->node->v, MODE_DIRECTORY) &&
			       is_below(ramfs_node(r->from_dir), to->node)
		       ? -EINVAL
		       : 0;
}

/* `spare` is an entry of the new name, used if there is none. */
static int rename_locked(const struct vnode_rename *r,
			 struct ramfs_entry *spare, struct renaming *doing)
{
	struct ramfs_entry *from =
		ramfs_entry_find(ramfs_node(r->from_dir), r->from);
	struct ramfs_entry *to = ramfs_entry_find(ramfs_node(r->to_dir), r->to);
	int err = rename_allowed(r, from, to);

	doing->old = spare;
	if (err) {
		return MIN(err, 0);
	}
	if (r->exchange) {
		exchange(from, to, doing);
		return 0;
	}
	if (to == NULL) {
		err = ramfs_entry_link(ramfs_node(r->to_dir), spare);
		if (err) {
			return err;
		}
		ramfs_dir_changed(spare->dir, 1, vnode_now());
		to = spare;
	} else {
		ramfs_unlinked(to->node);
		if (to->node->entry == to) {
			to->node->entry = NULL;
		}
		doing->put[1] = &to->node->v;
		ramfs_entry_free(ramfs_of(r->to_dir), spare);
	}
	doing->old = from;
	ramfs_entry_take(from);
	entry_move_node(to, from->node, &doing->put[0]);
	return 0;
}

int ramfs_rename(const struct vnode_rename *r)
{
	struct ramfs *fs = ramfs_of(r->to_dir);
	struct ramfs_entry *spare = ramfs_entry_alloc(fs, r->to, false);
	struct renaming doing = { NULL, { NULL, NULL } };
	int err = 0;

	if (spare == NULL) {
		return -ENOSPC;
	}
	WITH_MUTEX (&fs->names) {
		err = rename_locked(r, spare, &doing);
	}
	path_forget(true);
	ramfs_entry_free(fs, doing.old);
	vnode_put(doing.put[0]);
	vnode_put(doing.put[1]);
	return err;
}
