/* SPDX-License-Identifier: MIT */
/*
 * File systems and where they are mounted.
 */
#ifndef EXO_FS_MOUNT_H
#define EXO_FS_MOUNT_H

#include "fs/vnode.h"
#include "lib/list.h"
#include "lib/types.h"

/* Flags of mount(2). */
enum fs_flags {
	FS_READ_ONLY = 1,
	FS_NO_SUID = 2,
	FS_NO_DEV = 4,
	FS_NO_EXEC = 8,
	FS_FLAGS = 15,
};

/* What statfs tells. */
struct fs_usage {
	u64 blocks; /* pages */
	u64 blocks_free;
	u64 files;
	u64 files_free;
};

struct fs_type {
	const char *name;
	u64 magic;   /* f_type of statfs(2) */
	bool nodev;  /* no disk below it: all of ours */
	bool single; /* all show the same: none goes over another */
	/* A new one with one reference; `data`: its options. */
	int (*create)(const struct fs_type *type, const char *data,
		      struct fs **out);
	void (*usage)(struct fs *fs, struct fs_usage *out);
	/* It is not mounted any more: drops what only it holds. */
	void (*detach)(struct fs *fs);
	/* The last reference is gone, and all vnodes with it. */
	void (*destroy)(struct fs *fs);
};

#define FS_SOURCE_BYTES 32
#define FS_PATH_BYTES   128

/* Marks: [I] immutable once mounted, [a] atomic, [l] the mount lock's. */
struct fs {
	const struct fs_type *type;   /* [I] */
	u32 refs;                     /* [a] the mount's, and one a vnode */
	u32 flags;                    /* enum fs_flags */
	u32 users;                    /* [a] open files and directories */
	u32 device;                   /* [I] st_dev */
	struct vnode *root;           /* [I] its reference ends with detach() */
	struct vnode *covered;        /* [l] with a reference; NULL: the root */
	struct list link;             /* [l] all mounts, in order */
	char source[FS_SOURCE_BYTES]; /* [I] what mount(8) shows */
	char path[FS_PATH_BYTES];     /* [I] where, as mount(2) was told */
};

/* Fills what all have; one reference. The rest must be zero. */
void fs_init(struct fs *fs, const struct fs_type *type);

struct fs *fs_get(struct fs *fs);
void fs_put(struct fs *fs);

/* Registers a kind that mount(2) knows. Context: boot. */
void fs_type_add(const struct fs_type *type);

/*
 * Makes `type`'s file system the root (where == NULL) or covers a directory
 * with it.  Errors: -ENODEV, -ENOTDIR, -EBUSY, -ENOMEM.  Context: thread.
 */
must_check int fs_mount(const char *type, const char *source, const char *data,
			struct vnode *where, const char *path, unsigned flags);

/* One that no path leads to. Errors: -ENODEV, -ENOMEM.  Context: thread. */
must_check int fs_create(const char *type, struct fs **out);

/* Errors: -EINVAL: `root` is no mount, -EBUSY unless `lazy`. */
must_check int fs_unmount(struct vnode *root, bool lazy);

/* What is mounted there in place of `v`, whose reference goes over to it. */
struct vnode *fs_cross(struct vnode *v);

/* The directory below a mounted root, with a reference; NULL: none. */
struct vnode *fs_covered(struct fs *fs);

/* The root of the whole tree, with a reference. */
struct vnode *fs_root(void);

/* Calls fn for each mount, in order, until it returns false. */
void fs_for_each(bool (*fn)(struct fs *fs, void *ctx), void *ctx);

/* Calls fn for each kind. */
void fs_type_for_each(void (*fn)(const struct fs_type *type, void *ctx),
		      void *ctx);

#endif
