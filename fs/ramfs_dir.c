/* SPDX-License-Identifier: MIT */
/*
 * ramfs: names.  A directory is a tree of entries by the hash of their names,
 * the upper half of a key.  Its lower half is 0, or for a name whose hash was
 * taken another hash, with a secret: so who picks names of one hash on purpose
 * gains nothing.  An entry's key is its place for readers of the directory
 * too: it stays while the entry is there, whatever else comes and goes.
 */
#include "fs/names.h"
#include "fs/path_cache.h"
#include "fs/ramfs_private.h"
#include "kernel/random.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/kmem.h"

/* What tmpfs of Linux says. */
#define ENTRY_SIZE_BYTES 20

static u64 secret; /* [I] of all directories */

void ramfs_dir_init(void)
{
	random_bytes(&secret, sizeof(secret));
}

/* At most eight bytes of a name as a number; `len` > 0 bytes are left. */
static inline u64 part_word(const char *text, u32 len)
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
static inline u64 name_key(struct name name)
{
	return (name.hash >> 33 | 1) << 32;
}

/* The key of a name whose first one is another name's. */
static noinline u64 name_key_more(struct name name)
{
	u64 hash = secret;

	for (u32 at = 0; at < name.len; at += sizeof(u64)) {
		unsigned __int128 product =
			(unsigned __int128)(hash ^ part_word(name.text + at,
							     name.len - at)) *
			(secret | 1);

		hash = (u64)product ^ (u64)(product >> 64);
	}
	return name_key(name) | (u32)hash | 1;
}

/* Two long names of one length. */
static noinline bool text_is(struct name name, struct name other)
{
	for (u32 at = 0; at < name.len; at += sizeof(u64)) {
		if (part_word(name.text + at, name.len - at) !=
		    part_word(other.text + at, name.len - at)) {
			return false;
		}
	}
	return true;
}

/* The hash of eight bytes at most says all; up to 16, so do both ends. */
static inline bool name_is(const struct name *name, const struct name *other)
{
	u32 len = name->len, end = len - (u32)sizeof(u64);

	if (name->hash != other->hash || len != other->len) {
		return false;
	}
	if (len <= sizeof(u64)) {
		return true;
	}
	if (len > 2 * sizeof(u64)) {
		return text_is(*name, *other);
	}
	return part_word(name->text, len) == part_word(other->text, len) &&
	       part_word(name->text + end, sizeof(u64)) ==
		       part_word(other->text + end, sizeof(u64));
}

static struct ramfs_entry *entry_of(struct tree_node *link)
{
	return link ? container_of(link, struct ramfs_entry, link) : NULL;
}

/* The entry with that key, or NULL: tree_find(), in line. */
static inline struct ramfs_entry *entry_at(const struct ramfs_node *dir,
					   u64 key)
{
	struct tree_node *link = dir->dir.entries.root;

	while (link != NULL && link->key != key) {
		link = link->child[key > link->key];
	}
	return entry_of(link);
}

/* By the second key. */
static noinline struct ramfs_entry *
entry_find_more(const struct ramfs_node *dir, struct name name)
{
	struct ramfs_entry *e = entry_at(dir, name_key_more(name));

	return e != NULL && name_is(&e->name, &name) ? e : NULL;
}

static always_inline struct ramfs_entry *
entry_find(const struct ramfs_node *dir, struct name name)
{
	struct ramfs_entry *e = entry_at(dir, name_key(name));

	if (e != NULL && likely(name_is(&e->name, &name))) {
		return e;
	}
	return unlikely(dir->dir.crowded) ? entry_find_more(dir, name) : NULL;
}

/* With the name's second key, as its first is taken. */
static noinline int entry_link_more(struct ramfs_node *dir,
				    struct ramfs_entry *e)
{
	if (entry_find(dir, e->name) != NULL) {
		return -EEXIST;
	}
	dir->dir.crowded = true;
	e->link.key = name_key_more(e->name);
	return tree_insert(&dir->dir.entries, &e->link) ? 0 : -ENOSPC;
}

/*
 * Puts an entry in.  Errors: -EEXIST, -ENOSPC if two names have all bits of
 * their keys in common.
 */
static int entry_link(struct ramfs_node *dir, struct ramfs_entry *e)
{
	e->dir = dir;
	e->link.key = name_key(e->name);
	if (unlikely(dir->dir.crowded) && entry_find(dir, e->name) != NULL) {
		return -EEXIST;
	}
	return likely(tree_insert(&dir->dir.entries, &e->link))
		       ? 0
		       : entry_link_more(dir, e);
}

