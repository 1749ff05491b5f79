/* SPDX-License-Identifier: MIT */
/*
 * ramfs: files as memory.  Who maps a file sees the frames that hold it.
 */
#include "fs/file.h"
#include "fs/ramfs_private.h"
#include "lib/errno.h"
#include "mm/aspace.h"
#include "mm/frame.h"
#include "mm/kmem.h"
#include "mm/object.h"

/* A mapping of a file. */
struct ramfs_object {
	struct mem_object object;
	struct ramfs_node *node; /* with a reference */
	bool writes;             /* counted in its `writing` */
};

/* The page of the archive lies there whole and aligned. */
static bool shown_in_place(const struct ramfs_file *file, u64 index,
			   phys_t *out)
{
	const u8 *from = file->archive + index * PAGE_SIZE;

	if (ramfs_archive_bytes(file, index) < PAGE_SIZE ||
	    !IS_ALIGNED((u64)from, PAGE_SIZE)) {
		return false;
	}
	*out = virt_to_phys(from);
	frame_get(*out);
	return true;
}

static int object_page(struct mem_object *object, u64 index, unsigned access,
		       phys_t *out)
{
	struct ramfs_node *node =
		container_of(object, struct ramfs_object, object)->node;
	struct ramfs_file *file = &node->file;

	if (index >= ramfs_pages_of(READ_ONCE(node->v.size_bytes))) {
		return -ENXIO;
	}
	if (access & OBJECT_SHARED) {
		int err = ramfs_page_make(node, index, out);

		return err == -ENOSPC ? -ENOMEM : err;
	}
	*out = ramfs_page_frame(file, index);
	if (phys_is_none(*out) && !shown_in_place(file, index, out)) {
		*out = ramfs_page_copy(file, index);
	}
	return phys_is_none(*out) ? -ENOMEM : 0;
}

static void object_destroy(struct mem_object *object)
{
	struct ramfs_object *o =
		container_of(object, struct ramfs_object, object);

	__atomic_fetch_sub(&o->node->file.mappings, 1, __ATOMIC_RELAXED);
	if (o->writes) {
		__atomic_fetch_sub(&o->node->file.writing, 1, __ATOMIC_RELAXED);
	}
	vnode_put(&o->node->v);
	kfree(o);
}

static struct vnode *object_vnode(struct mem_object *object)
{
	return &container_of(object, struct ramfs_object, object)->node->v;
}

int ramfs_object(struct file *file, u32 *flags, struct mem_object **out)
{
	static const struct mem_object_ops ops = { object_page, object_destroy,
						   object_vnode };
	struct ramfs_object *o = kmalloc(sizeof(*o));
	int err;

	if (o == NULL) {
		return -ENOMEM;
	}
	o->writes = false;
	if ((*flags & (REGION_SHARED | REGION_READ_ONLY)) == REGION_SHARED) {
		err = ramfs_seals_map(&ramfs_node(file->vnode)->file, flags);
		if (err) {
			kfree(o);
			return err;
		}
		o->writes = !(*flags & REGION_READ_ONLY);
	}
	mem_object_init(&o->object, &ops);
	o->node = ramfs_node(vnode_get(file->vnode));
	__atomic_fetch_add(&o->node->file.mappings, 1, __ATOMIC_SEQ_CST);
	*out = &o->object;
	return 0;
}
