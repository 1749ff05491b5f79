/* SPDX-License-Identifier: MIT */
/*
 * The file system of made-up files.  Vnodes are made by each look-up and live
 * while they are used; each holds a reference to its directory.
 */
#include "fs/procfs.h"

#include "arch/user.h"
#include "fs/file.h"
#include "fs/mount.h"
#include "fs/path.h"
#include "lib/errno.h"
#include "lib/format.h"
#include "lib/parse.h"
#include "lib/string.h"
#include "mm/kmem.h"

/* What one write takes. */
#define WRITE_BYTES_MAX 256

/* Cookies of a directory: its table, then its numbers. */
#define COOKIE_TABLE   2u
#define COOKIE_NUMBERS 0x10000u

#define NUMBER_DIGITS  10

struct proc_node {
	struct vnode v;
	struct vnode *parent; /* with a reference; NULL: the root */
	const struct proc_entry *entry;
	u64 key;
	bool numbered; /* its name is the key's lower half */
};

static const struct vnode_ops dir_ops, link_ops, magic_ops, file_vnode_ops,
	nameless_ops;
static const struct proc_entry *root_entry;

static struct proc_node *node_of(struct vnode *v)
{
	return container_of(v, struct proc_node, v);
}

static u64 ino_of(const struct proc_entry *entry, u64 key)
{
	return (((u64)entry >> 3) * 31 + key * 0x9e3779b97f4a7c15ull) >> 16;
}

static const struct vnode_ops *ops_of(const struct proc_entry *entry)
{
	if ((entry->mode & MODE_TYPE) == MODE_DIRECTORY) {
		return &dir_ops;
	}
	if (entry->open != NULL) {
		return &nameless_ops;
	}
	if (entry->readlink == NULL) {
		return &file_vnode_ops;
	}
	return entry->follow ? &magic_ops : &link_ops;
}

static int node_make(struct fs *fs, struct vnode *parent,
		     const struct proc_entry *entry, u64 key, bool numbered,
		     struct vnode **out)
{
	struct proc_node *node = kzalloc(sizeof(*node));
	bool dir = (entry->mode & MODE_TYPE) == MODE_DIRECTORY;

	if (node == NULL) {
		return -ENOMEM;
	}
	vnode_init(&node->v, fs, ops_of(entry), entry->mode);
	node->v.ino = ino_of(entry, key);
	node->v.nlink = dir ? 2 : 1;
	node->v.uid = parent ? parent->uid : 0;
	node->v.gid = parent ? parent->gid : 0;
	node->parent = parent ? vnode_get(parent) : NULL;
	node->entry = entry;
	node->key = key;
	node->numbered = numbered;
	*out = &node->v;
	return 0;
}

static struct vnode *node_destroy(struct vnode *v)
{
	struct proc_node *node = node_of(v);
	struct vnode *parent = node->parent;

	kfree(node);
	return parent;
}

/* The key of number `n` below a directory. */
static u64 key_below(const struct proc_node *dir, u64 n)
{
	return dir->key << 32 | n;
}

static int numbered_make(struct proc_node *dir, u64 key, struct vnode **out)
{
	const struct proc_numbers *numbers = dir->entry->numbers;
	int err = node_make(dir->v.fs, &dir->v, numbers->entry, key, true, out);

	if (err == 0 && numbers->owner != NULL) {
		struct cred owner = numbers->owner(key);

		(*out)->uid = owner.uid;
		(*out)->gid = owner.gid;
	}
	return err;
}

static int lookup_number(struct proc_node *dir, struct name name,
			 struct vnode **out)
{
	const struct proc_numbers *numbers = dir->entry->numbers;
	u64 n;

	if (numbers == NULL || name.len > NUMBER_DIGITS ||
	    (name.text[0] == '0' && name.len > 1) ||
	    parse_u64(name.text, name.len, &n) != 0 || n > UINT32_MAX ||
	    numbers->next(dir->key, n) != (s64)n) {
		return -ENOENT;
	}
	return numbered_make(dir, key_below(dir, n), out);
}

