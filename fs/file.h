/* SPDX-License-Identifier: MIT */
/*
 * Open files: what a descriptor points to.  Every kind of file is one const
 * table of operations; an operation that is NULL does not exist for it.
 */
#ifndef EXO_FS_FILE_H
#define EXO_FS_FILE_H

#include "fs/vnode.h"
#include "ipc/capability.h"
#include "kernel/mutex.h"
#include "lib/types.h"

/* Access of open(2). */
#define FILE_READ  1u
#define FILE_WRITE 2u

/* Flags of open(2), with the ABI's values. */
enum file_flags {
	FILE_ACCESS_MODE = 03,
	FILE_CREATE = 0100,
	FILE_EXCLUSIVE = 0200,
	FILE_NO_TTY = 0400,
	FILE_TRUNCATE = 01000,
	FILE_APPEND = 02000,
	FILE_NONBLOCK = 04000,
	FILE_LARGE = 0100000, /* every file is */
	FILE_DIRECTORY = 0200000,
	FILE_NO_FOLLOW = 0400000,
	FILE_CLOSE_ON_EXEC = 02000000,
	FILE_PATH = 010000000,
	FILE_TEMPORARY = 020000000 | FILE_DIRECTORY,
};

/* What poll(2) asks for and tells, with the ABI's values. */
enum poll_events {
	POLL_IN = 1,
	POLL_PRIORITY = 2,
	POLL_OUT = 4,
	POLL_ERROR = 8,
	POLL_HANG_UP = 0x10,
	POLL_INVALID = 0x20,
	POLL_IN_NORMAL = 0x40,
	POLL_OUT_NORMAL = 0x100,
	POLL_READ_HANG_UP = 0x2000,
};

/* As st_blocks counts. */
#define FILE_BLOCK_BYTES 512

struct epoll_item;
struct file;
struct mem_object;
struct poller;
struct text;

/* What stat tells, before it becomes the ABI's structure. */
struct file_stat {
	u64 device;
	u64 ino;
	u32 mode;
	u32 nlink;
	u32 uid;
	u32 gid;
	u64 rdev;
	u64 size_bytes;
	u64 blocks;
	s64 atime_ns;
	s64 mtime_ns;
	s64 ctime_ns;
};

/* A part of what is moved, in user memory; the layout is struct iovec's. */
struct file_piece {
	uaddr_t base;
	u64 len_bytes;
};

/* A file has either read and write or, with positions, read_at and write_at. */
struct file_ops {
	enum cap_type type; /* what a capability of the file says */
	/* A device was opened. Errors: the open's. */
	int (*open)(struct file *file);
	/* The last reference is gone. Context: thread, may sleep. */
	void (*close)(struct file *file);
	/* Bytes moved, or a negative errno.  Context: thread, may sleep. */
	long (*read)(struct file *file, uaddr_t dst, size_t len_bytes);
	long (*write)(struct file *file, uaddr_t src, size_t len_bytes);
	/* As one write of `len_bytes` > 0 in all; NULL: as a write of each. */
	long (*write_pieces)(struct file *file, const struct file_piece *piece,
			     size_t len_bytes);
	/* The same for one read; NULL: as a read of each. */
	long (*read_pieces)(struct file *file, const struct file_piece *piece,
			    size_t len_bytes);
	long (*read_at)(struct file *file, uaddr_t dst, size_t len_bytes,
			u64 at);
	/* Moves `*at` behind what was written, wherever that was. */
	long (*write_at)(struct file *file, uaddr_t src, size_t len_bytes,
			 u64 *at);
	/* Moves the position; whence of lseek(2).  For files without one. */
	long (*seek)(struct file *file, s64 offset, int whence);
	/* The next data (or hole) at or after `at`. Errors: -ENXIO. */
	s64 (*seek_data)(struct file *file, u64 at, bool hole);
	long (*ioctl)(struct file *file, u64 request, uaddr_t arg);
	/* What is ready now (enum poll_events); NULL: always all. */
	u32 (*poll)(struct file *file, struct poller *poller);
	/* What /proc/PID/fdinfo tells besides. */
	void (*describe)(struct file *file, struct text *out);
	/* Files without a vnode, and what /proc calls them, behind a colon. */
	void (*stat)(struct file *file, struct file_stat *out);
	const char *name; /* NULL: of a pipe */
	/*
	 * The object that a mapping of the file with these region flags shows,
	 * with a reference.  It may take away the right to write, for ever:
	 * REGION_READ_ONLY.  Errors: -ENODEV, -ENOMEM, -EPERM.
	 */
	int (*object)(struct file *file, u32 *flags, struct mem_object **out);
};

