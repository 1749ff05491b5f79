/* SPDX-License-Identifier: MIT */
/*
 * Open files: what a descriptor points to.  Every kind of file is one const
 * table of operations; an operation that is NULL does not exist for it.
 */
#ifndef EXO_FS_FILE_H
#define EXO_FS_FILE_H

#include "lib/types.h"

/* Access of open(2). */
#define FILE_READ  1u
#define FILE_WRITE 2u

struct file;
struct mem_object;

/* What fstat tells, before it becomes the ABI's structure. */
struct file_stat {
	u64 ino;
	u32 mode;
	u32 nlink;
	u32 uid;
	u32 gid;
	u64 rdev;
	u64 size_bytes;
	u64 mtime_s;
};

struct file_ops {
	/* Bytes moved, or a negative errno.  Context: thread, may sleep. */
	long (*read)(struct file *file, uaddr_t dst, size_t len_bytes);
	long (*write)(struct file *file, uaddr_t src, size_t len_bytes);
	/* Moves the position; whence of lseek(2). */
	long (*seek)(struct file *file, s64 offset, int whence);
	long (*ioctl)(struct file *file, u64 request, uaddr_t arg);
	void (*stat)(struct file *file, struct file_stat *out);
	/*
	 * The object that a mapping of the file shows, with a reference.
	 * Errors: -ENODEV, -ENOMEM.
	 */
	int (*object)(struct file *file, struct mem_object **out);
};

struct file {
	const struct file_ops *ops;
	u32 refs;   /* [a] */
	u32 access; /* [I] FILE_READ, FILE_WRITE */
	u64 pos;    /* readers race as they do on Linux: by their own fault */
	const void *data; /* [I] the kind's own */
	u64 size_bytes;   /* [I] likewise */
};

/* A file with one reference; NULL if there is no memory. */
must_check struct file *file_create(const struct file_ops *ops, u32 access);

struct file *file_get(struct file *file);
void file_put(struct file *file);

/*
 * Opens by absolute path.  Errors: -ENOENT, -EACCES, -EROFS, -EISDIR,
 * -ENOMEM.  Context: thread.
 */
must_check int file_open(const char *path, u32 access, struct file **out);

/* The console device, for descriptors 0 to 2. NULL: no memory. */
must_check struct file *console_file_open(u32 access);

/* Stat by path without opening. Errors as file_open. */
must_check int file_stat_path(const char *path, struct file_stat *out);

#endif
