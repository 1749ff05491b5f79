/* SPDX-License-Identifier: MIT */
/*
 * ramfs: the entries of directories (fs/ramfs_entry.h).
 */
#include "fs/ramfs_entry.h"

#include "kernel/random.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/kmem.h"

static u64 secret; /* [I] of all directories */

void ramfs_dir_init(void)
{
	random_bytes(&secret, sizeof(secret));
}

/* The key of a name whose first one is another name's. */
static noinline u64 ramfs_name_key_more(struct name name)
{
	u64 hash = secret;

	for (u32 at = 0; at < name.len; at += sizeof(u64)) {
		unsigned __int128 product =
			(unsigned __int128)(hash ^
					    ramfs_part_word(name.text + at,
							    name.len - at)) *
			(secret | 1);

		hash = (u64)product ^ (u64)(product >> 64);
	}
	return ramfs_name_key(name) | (u32)hash | 1;
}

noinline bool ramfs_text_is(struct name name, struct name other)
{
	for (u32 at = 0; at < name.len; at += sizeof(u64)) {
		if (ramfs_part_word(name.text + at, name.len - at) !=
		    ramfs_part_word(other.text + at, name.len - at)) {
			return false;
		}
	}
	return true;
}

noinline struct ramfs_entry *ramfs_entry_find_more(const struct ramfs_node *dir,
						   struct name name)
{
	struct ramfs_entry *e = ramfs_entry_at(dir, ramfs_name_key_more(name));

	return e != NULL && ramfs_name_is(&e->name, &name) ? e : NULL;
}

/* With the name's second key, as its first is taken. */
static noinline int entry_link_more(struct ramfs_node *dir,
				    struct ramfs_entry *e)
{
	if (ramfs_entry_find(dir, e->name) != NULL) {
		return -EEXIST;
	}
	dir->dir.crowded = true;
	e->link.key = ramfs_name_key_more(e->name);
	return tree_insert(&dir->dir.entries, &e->link) ? 0 : -ENOSPC;
}

int ramfs_entry_link(struct ramfs_node *dir, struct ramfs_entry *e)
{
	e->dir = dir;
	e->link.key = ramfs_name_key(e->name);
	if (unlikely(dir->dir.crowded) &&
	    ramfs_entry_find(dir, e->name) != NULL) {
		return -EEXIST;
	}
	return likely(tree_insert(&dir->dir.entries, &e->link))
		       ? 0
		       : entry_link_more(dir, e);
}

struct ramfs_entry *ramfs_entry_alloc(struct ramfs *fs, struct name name,
				      bool in_place)
{
	struct ramfs_entry *e;

	if (ramfs_charge(fs, &fs->things, 1) != 0) {
		return NULL;
	}
	e = kmalloc(sizeof(*e) + (in_place ? 0 : name.len));
	if (e == NULL) {
		ramfs_uncharge(&fs->things, 1);
		return NULL;
	}
	e->name = name;
	if (!in_place) {
		memcpy(e + 1, name.text, name.len);
		e->name.text = (const char *)(e + 1);
	}
	return e;
}

void ramfs_entry_take(struct ramfs_entry *e)
{
	struct ramfs_node *node = e->node;
	s64 now = vnode_now();

	tree_remove(&e->dir->dir.entries, &e->link);
	ramfs_dir_changed(e->dir, -1, now);
	node->v.ctime_ns = now;
	if (node->entry == e) {
		node->entry = NULL;
	}
}
