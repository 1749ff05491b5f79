/* SPDX-License-Identifier: MIT */
/*
 * System calls that move bytes through descriptors.
 */
#include "arch/user.h"
#include "fs/file.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/kmem.h"
#include "posix/abi.h"
#include "posix/descriptors.h"
#include "posix/process.h"
#include "posix/syscall.h"

/* As Linux does: one call moves at most this much. */
#define MOVE_MAX_BYTES 0x7ffff000ul

/* Moves at the position, or at `*at`. */
static always_inline long move(u64 fd, uaddr_t buf, u64 len, u32 right,
			       const u64 *at)
{
	struct file_use use = file_use(fd, right);
	long result = -EFAULT;

	if (use.file == NULL) {
		return -EBADF;
	}
	if (user_range_ok(buf, len)) {
		len = MIN(len, MOVE_MAX_BYTES);
		result = right == CAP_READ ? file_read(use.file, buf, len, at)
					   : file_write(use.file, buf, len, at);
	}
	file_use_end(use);
	return result;
}

SYSCALL_HANDLER(read)
{
	return move(a, uaddr(b), c, CAP_READ, NULL);
}

SYSCALL_HANDLER(write)
{
	return move(a, uaddr(b), c, CAP_WRITE, NULL);
}

SYSCALL_HANDLER(pread64)
{
	return (s64)d < 0 ? -EINVAL : move(a, uaddr(b), c, CAP_READ, &d);
}

SYSCALL_HANDLER(pwrite64)
{
	return (s64)d < 0 ? -EINVAL : move(a, uaddr(b), c, CAP_WRITE, &d);
}

/* A row of buffers in user memory. */
struct vector {
	uaddr_t pieces; /* struct abi_iovec */
	u64 count;
};

static int piece_read(struct vector vector, u64 i, struct abi_iovec *piece)
{
	return copy_from_user(piece,
			      uaddr_add(vector.pieces, i * sizeof(*piece)),
			      sizeof(*piece));
}

/* All pieces are looked at before any byte moves. */
static int vector_refused(struct vector vector)
{
	struct abi_iovec piece;

	if (vector.count > ABI_IOV_MAX) {
		return -EINVAL;
	}
	for (u64 i = 0; i < vector.count; i++) {
		if (piece_read(vector, i, &piece) != 0) {
			return -EFAULT;
		}
		if ((s64)piece.len < 0) {
			return -EINVAL;
		}
		if (!user_range_ok(uaddr(piece.base), piece.len)) {
			return -EFAULT;
		}
	}
	return 0;
}

/* Moves piece after piece; stops at the first short one. */
static long move_pieces(u64 fd, struct vector vector, u32 right, u64 *at)
{
	u64 total = 0;

	for (u64 i = 0; i < vector.count && total < MOVE_MAX_BYTES; i++) {
		struct abi_iovec piece;
		long moved = piece_read(vector, i, &piece);

		if (moved == 0) {
			piece.len = MIN(piece.len, MOVE_MAX_BYTES - total);
			moved = move(fd, uaddr(piece.base), piece.len, right,
				     at);
		}
		if (moved < 0) {
			return total > 0 ? (long)total : moved;
		}
		total += (u64)moved;
		if (at != NULL) {
			*at += (u64)moved;
		}
		if ((u64)moved < piece.len) {
			break;
		}
	}
	return (long)total;
}

static long move_vector(u64 fd, struct vector vector, u32 right, u64 *at)
{
	struct file_use use = file_use(fd, right);
	/* A bad descriptor is worse than a bad piece. */
	int err = use.file != NULL ? vector_refused(vector) : -EBADF;

	file_use_end(use);
	return err ? err : move_pieces(fd, vector, right, at);
}

SYSCALL_HANDLER(readv)
{
	return move_vector(a, (struct vector){ uaddr(b), c }, CAP_READ, NULL);
}

SYSCALL_HANDLER(writev)
{
	return move_vector(a, (struct vector){ uaddr(b), c }, CAP_WRITE, NULL);
}

static long move_vector_at(u64 fd, struct vector vector, u32 right, u64 at)
{
	return (s64)at < 0 ? -EINVAL : move_vector(fd, vector, right, &at);
}

SYSCALL_HANDLER(preadv)
{
	return move_vector_at(a, (struct vector){ uaddr(b), c }, CAP_READ, d);
}

SYSCALL_HANDLER(pwritev)
{
	return move_vector_at(a, (struct vector){ uaddr(b), c }, CAP_WRITE, d);
}

/* The place -1 is the position; everything is in memory and stays there. */
static long move_vector_how(u64 fd, struct vector vector, u32 right, u64 at,
			    u64 flags)
{
	if ((u32)flags & ~(u32)(ABI_RWF_HIPRI | ABI_RWF_DSYNC | ABI_RWF_SYNC)) {
		return -EOPNOTSUPP;
	}
	return (s64)at == -1 ? move_vector(fd, vector, right, NULL)
			     : move_vector_at(fd, vector, right, at);
}

SYSCALL_HANDLER(preadv2)
{
	return move_vector_how(a, (struct vector){ uaddr(b), c }, CAP_READ, d,
			       f);
}

SYSCALL_HANDLER(pwritev2)
{
	return move_vector_how(a, (struct vector){ uaddr(b), c }, CAP_WRITE, d,
			       f);
}

