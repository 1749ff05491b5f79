/* SPDX-License-Identifier: MIT */
/*
 * Open files, whatever kind: references, positions, opening.
 */
#include "fs/file.h"

#include "fs/epoll.h"
#include "fs/lock.h"
#include "fs/mount.h"
#include "fs/path.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "mm/kmem.h"

/* whence of lseek(2) */
enum whence {
	WHENCE_SET,
	WHENCE_CUR,
	WHENCE_END,
	WHENCE_DATA,
	WHENCE_HOLE,
};

static struct kmem_cache *cache;

void file_init(void)
{
	cache = kmem_cache_create("file", sizeof(struct file), 8);
	ASSERT(cache != NULL);
}

static always_inline void init(struct file *file, const struct file_ops *ops,
			       u32 access, u32 flags, struct vnode *v)
{
	file->ops = ops;
	file->refs = 1;
	file->access = access;
	file->flags = flags;
	file->vnode = v;
	file->data = NULL;
	file->watched = NULL;
	file->number = file->pos = 0;
	mutex_init(&file->mutex, LOCK_FILE);
}

struct file *file_create(const struct file_ops *ops, u32 access)
{
	struct file *file = kmem_cache_alloc(cache);

	if (file != NULL) {
		init(file, ops, access, 0, NULL);
	}
	return file;
}

void file_free(struct file *file)
{
	if (file != NULL) {
		kmem_cache_free(cache, file);
	}
}

struct file *file_get(struct file *file)
{
	__atomic_fetch_add(&file->refs, 1, __ATOMIC_RELAXED);
	return file;
}

void file_put(struct file *file)
{
	struct vnode *v = file->vnode;

	if (__atomic_fetch_sub(&file->refs, 1, __ATOMIC_ACQ_REL) != 1) {
		return;
	}
	if (unlikely(file->watched != NULL)) {
		epoll_file_end(file);
	}
	if (file->ops->close != NULL) {
		file->ops->close(file);
	}
	if (v != NULL) {
		vnode_unlock(v, file);
		__atomic_fetch_sub(&v->fs->users, 1, __ATOMIC_RELAXED);
		vnode_put(v);
	}
	kmem_cache_free(cache, file);
}

/* Apart, so that files without a position save no registers. */
static noinline long read_on(struct file *file, uaddr_t dst, size_t len_bytes)
{
	long got = 0;

	WITH_MUTEX (&file->mutex) {
		got = file->ops->read_at(file, dst, len_bytes, file->pos);
		if (got > 0) {
			file->pos += (u64)got;
		}
	}
	return got;
}

long file_read(struct file *file, uaddr_t dst, size_t len_bytes, const u64 *at)
{
	const struct file_ops *ops = file->ops;

	if (ops->read_at != NULL) {
		return at ? ops->read_at(file, dst, len_bytes, *at)
			  : read_on(file, dst, len_bytes);
	}
	if (at != NULL && ops->seek == NULL) {
		return -ESPIPE;
	}
	return ops->read ? ops->read(file, dst, len_bytes) : -EINVAL;
}

/* At the position, or at a copy of `*at`. */
static noinline long write_on(struct file *file, uaddr_t src, size_t len_bytes,
			      const u64 *at)
{
	long got = 0;

	if (at != NULL) {
		u64 pos = *at;

		return file->ops->write_at(file, src, len_bytes, &pos);
	}
	WITH_MUTEX (&file->mutex) {
		got = file->ops->write_at(file, src, len_bytes, &file->pos);
	}
	return got;
}

long file_write(struct file *file, uaddr_t src, size_t len_bytes, const u64 *at)
{
	const struct file_ops *ops = file->ops;

	if (ops->write_at != NULL) {
		return write_on(file, src, len_bytes, at);
	}
	if (at != NULL && ops->seek == NULL) {
		return -ESPIPE;
	}
	return ops->write ? ops->write(file, src, len_bytes) : -EINVAL;
}

static u64 size_of(const struct file *file)
{
	struct file_stat stat;

	vnode_stat(file->vnode, &stat);
	return stat.size_bytes;
}

/* Where data (a hole) is: without more knowledge, all of a file is data. */
static s64 seek_data(struct file *file, u64 at, bool hole)
{
	u64 size = size_of(file);

	if (at >= size) {
		return -ENXIO;
	}
	if (file->ops->seek_data != NULL) {
		return file->ops->seek_data(file, at, hole);
	}
	return (s64)(hole ? size : at);
}

