/* SPDX-License-Identifier: MIT */
/*
 * ramfs: the entries of directories, for fs/ramfs_dir.c and fs/ramfs_rename.c;
 * all of it under ramfs->names (I2).
 *
 * A directory is a tree of entries by the hash of their names, the upper half
 * of a key.  Its lower half is 0, or for a name whose hash was taken another
 * hash, with a secret: so who picks names of one hash on purpose gains nothing.
 * An entry's key is its place for readers of the directory too: it stays while
 * the entry is there, whatever else comes and goes.
 */
#ifndef EXO_FS_RAMFS_ENTRY_H
#define EXO_FS_RAMFS_ENTRY_H

#include "fs/ramfs_private.h"
#include "mm/kmem.h"

/* What tmpfs of Linux says. */
#define RAMFS_ENTRY_BYTES 20

/* At most eight bytes of a name as a number; `len` > 0 bytes are left. */
static inline u64 ramfs_part_word(const char *text, u32 len)
{
	u32 first, last;
	u64 word;

	if (len >= sizeof(word)) {
		__builtin_memcpy(&word, text, sizeof(word));
		return word;
	}
	if (len < sizeof(first)) {
		return (u64)(u8)text[0] << 16 | (u64)(u8)text[len / 2] << 8 |
		       (u8)text[len - 1];
	}
	__builtin_memcpy(&first, text, sizeof(first));
	__builtin_memcpy(&last, text + len - sizeof(last), sizeof(last));
	return (u64)last << 32 | first;
}

/* Keys begin above the cookies of "." and "..", and fit into 63 bits. */
static inline u64 ramfs_name_key(struct name name)
{
	return (name.hash >> 33 | 1) << 32;
}

/* Two long names of one length. */
bool ramfs_text_is(struct name name, struct name other);

/* The hash of eight bytes at most says all; up to 16, so do both ends. */
static inline bool ramfs_name_is(const struct name *name,
				 const struct name *other)
{
	u32 len = name->len, end = len - (u32)sizeof(u64);

	if (name->hash != other->hash || len != other->len) {
		return false;
	}
	if (len <= sizeof(u64)) {
		return true;
	}
	if (len > 2 * sizeof(u64)) {
		return ramfs_text_is(*name, *other);
	}
	return ramfs_part_word(name->text, len) ==
		       ramfs_part_word(other->text, len) &&
	       ramfs_part_word(name->text + end, sizeof(u64)) ==
		       ramfs_part_word(other->text + end, sizeof(u64));
}

static inline struct ramfs_entry *ramfs_entry_of(struct tree_node *link)
{
	return link ? container_of(link, struct ramfs_entry, link) : NULL;
}

/* The entry with that key, or NULL: tree_find(), in line. */
static inline struct ramfs_entry *ramfs_entry_at(const struct ramfs_node *dir,
						 u64 key)
{
	struct tree_node *link = dir->dir.entries.root;

	while (link != NULL && link->key != key) {
		link = link->child[key > link->key];
	}
	return ramfs_entry_of(link);
}

/* By the second key. */
struct ramfs_entry *ramfs_entry_find_more(const struct ramfs_node *dir,
					  struct name name);

/* The entry of that name, or NULL. */
static always_inline struct ramfs_entry *
ramfs_entry_find(const struct ramfs_node *dir, struct name name)
{
	struct ramfs_entry *e = ramfs_entry_at(dir, ramfs_name_key(name));

	if (e != NULL && likely(ramfs_name_is(&e->name, &name))) {
		return e;
	}
	return unlikely(dir->dir.crowded) ? ramfs_entry_find_more(dir, name)
					  : NULL;
}

/*
 * Puts an entry in.  Errors: -EEXIST, -ENOSPC if two names have all bits of
 * their keys in common.
 */
must_check int ramfs_entry_link(struct ramfs_node *dir, struct ramfs_entry *e);

/* An entry that is in no directory, the name copied or where it lies; NULL. */
must_check struct ramfs_entry *
ramfs_entry_alloc(struct ramfs *fs, struct name name, bool in_place);

/* NULL is allowed. */
static inline void ramfs_entry_free(struct ramfs *fs, struct ramfs_entry *e)
{
	if (e != NULL) {
		kfree(e);
		ramfs_uncharge(&fs->things, 1);
	}
}

static inline void ramfs_dir_changed(struct ramfs_node *dir, s64 size_change,
				     s64 now)
{
	dir->v.size_bytes += (u64)(size_change * RAMFS_ENTRY_BYTES);
	dir->v.mtime_ns = dir->v.ctime_ns = now;
}

/* The entry becomes a name of `node`, whose reference it takes. */
static inline void ramfs_entry_set(struct ramfs_entry *e,
				   struct ramfs_node *node, s64 now)
{
	e->node = node;
	node->entry = e;
	node->v.ctime_ns = now;
	if (vnode_is(&node->v, MODE_DIRECTORY) && node->dir.parent != e->dir) {
		e->dir->v.nlink++;
		vnode_get(&e->dir->v);
		node->dir.parent = e->dir;
	}
}

/* Takes the entry out; its reference to the node is the caller's. */
void ramfs_entry_take(struct ramfs_entry *e);

/* The node lost a name: a directory its last. */
static inline void ramfs_unlinked(struct ramfs_node *node)
{
	if (vnode_is(&node->v, MODE_DIRECTORY)) {
		node->dir.parent->v.nlink--;
		node->dir.removed = true;
		node->v.nlink = 0;
	} else {
		node->v.nlink--;
	}
}

/* It is no directory, or an empty one. */
static inline bool ramfs_may_go(const struct ramfs_node *node)
{
	return !vnode_is(&node->v, MODE_DIRECTORY) ||
	       tree_first(&node->dir.entries) == NULL;
}

#endif
