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

#endif