SYSCALL_HANDLER(close)
{
	return descriptors_close(process_current()->descriptors, (u32)a);
}

SYSCALL_HANDLER(lseek)
{
	struct file_use use = file_use(a, CAP_ANY);
	long result;

	if (use.file == NULL) {
		return -EBADF;
	}
	result = file_seek(use.file, (s64)b, (int)c);
	file_use_end(use);
	return result;
}

/* Of every descriptor. */
static int ioctl_common(struct file *file, u64 fd, u32 request, uaddr_t arg)
{
	u32 on;

	switch (request) {
	case ABI_FIOCLEX:
	case ABI_FIONCLEX:
		return descriptors_set_mark(process_current()->descriptors,
					    (u32)fd, request == ABI_FIOCLEX);
	case ABI_FIONBIO:
		if (copy_from_user(&on, arg, sizeof(on)) != 0) {
			return -EFAULT;
		}
		file->flags = on ? file->flags | FILE_NONBLOCK
				 : file->flags & ~(u32)FILE_NONBLOCK;
		return 0;
	default: return -ENOTTY;
	}
}

SYSCALL_HANDLER(ioctl)
{
	struct file_use use = file_use(a, CAP_ANY);
	long result;

	if (use.file == NULL || (use.file->flags & FILE_PATH)) {
		file_use_end(use);
		return -EBADF;
	}
	result = ioctl_common(use.file, a, (u32)b, uaddr(c));
	if (result == -ENOTTY && use.file->ops->ioctl != NULL) {
		result = use.file->ops->ioctl(use.file, (u32)b, uaddr(c));
	}
	file_use_end(use);
	return result;
}

/* Entries as getdents64 gives them, collected in the kernel. */
struct dir_buffer {
	struct dir_sink sink;
	u8 *bytes;
	size_t size_bytes;
	size_t used_bytes;
	bool full; /* an entry did not fit */
};

static bool dir_entry(struct dir_sink *sink, struct name name, u64 ino,
		      u32 mode, u64 next_cookie)
{
	struct dir_buffer *d = container_of(sink, struct dir_buffer, sink);
	struct abi_dirent *out =
		(struct abi_dirent *)(d->bytes + d->used_bytes);
	size_t len = ALIGN_UP(sizeof(*out) + name.len + 1, 8);

	if (d->size_bytes - d->used_bytes < len) {
		d->full = true;
		return false;
	}
	memset(out, 0, len);
	out->ino = ino;
	out->next = (s64)next_cookie;
	out->len = (u16)len;
	out->type = (u8)(mode >> 12);
	memcpy(out->name, name.text, name.len);
	d->used_bytes += len;
	return true;
}

/* "." and "..", whose cookies are 0 and 1. */
static int list_dots(struct vnode *v, u64 *cookie, struct dir_sink *sink)
{
	while (*cookie < 2) {
		struct name name = { "..", 1 + (u32)*cookie, 0 };
		struct vnode *dir = NULL;
		int err = *cookie == 1 ? v->ops->parent(v, &dir, NULL) : 0;
		u64 ino = dir ? dir->ino : v->ino;

		vnode_put(dir);
		if (err || !sink->entry(sink, name, ino, MODE_DIRECTORY,
					*cookie + 1)) {
			return err ? err : 1;
		}
		++*cookie;
	}
	return 0;
}

static long list(struct file *file, struct dir_buffer *d)
{
	struct vnode *v = file->vnode;
	int err = 0;

	if (v == NULL || v->ops->list == NULL) {
		return -ENOTDIR;
	}
	WITH_MUTEX (&file->mutex) {
		err = list_dots(v, &file->pos, &d->sink);
		if (err == 0) {
			err = v->ops->list(v, &file->pos, &d->sink);
		}
	}
	vnode_accessed(v);
	if (err < 0) {
		return err;
	}
	return d->used_bytes == 0 && d->full ? -EINVAL : (long)d->used_bytes;
}

SYSCALL_HANDLER(getdents64)
{
	struct file_use use = file_use(a, CAP_READ);
	struct dir_buffer buffer = { .sink.entry = dir_entry };
	long result = -ENOMEM;

	if (use.file == NULL) {
		return -EBADF;
	}
	buffer.size_bytes = MIN((u64)(u32)c, PAGE_SIZE);
	buffer.bytes = kmalloc(MAX(buffer.size_bytes, 1ul));
	if (buffer.bytes != NULL) {
		result = list(use.file, &buffer);
	}
	if (result > 0 &&
	    copy_to_user(uaddr(b), buffer.bytes, (size_t)result) != 0) {
		result = -EFAULT;
	}
	kfree(buffer.bytes);
	file_use_end(use);
	return result;
}

/* Everything is in memory: there is nothing to wait for. */
static long synced(u64 fd)
{
	struct file_use use = file_use(fd, CAP_ANY);
	long result = use.file == NULL || (use.file->flags & FILE_PATH) ? -EBADF
		      : use.file->vnode == NULL ||
				      vnode_is(use.file->vnode, MODE_FIFO)
			      ? -EINVAL
			      : 0;

	file_use_end(use);
	return result;
}

SYSCALL_HANDLER(fsync)
{
	return synced(a);
}

SYSCALL_HANDLER(fdatasync)
{
	return synced(a);
}

SYSCALL_HANDLER(sync)
{
	return 0;
}