static int dir_lookup(struct vnode *v, struct name name, struct vnode **out)
{
	struct proc_node *dir = node_of(v);
	const struct proc_entry *e = dir->entry->children;

	for (; e != NULL && e->name != NULL; e++) {
		if (e->name[0] == name.text[0] && strlen(e->name) == name.len &&
		    memcmp(e->name, name.text, name.len) == 0) {
			return node_make(v->fs, v, e, dir->key, false, out);
		}
	}
	return lookup_number(dir, name, out);
}

static int node_parent(struct vnode *v, struct vnode **out, char *name)
{
	const struct proc_node *node = node_of(v);

	if (name != NULL && node->numbered) {
		format(name, NAME_BYTES_MAX + 1, "%u", (u32)node->key);
	} else if (name != NULL) {
		string_copy(name, node->entry->name, NAME_BYTES_MAX + 1);
	}
	*out = vnode_get(node->parent ? node->parent : v);
	return 0;
}

static void list_numbers(const struct proc_node *dir, u64 *cookie,
			 struct dir_sink *sink)
{
	const struct proc_numbers *numbers = dir->entry->numbers;
	s64 n = numbers->next(dir->key, *cookie - COOKIE_NUMBERS);

	while (n >= 0) {
		char digits[NUMBER_DIGITS + 1];
		u64 next = COOKIE_NUMBERS + (u64)n + 1;
		struct name name = { digits, 0, 0 };

		name.len = (u32)format(digits, sizeof(digits), "%u", (u32)n);
		if (!sink->entry(sink, name,
				 ino_of(numbers->entry, key_below(dir, (u64)n)),
				 numbers->entry->mode, next)) {
			return;
		}
		*cookie = next;
		n = numbers->next(dir->key, (u64)n + 1);
	}
}

static int dir_list(struct vnode *v, u64 *cookie, struct dir_sink *sink)
{
	const struct proc_node *dir = node_of(v);
	const struct proc_entry *e = dir->entry->children;
	u64 at = COOKIE_TABLE;

	for (; e != NULL && e->name != NULL; e++, at++) {
		struct name name = { e->name, (u32)strlen(e->name), 0 };

		if (at < *cookie) {
			continue;
		}
		if (!sink->entry(sink, name, ino_of(e, dir->key), e->mode,
				 at + 1)) {
			return 0;
		}
		*cookie = at + 1;
	}
	if (dir->entry->numbers != NULL) {
		*cookie = MAX(*cookie, (u64)COOKIE_NUMBERS);
		list_numbers(dir, cookie, sink);
	}
	return 0;
}

static const struct vnode_ops dir_ops = {
	.lookup = dir_lookup,
	.parent = node_parent,
	.list = dir_list,
	.destroy = node_destroy,
	.file_ops = &directory_file_ops,
};

/* Where a process is and what it has open is for its user alone. */
static bool is_hidden(const struct proc_node *node)
{
	return node->entry->follow != NULL && !vnode_owned(&node->v);
}

static long link_readlink(struct vnode *v, char *buf, size_t size_bytes)
{
	const struct proc_node *node = node_of(v);

	if (is_hidden(node)) {
		return -EACCES;
	}
	return node->entry->readlink(node->key, buf, size_bytes);
}

static int link_follow(struct vnode *v, struct vnode **out)
{
	const struct proc_node *node = node_of(v);
	const struct proc_entry *nameless = node->entry->nameless;
	int err =
		is_hidden(node) ? -EACCES : node->entry->follow(node->key, out);

	if (err != -ENXIO || nameless == NULL) {
		return err;
	}
	return node_make(v->fs, node->parent, nameless, node->key, true, out);
}

static int nameless_open(struct vnode *v, struct file *file)
{
	const struct proc_node *node = node_of(v);

	return node->entry->open(node->key, file);
}

/* Shells open for writing with O_TRUNC. */
static int text_truncate(struct vnode *v, u64 size_bytes)
{
	(void)v;
	(void)size_bytes;
	return 0;
}

static const struct vnode_ops nameless_ops = {
	.open = nameless_open,
	.truncate = text_truncate,
	.parent = node_parent,
	.destroy = node_destroy,
};