struct file {
	const struct file_ops *ops;
	u32 refs;                   /* [a] */
	u32 access;                 /* [I] as it was opened: FILE_READ ... */
	u32 flags;                  /* [a] enum file_flags */
	struct vnode *vnode;        /* [I] with a reference, or NULL */
	void *data;                 /* the kind's own */
	struct epoll_item *watched; /* LOCK_EPOLL: in sets of epoll */
	u64 number;                 /* likewise */
	u64 pos;                    /* [mutex] */
	struct mutex mutex; /* LOCK_FILE: held while the position moves */
};

/* Context: boot, once, before any file is made. */
void file_init(void);

/* A file with one reference; NULL if there is no memory. */
must_check struct file *file_create(const struct file_ops *ops, u32 access);

/* Gives one back that nobody has come to know; NULL is allowed. */
void file_free(struct file *file);

/* Its flags as open(2) had them, without what concerned its opening alone. */
static inline u32 file_flags(const struct file *file)
{
	/* There, 1 is for reading and 2 for writing. */
	u32 mode = file->access ? file->access - 1 : 0;

	return (READ_ONCE(file->flags) & ~(u32)FILE_NO_TTY) | mode;
}

struct file *file_get(struct file *file);

/* Context: thread, may sleep. */
void file_put(struct file *file);

/*
 * Reads or writes at the position or, if `at` is not NULL, there; the range
 * is in user space.  The caller has found the file by a capability with the
 * right: nobody asks again.  Errors: -ESPIPE, -EINVAL, and the kind's.
 */
must_check long file_read(struct file *file, uaddr_t dst, size_t len_bytes,
			  const u64 *at);
must_check long file_write(struct file *file, uaddr_t src, size_t len_bytes,
			   const u64 *at);

/* lseek(2). Errors: -ESPIPE, -EINVAL, -EOVERFLOW, -ENXIO. */
must_check long file_seek(struct file *file, s64 offset, int whence);

/*
 * What poll(2) tells of the file, watched by the poller unless that is NULL;
 * POLL_INVALID if it cannot be waited for at all.  Context: thread.
 */
u32 file_poll(struct file *file, struct poller *poller);

void file_stat(struct file *file, struct file_stat *out);
void vnode_stat(struct vnode *v, struct file_stat *out);

/*
 * Opens a vnode, whose reference it takes; flags of open(2).
 * Errors: -EISDIR, -ELOOP, -ENXIO, -ENOMEM and those of devices.
 */
must_check int file_open_vnode(struct vnode *v, u32 flags, struct file **out);

/* Opens an absolute path from the kernel. Errors: as path_walk(). */
must_check int file_open(const char *path, u32 flags, struct file **out);

/* Open directories: they can be sought in and nothing else. */
extern const struct file_ops directory_file_ops;

/*
 * Upward, defined by posix/: how long the running process may make a file (the
 * kernel as long as it likes), and what becomes of one that wants more; returns
 * -EFBIG.  Context: thread.
 */
u64 file_size_limit(void);
int file_too_long(void);

/* Puts /dev/console there. Errors: -ENOMEM. Context: boot, once. */
must_check int console_file_add(void);

#endif
