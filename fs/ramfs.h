/* SPDX-License-Identifier: MIT */
/*
 * A file system in memory.  Its files are page frames that come when they are
 * written; a file of the boot archive shows the archive's own bytes until
 * then.  It is the root, /dev and every tmpfs.
 */
#ifndef EXO_FS_RAMFS_H
#define EXO_FS_RAMFS_H

#include "fs/mount.h"
#include "fs/vnode.h"

/* What a file of the boot archive begins with; the bytes stay for ever. */
struct ramfs_bytes {
	const u8 *data;
	u64 len_bytes;
};

/* Registers rootfs, devtmpfs and tmpfs. Context: boot, once. */
void ramfs_init(void);

/*
 * As the vnode's create(), but nothing is copied: the name, a link's target
 * and `bytes` lie in the archive.  Context: boot.
 */
must_check int ramfs_create_static(struct vnode *dir, struct name name,
				   const struct vnode_make *make,
				   struct ramfs_bytes bytes,
				   struct vnode **out);

enum ramfs_nameless {
	RAMFS_NAMELESS, /* for ever */
	RAMFS_LINKABLE, /* until link() gives it a name */
	RAMFS_MEMFD,    /* memfd_create()'s */
	RAMFS_SEALABLE, /* and seals can be put on it */
};

/* What may never be done any more to a file that memfd_create() made. */
enum ramfs_seals {
	RAMFS_SEAL_SEAL = 1, /* another seal */
	RAMFS_SEAL_SHRINK = 2,
	RAMFS_SEAL_GROW = 4,
	RAMFS_SEAL_WRITE = 8,
	RAMFS_SEAL_FUTURE_WRITE = 16, /* what is mapped now may write on */
	RAMFS_SEALS = 31,
};

/*
 * A file without a name, in the file system that `near` is of, which must be
 * ramfs; what memfd_create() makes may be open for writing while it runs.
 * Errors: -ENOSPC, -ENOMEM.
 */
must_check int ramfs_create_nameless(struct vnode *near,
				     const struct vnode_make *make,
				     enum ramfs_nameless kind,
				     struct vnode **out);

/* The seals on the file. Errors: -EINVAL if it cannot have any. */
must_check int ramfs_seals(const struct file *file);

/*
 * Puts more on it.  Context: thread, may sleep.  Errors: -EINVAL as above, and
 * for a seal that is not known; -EPERM behind SEAL_SEAL; -EBUSY for SEAL_WRITE
 * while a shared mapping may write.
 */
must_check int ramfs_add_seals(struct file *file, u32 seals);

#endif
