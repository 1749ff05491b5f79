/* SPDX-License-Identifier: MIT */
/*
 * ramfs: the file system, its nodes and their end.
 */
#include "fs/ramfs.h"

#include "fs/device.h"
#include "fs/path_cache.h"
#include "fs/ramfs_private.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/parse.h"
#include "lib/string.h"
#include "mm/frame.h"
#include "mm/kmem.h"

static struct kmem_cache *node_cache;

int ramfs_charge(struct ramfs *fs, u64 *count, u64 more)
{
	if (__atomic_add_fetch(count, more, __ATOMIC_RELAXED) > fs->pages_max) {
		ramfs_uncharge(count, more);
		return -ENOSPC;
	}
	return 0;
}

void ramfs_uncharge(u64 *count, u64 less)
{
	__atomic_fetch_sub(count, less, __ATOMIC_RELAXED);
}

static const struct vnode_ops *ops_of(u32 mode)
{
	switch (mode & MODE_TYPE) {
	case MODE_DIRECTORY: return &ramfs_dir_ops;
	case MODE_REGULAR: return &ramfs_file_ops;
	case MODE_SYMLINK: return &ramfs_link_ops;
	default: return &ramfs_special_ops;
	}
}

int ramfs_node_create(struct ramfs *fs, const struct vnode_make *make,
		      struct ramfs_node **out)
{
	struct ramfs_node *node;
	int err = ramfs_charge(fs, &fs->things, 1);

	if (err) {
		return err;
	}
	node = kmem_cache_alloc(node_cache);
	if (node == NULL) {
		ramfs_uncharge(&fs->things, 1);
		return -ENOMEM;
	}
	memset(node, 0, sizeof(*node));
	vnode_init(&node->v, &fs->fs, ops_of(make->mode), make->mode);
	node->v.uid = make->uid;
	node->v.gid = make->gid;
	node->v.rdev = make->rdev;
	node->v.ino = __atomic_add_fetch(&fs->next_ino, 1, __ATOMIC_RELAXED);
	if (vnode_is(&node->v, MODE_DIRECTORY)) {
		node->dir.parent = node;
	} else if (vnode_is(&node->v, MODE_REGULAR)) {
		spin_init(&node->file.lock, LOCK_FILE_PAGES);
	}
	*out = node;
	return 0;
}

int ramfs_create_nameless(struct vnode *near, const struct vnode_make *make,
			  enum ramfs_nameless kind, struct vnode **out)
{
	struct ramfs_node *node;
	int err = ramfs_node_create(ramfs_of(near), make, &node);

	if (err == 0) {
		node->file.memfd = kind >= RAMFS_MEMFD;
		node->file.seals = kind == RAMFS_MEMFD ? RAMFS_SEAL_SEAL : 0;
		node->file.linkable = kind == RAMFS_LINKABLE;
		*out = &node->v;
	}
	return err;
}

static void target_free(const struct ramfs_link *target)
{
	if (!target->in_place) {
		kfree((void *)target->text);
	}
}

struct vnode *ramfs_node_destroy(struct vnode *v)
{
	struct ramfs_node *node = ramfs_node(v);
	struct ramfs *fs = ramfs_of(v);
	struct vnode *parent = NULL;

	switch (v->mode & MODE_TYPE) {
	case MODE_DIRECTORY:
		parent = node->dir.parent == node ? NULL : &node->dir.parent->v;
		path_forget(true);
		break;
	case MODE_REGULAR:
		/* Nobody else knows it: most have nothing to drop. */
		if (node->file.first != 0 || node->file.chunks.root != NULL) {
			ramfs_drop_pages(node, 0);
		}
		break;
	case MODE_SYMLINK: target_free(&node->target); break;
	}
	kmem_cache_free(node_cache, node);
	ramfs_uncharge(&fs->things, 1);
	return parent;
}

static long link_read(struct vnode *link, char *buf, size_t size_bytes)
{
	size_t len = MIN(size_bytes, link->size_bytes);

	memcpy(buf, ramfs_node(link)->target.text, len);
	return (long)len;
}

/* The directory of one of its names. */
int ramfs_node_parent(struct vnode *v, struct vnode **out, char *name)
{
	WITH_MUTEX (&ramfs_of(v)->names) {
		const struct ramfs_entry *e = ramfs_node(v)->entry;

		if (e == NULL) {
			return -ENOENT;
		}
		memcpy(name, e->name.text, e->name.len);
		name[e->name.len] = '\0';
		*out = vnode_get(&e->dir->v);
	}
	return 0;
}

