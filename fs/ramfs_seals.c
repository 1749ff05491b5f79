/* SPDX-License-Identifier: MIT */
/*
 * ramfs: seals on what memfd_create() made (fs/ramfs_private.h, I5).
 */
#include "fs/file.h"
#include "fs/ramfs_private.h"
#include "lib/errno.h"
#include "mm/aspace.h"

#define SEALS_OF_WRITE (RAMFS_SEAL_WRITE | RAMFS_SEAL_FUTURE_WRITE)

/* NULL: it cannot have seals. */
static struct ramfs_node *sealable(const struct file *file)
{
	struct vnode *v = file->vnode;

	return v != NULL && v->ops == &ramfs_file_ops &&
			       ramfs_node(v)->file.memfd
		       ? ramfs_node(v)
		       : NULL;
}

int ramfs_seals(const struct file *file)
{
	const struct ramfs_node *node = sealable(file);

	return node ? (int)READ_ONCE(node->file.seals) : -EINVAL;
}

static int seals_add_locked(struct ramfs_file *file, u32 seals)
{
	if (file->seals & RAMFS_SEAL_SEAL) {
		return -EPERM;
	}
	if ((seals & ~file->seals & RAMFS_SEAL_WRITE) &&
	    READ_ONCE(file->writing) > 0) {
		return -EBUSY;
	}
	WRITE_ONCE(file->seals, file->seals | seals);
	return 0;
}

int ramfs_add_seals(struct file *file, u32 seals)
{
	struct ramfs_node *node = sealable(file);
	int err = 0;

	if (node == NULL || (seals & ~(u32)RAMFS_SEALS)) {
		return -EINVAL;
	}
	WITH_MUTEX (&node->v.mutex) {
		WITH_SPINLOCK (&node->file.lock) {
			err = seals_add_locked(&node->file, seals);
		}
	}
	return err;
}

int ramfs_seals_map(struct ramfs_file *file, u32 *flags)
{
	bool allowed;

	WITH_SPINLOCK (&file->lock) {
		allowed = !(file->seals & SEALS_OF_WRITE);
		if (allowed) {
			__atomic_fetch_add(&file->writing, 1, __ATOMIC_RELAXED);
		}
	}
	if (!allowed && (*flags & REGION_WRITE)) {
		return -EPERM;
	}
	*flags |= allowed ? 0 : REGION_READ_ONLY;
	return 0;
}

int ramfs_seals_write(const struct ramfs_node *node, u64 end)
{
	u32 seals = node->file.seals;

	return (seals & SEALS_OF_WRITE) || ((seals & RAMFS_SEAL_GROW) &&
					    end > node->v.size_bytes)
		       ? -EPERM
		       : 0;
}

int ramfs_seals_resize(const struct ramfs_node *node, u64 size)
{
	u64 now = node->v.size_bytes;
	u32 forbidden = size < now   ? RAMFS_SEAL_SHRINK
			: size > now ? RAMFS_SEAL_GROW
				     : 0;

	return node->file.seals & forbidden ? -EPERM : 0;
}
