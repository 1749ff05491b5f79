/* SPDX-License-Identifier: MIT */
/*
 * /proc: files whose text is made when they are read.  What there is stands in
 * tables of struct proc_entry, which the floors above give; this is only the
 * file system around them.
 */
#ifndef EXO_FS_PROCFS_H
#define EXO_FS_PROCFS_H

#include "fs/text.h"
#include "fs/vnode.h"

struct proc_entry;

/*
 * A directory of numbers, such as processes.  The files below get a key: the
 * number, with the parent's key moved up by 32 bits.
 */
struct proc_numbers {
	const struct proc_entry *entry; /* each of them */
	/* The first at or after `from`, -1: none.  `key`: the parent's. */
	s64 (*next)(u64 key, u64 from);
	/* Whose the entry of that key is; NULL: as its directory. */
	struct cred (*owner)(u64 key);
};

/*
 * What may be NULL does not exist.  Context of all: thread, may sleep; they
 * find what the key names again and fail with -ESRCH if it is gone.
 */
struct proc_entry {
	const char *name; /* NULL: the end of a table */
	u32 mode;         /* type and permissions */
	int (*show)(struct text *out, u64 key);
	/* Takes bytes that were written, in the kernel. */
	long (*write)(u64 key, const char *bytes, size_t len_bytes);
	/* The text of a link, as vnode_ops.readlink. */
	long (*readlink)(u64 key, char *buf, size_t size_bytes);
	/*
	 * Where a link leads without its text; a reference.  -ENXIO: to a file
	 * without a vnode, for which `nameless` stands in.
	 */
	int (*follow)(u64 key, struct vnode **out);
	const struct proc_entry *nameless;
	/* Opens what the key names, as vnode_ops.open. */
	int (*open)(u64 key, struct file *file);
	const struct proc_entry *children; /* directories */
	const struct proc_numbers *numbers;
};

/*
 * Registers the type "proc" and mounts it at /proc.  `root`: the directory.
 * Errors: -ENOMEM.  Context: boot, once.
 */
must_check int procfs_init(const struct proc_entry *root);

#endif