const struct vnode_ops ramfs_link_ops = {
	.readlink = link_read,
	.parent = ramfs_node_parent,
	.destroy = ramfs_node_destroy,
};

const struct vnode_ops ramfs_special_ops = {
	.open = device_open,
	.parent = ramfs_node_parent,
	.destroy = ramfs_node_destroy,
};

/* "size=1M,mode=1777"; half of memory if no size is told. */
static int option_apply(struct ramfs *fs, const char *text, size_t len,
			u32 *mode)
{
	u64 value = 0;

	if (len > 5 && strncmp(text, "size=", 5) == 0) {
		int err = parse_size(text + 5, len - 5, &value);

		fs->pages_max = DIV_ROUND_UP(value, PAGE_SIZE);
		return err;
	}
	if (len <= 5 || strncmp(text, "mode=", 5) != 0) {
		return -EINVAL;
	}
	for (size_t i = 5; i < len; i++) {
		if (text[i] < '0' || text[i] > '7') {
			return -EINVAL;
		}
		value = value << 3 | (u64)(text[i] - '0');
	}
	*mode = value & MODE_PERMISSIONS;
	return 0;
}

static int options_apply(struct ramfs *fs, const char *data, u32 *mode)
{
	while (*data != '\0') {
		const char *end = strchr(data, ',');
		size_t len = end ? (size_t)(end - data) : strlen(data);
		int err = option_apply(fs, data, len, mode);

		if (err) {
			return err;
		}
		data += len + (end != NULL);
	}
	return 0;
}

static int ramfs_create(const struct fs_type *type, const char *data,
			struct fs **out)
{
	struct vnode_make make = { .mode = MODE_DIRECTORY };
	struct ramfs *fs = kzalloc(sizeof(*fs));
	u32 mode = strcmp(type->name, "tmpfs") == 0 ? 01777 : 0755;
	struct ramfs_node *root;
	int err = -ENOMEM;

	if (fs == NULL) {
		return err;
	}
	fs_init(&fs->fs, type);
	mutex_init(&fs->names, LOCK_NAMES);
	fs->pages_max = frame_stats().total / 2;
	err = options_apply(fs, data, &mode);
	make.mode |= mode;
	err = err ? err : ramfs_node_create(fs, &make, &root);
	if (err) {
		kfree(fs);
		return err;
	}
	root->v.nlink = 2;
	fs->fs.root = &root->v;
	*out = &fs->fs;
	return 0;
}

static int devtmpfs_create(const struct fs_type *type, const char *data,
			   struct fs **out)
{
	int err = ramfs_create(type, data, out);

	if (err == 0) {
		err = devfs_fill((*out)->root);
		if (err) {
			type->detach(*out);
			fs_put(*out);
		}
	}
	return err;
}

static void ramfs_usage(struct fs *fs, struct fs_usage *out)
{
	const struct ramfs *r = container_of(fs, struct ramfs, fs);

	*out = (struct fs_usage){
		.blocks = r->pages_max,
		.blocks_free = r->pages_max - READ_ONCE(r->pages),
		.files = r->pages_max,
		.files_free = r->pages_max - READ_ONCE(r->things),
	};
}

static void ramfs_detach(struct fs *fs)
{
	ramfs_clear(container_of(fs, struct ramfs, fs));
	vnode_put(fs->root);
}

static void ramfs_destroy(struct fs *fs)
{
	kfree(container_of(fs, struct ramfs, fs));
}

#define RAMFS(type_name, type_magic, of_all, create_it)                    \
	{                                                                  \
		.name = (type_name), .magic = (type_magic), .nodev = true, \
		.single = (of_all), .create = (create_it),                 \
		.usage = ramfs_usage, .detach = ramfs_detach,              \
		.destroy = ramfs_destroy                                   \
	}

void ramfs_init(void)
{
	static const struct fs_type types[] = {
		RAMFS("rootfs", 0x858458f6, false, ramfs_create),
		RAMFS("devtmpfs", 0x01021994, true, devtmpfs_create),
		RAMFS("tmpfs", 0x01021994, false, ramfs_create),
	};

	ramfs_dir_init();
	node_cache = kmem_cache_create("vnode", sizeof(struct ramfs_node), 8);
	ASSERT(node_cache != NULL);
	for (u32 i = 0; i < ARRAY_SIZE(types); i++) {
		fs_type_add(&types[i]);
	}
}