static s64 seek_to(struct file *file, s64 offset, int whence)
{
	s64 base = 0;

	switch (whence) {
	case WHENCE_SET: break;
	case WHENCE_CUR: base = (s64)file->pos; break;
	case WHENCE_END: base = (s64)size_of(file); break;
	case WHENCE_DATA:
	case WHENCE_HOLE:
		return seek_data(file, (u64)offset, whence == WHENCE_HOLE);
	default: return -EINVAL;
	}
	if (__builtin_add_overflow(base, offset, &base)) {
		return -EOVERFLOW;
	}
	return base < 0 ? -EINVAL : base;
}

long file_seek(struct file *file, s64 offset, int whence)
{
	s64 to = 0;

	if (whence < 0 || whence > WHENCE_HOLE) {
		return -EINVAL;
	}
	if (file->ops->seek != NULL) {
		return file->ops->seek(file, offset, whence);
	}
	if (file->ops->name != NULL) {
		return 0; /* as on Linux */
	}
	if (file->vnode == NULL || file->ops->read != NULL ||
	    (file->ops->read_at == NULL && file->ops != &directory_file_ops)) {
		return file->flags & FILE_PATH ? -EBADF : -ESPIPE;
	}
	WITH_MUTEX (&file->mutex) {
		to = seek_to(file, offset, whence);
		if (to >= 0) {
			file->pos = (u64)to;
		}
	}
	return to;
}

u32 file_poll(struct file *file, struct poller *poller)
{
	u32 events = POLL_IN | POLL_OUT;

	if (file->flags & FILE_PATH) {
		return POLL_INVALID;
	}
	if (file->ops->poll != NULL) {
		events = file->ops->poll(file, poller);
	}
	/* The normal band is the only one. */
	events |= events & POLL_IN ? (u32)POLL_IN_NORMAL : 0u;
	return events | (events & POLL_OUT ? (u32)POLL_OUT_NORMAL : 0u);
}

void vnode_stat(struct vnode *v, struct file_stat *out)
{
	*out = (struct file_stat){
		.device = v->fs->device,
		.ino = v->ino,
		.mode = v->mode,
		.nlink = v->nlink,
		.uid = v->uid,
		.gid = v->gid,
		.rdev = v->rdev,
		.size_bytes = READ_ONCE(v->size_bytes),
		.atime_ns = v->atime_ns,
		.mtime_ns = v->mtime_ns,
		.ctime_ns = v->ctime_ns,
	};
	if (v->ops->stat != NULL) {
		v->ops->stat(v, out);
	}
}

void file_stat(struct file *file, struct file_stat *out)
{
	if (file->vnode != NULL) {
		vnode_stat(file->vnode, out);
	} else {
		/* Linux gives all files that have no name one inode, too. */
		*out = (struct file_stat){ .mode = 0600, .nlink = 1, .ino = 1 };
		if (file->ops->stat != NULL) {
			file->ops->stat(file, out);
		}
	}
}

/* What O_PATH gives: a place in the tree that cannot be read or written. */
static const struct file_ops path_file_ops;

const struct file_ops directory_file_ops;

/* Makes the file do what files of its kind do. */
static int ops_choose(struct file *file)
{
	struct vnode *v = file->vnode;

	if (file->flags & FILE_PATH) {
		file->ops = &path_file_ops;
		return 0;
	}
	if (v->ops->open != NULL) {
		return v->ops->open(v, file);
	}
	file->ops = v->ops->file_ops;
	return file->ops ? 0 : -ENXIO;
}

/* What of the flags of open(2) does not stay; a terminal asks for NO_TTY. */
#define FLAGS_DROPPED                                         \
	((u32)(FILE_CREATE | FILE_EXCLUSIVE | FILE_TRUNCATE | \
	       FILE_CLOSE_ON_EXEC | FILE_ACCESS_MODE))

int file_open_vnode(struct vnode *v, u32 flags, struct file **out)
{
	struct file *file = kmem_cache_alloc(cache);
	u32 access;
	int err;

	if (file == NULL) {
		vnode_put(v);
		return -ENOMEM;
	}
	access = flags & FILE_PATH ? 0 : ((flags & FILE_ACCESS_MODE) + 1) & 3;
	init(file, &path_file_ops, access,
	     (flags & ~FLAGS_DROPPED) | FILE_LARGE, v);
	__atomic_fetch_add(&v->fs->users, 1, __ATOMIC_RELAXED);
	err = ops_choose(file);
	if (unlikely(err != 0)) {
		file->ops = &path_file_ops;
		file_put(file);
		return err;
	}
	*out = file;
	return 0;
}

int file_open(const char *path, u32 flags, struct file **out)
{
	struct vnode *v;
	int err = path_lookup(path, &v);

	return err ? err : file_open_vnode(v, flags, out);
}
