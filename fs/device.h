/* SPDX-License-Identifier: MIT */
/*
 * Character devices and /dev.
 */
#ifndef EXO_FS_DEVICE_H
#define EXO_FS_DEVICE_H

#include "fs/file.h"

/* As the ABI packs the two halves of a small device number. */
#define DEVICE(major, minor) ((u64)(major) << 8 | (minor))

/*
 * Registers a device and gives it a name in /dev, with its permissions.  The
 * operation `open` of its files is called for each open(2); `name` and `ops`
 * live for ever.  A device without a name ("") is only registered.
 * Errors: -ENOMEM.  Context: boot, after devfs_init().
 */
must_check int devfs_add(const char *name, u32 permissions, u64 rdev,
			 const struct file_ops *ops);

/* Registers a device of every minor number of `rdev`'s major one. */
must_check int device_add_major(u64 rdev, const struct file_ops *ops);

/* A directory in /dev, with a reference. Errors: -ENOMEM. Context: boot. */
must_check int devfs_add_directory(const char *name, u32 permissions,
				   struct vnode **out);

/*
 * Another file system for devices gets what /dev holds, but no directories; the
 * first one is /dev.  Errors: -ENOMEM.  Context: thread.
 */
must_check int devfs_fill(struct vnode *root);

/* vnode_ops.open of devices and FIFOs. Errors: -ENXIO. */
int device_open(struct vnode *v, struct file *file);

/* Mounts /dev and fills it. Errors: -ENOMEM. Context: boot, once. */
must_check int devfs_init(void);

#endif