/* Memory for an entry that is in no directory. */
static struct ramfs_entry *entry_alloc(struct ramfs *fs, struct name name,
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

static void entry_free(struct ramfs *fs, struct ramfs_entry *e)
{
	if (e != NULL) {
		kfree(e);
		ramfs_uncharge(&fs->things, 1);
	}
}

static void dir_changed(struct ramfs_node *dir, s64 size_change, s64 now)
{
	dir->v.size_bytes += (u64)(size_change * ENTRY_SIZE_BYTES);
	dir->v.mtime_ns = dir->v.ctime_ns = now;
}

/* The entry becomes a name of `node`, whose reference it takes. */
static void entry_set(struct ramfs_entry *e, struct ramfs_node *node, s64 now)
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

static int entry_insert(struct ramfs_node *dir, struct ramfs_entry *e,
			struct ramfs_node *node, s64 now)
{
	int err;

	if (dir->dir.removed) {
		return -ENOENT;
	}
	err = entry_link(dir, e);
	if (err == 0) {
		entry_set(e, node, now);
		dir_changed(dir, 1, now);
	}
	return err;
}

/* Takes the entry out; its reference to the node is the caller's. */
static void entry_take(struct ramfs_entry *e)
{
	struct ramfs_node *node = e->node;
	s64 now = vnode_now();

	tree_remove(&e->dir->dir.entries, &e->link);
	dir_changed(e->dir, -1, now);
	node->v.ctime_ns = now;
	if (node->entry == e) {
		node->entry = NULL;
	}
}

/* The node lost a name: a directory its last. */
static void unlinked(struct ramfs_node *node)
{
	if (vnode_is(&node->v, MODE_DIRECTORY)) {
		node->dir.parent->v.nlink--;
		node->dir.removed = true;
		node->v.nlink = 0;
	} else {
		node->v.nlink--;
	}
}

static int dir_lookup(struct vnode *dir, struct name name, struct vnode **out)
{
	WITH_MUTEX (&ramfs_of(dir)->names) {
		const struct ramfs_entry *e = entry_find(ramfs_node(dir), name);

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
	struct ramfs_entry *e = entry_alloc(fs, name, in_place);
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
		entry_free(fs, e);
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

static bool may_go(const struct ramfs_node *node)
{
	return !vnode_is(&node->v, MODE_DIRECTORY) ||
	       tree_first(&node->dir.entries) == NULL;
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
	return err == 0 && !may_go(e->node) ? -ENOTEMPTY : err;
}

static int dir_remove(struct vnode *dir, const struct vnode_remove *r)
{
	struct ramfs *fs = ramfs_of(dir);
	struct ramfs_entry *e = NULL;
	struct ramfs_node *node = NULL;
	bool known = false;

	WITH_MUTEX (&fs->names) {
		int err;

		e = entry_find(ramfs_node(dir), r->name);
		err = remove_check(dir, e, r);
		if (err) {
			return err;
		}
		node = e->node;
		entry_take(e);
		unlinked(node);
		known = node->v.looked_up;
	}
	if (known || vnode_is(&node->v, MODE_DIRECTORY)) {
		path_forget(vnode_is(&node->v, MODE_DIRECTORY));
	}
	entry_free(fs, e);
	vnode_put(&node->v);
	return 0;
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
	return may_go(over) ? 0 : -ENOTEMPTY;
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
	entry_set(e, node, vnode_now());
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
	struct ramfs_entry *from = entry_find(ramfs_node(r->from_dir), r->from);
	struct ramfs_entry *to = entry_find(ramfs_node(r->to_dir), r->to);
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
		err = entry_link(ramfs_node(r->to_dir), spare);
		if (err) {
			return err;
		}
		dir_changed(spare->dir, 1, vnode_now());
		to = spare;
	} else {
		unlinked(to->node);
		if (to->node->entry == to) {
			to->node->entry = NULL;
		}
		doing->put[1] = &to->node->v;
		entry_free(ramfs_of(r->to_dir), spare);
	}
	doing->old = from;
	entry_take(from);
	entry_move_node(to, from->node, &doing->put[0]);
	return 0;
}

static int dir_rename(const struct vnode_rename *r)
{
	struct ramfs *fs = ramfs_of(r->to_dir);
	struct ramfs_entry *spare = entry_alloc(fs, r->to, false);
	struct renaming doing = { NULL, { NULL, NULL } };
	int err = 0;

	if (spare == NULL) {
		return -ENOSPC;
	}
	WITH_MUTEX (&fs->names) {
		err = rename_locked(r, spare, &doing);
	}
	path_forget(true);
	entry_free(fs, doing.old);
	vnode_put(doing.put[0]);
	vnode_put(doing.put[1]);
	return err;
}

static int dir_list(struct vnode *dir, u64 *cookie, struct dir_sink *sink)
{
	WITH_MUTEX (&ramfs_of(dir)->names) {
		struct ramfs_entry *e = entry_of(
			tree_find_ge(&ramfs_node(dir)->dir.entries, *cookie));

		for (; e != NULL; e = entry_of(tree_next(&e->link))) {
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
	struct ramfs_entry *e = entry_of(tree_first(&dir->dir.entries));

	while (e != NULL && !may_go(e->node)) {
		e = entry_of(tree_first(&e->node->dir.entries));
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
			entry_take(e);
			unlinked(e->node);
		}
		entry_free(fs, e);
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
	.rename = dir_rename,
	.list = dir_list,
	.destroy = ramfs_node_destroy,
	.file_ops = &directory_file_ops,
	.names_keep = true,
};