static const struct vnode_ops link_ops = {
	.readlink = link_readlink,
	.parent = node_parent,
	.destroy = node_destroy,
};

static const struct vnode_ops magic_ops = {
	.readlink = link_readlink,
	.follow = link_follow,
	.parent = node_parent,
	.destroy = node_destroy,
};

/* Makes the text anew for a reader at the start. The file's mutex is held. */
static int text_make(struct file *file)
{
	const struct proc_node *node = node_of(file->vnode);
	struct text *text = file->data;

	if (text == NULL) {
		text = kzalloc(sizeof(*text));
		if (text == NULL) {
			return -ENOMEM;
		}
		file->data = text;
	}
	text->len_bytes = 0;
	text->err = 0;
	return node->entry->show(text, node->key);
}

static long text_read(struct file *file, uaddr_t dst, size_t len_bytes, u64 at)
{
	const struct text *text;
	size_t len;
	int err = 0;

	if (node_of(file->vnode)->entry->show == NULL) {
		return -EACCES;
	}
	WITH_MUTEX (&file->vnode->mutex) {
		if (at == 0 || file->data == NULL) {
			err = text_make(file);
		}
		text = file->data;
		if (err == 0) {
			err = text->err;
		}
		if (err || at >= text->len_bytes) {
			return err;
		}
		len = MIN(len_bytes, text->len_bytes - at);
		if (copy_to_user(dst, text->buf + at, len) != 0) {
			return -EFAULT;
		}
		return (long)len;
	}
	return 0;
}

static long text_write(struct file *file, uaddr_t src, size_t len_bytes,
		       u64 *at)
{
	const struct proc_node *node = node_of(file->vnode);
	char bytes[WRITE_BYTES_MAX];
	size_t len = MIN(len_bytes, sizeof(bytes));
	long result;

	if (node->entry->write == NULL) {
		return -EIO;
	}
	if (copy_from_user(bytes, src, len) != 0) {
		return -EFAULT;
	}
	result = node->entry->write(node->key, bytes, len);
	if (result > 0) {
		*at += (u64)result;
	}
	return result;
}

static void text_close(struct file *file)
{
	if (file->data != NULL) {
		text_free(file->data);
		kfree(file->data);
	}
}

static const struct file_ops text_file_ops = {
	.read_at = text_read,
	.write_at = text_write,
	.close = text_close,
};

static const struct vnode_ops file_vnode_ops = {
	.parent = node_parent,
	.truncate = text_truncate,
	.destroy = node_destroy,
	.file_ops = &text_file_ops,
};

static int procfs_create(const struct fs_type *type, const char *data,
			 struct fs **out)
{
	struct fs *fs = kzalloc(sizeof(*fs));
	int err;

	(void)data;
	if (fs == NULL) {
		return -ENOMEM;
	}
	fs_init(fs, type);
	err = node_make(fs, NULL, root_entry, 0, false, &fs->root);
	if (err) {
		kfree(fs);
		return err;
	}
	*out = fs;
	return 0;
}

static void procfs_usage(struct fs *fs, struct fs_usage *out)
{
	(void)fs;
	*out = (struct fs_usage){ 0 };
}

static void procfs_detach(struct fs *fs)
{
	vnode_put(fs->root);
}

static void procfs_destroy(struct fs *fs)
{
	kfree(fs);
}

int procfs_init(const struct proc_entry *root)
{
	static const struct fs_type type = {
		.name = "proc",
		.magic = 0x9fa0,
		.nodev = true,
		.single = true,
		.create = procfs_create,
		.usage = procfs_usage,
		.detach = procfs_detach,
		.destroy = procfs_destroy,
	};
	struct vnode *where;
	int err;

	root_entry = root;
	fs_type_add(&type);
	err = path_lookup("/proc", &where);
	if (err) {
		return err == -ENOENT ? 0 : err; /* an archive without it */
	}
	err = fs_mount("proc", "proc", "", where, "/proc", 0);
	vnode_put(where);
	return err;
}
