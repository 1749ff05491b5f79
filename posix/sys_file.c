/* SPDX-License-Identifier: MIT */
/*
 * System calls that move bytes through descriptors.
 */
#include "arch/user.h"
#include "fs/file.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/kmem.h"
#include "posix/abi_file.h"
#include "posix/descriptors.h"
#include "posix/pieces.h"
#include "posix/process.h"
#include "posix/syscall.h"

/* As Linux does: one call moves at most this much. */
#define MOVE_MAX_BYTES 0x7ffff000ul

/* Moves at the position, or at `*at`. */
static always_inline long move_file(struct file *file, uaddr_t buf, u64 len,
				    u32 right, const u64 *at)
{
	if (unlikely(!user_range_ok(buf, len))) {
		return -EFAULT;
	}
	len = MIN(len, MOVE_MAX_BYTES);
	return right == CAP_READ ? file_read(file, buf, len, at)
				 : file_write(file, buf, len, at);
}

/* The same, and drops the reference. */
static noinline long move_and_put(struct file *file, uaddr_t buf, u64 len,
				  u32 right, const u64 *at)
{
	long result = move_file(file, buf, len, right, at);

	file_put(file);
	return result;
}

static always_inline long move(u64 fd, uaddr_t buf, u64 len, u32 right,
			       const u64 *at)
{
	struct file_use use = file_use(fd, right);

	if (unlikely(use.file == NULL)) {
		return -EBADF;
	}
	return unlikely(use.counted)
		       ? move_and_put(use.file, buf, len, right, at)
		       : move_file(use.file, buf, len, right, at);
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

/* ---- Vectors ------------------------------------------------------------- */

static_assert(sizeof(struct file_piece) == sizeof(struct abi_iovec) &&
		      offsetof(struct file_piece, len_bytes) ==
			      offsetof(struct abi_iovec, len),
	      "they are copied as they stand");

/* Pieces of user memory, as a call names them. */
struct vector {
	uaddr_t pieces; /* struct abi_iovec */
	u64 count;
	u32 right;
	const u64 *at; /* NULL: at the file's position */
};

/* Vectors up to here need no memory of their own. */
#define NEAR_PIECES 8u

long pieces_read(struct file_piece *piece, uaddr_t from, u64 count)
{
	u64 total = 0;

	if (copy_from_user(piece, from, count * sizeof(*piece)) != 0) {
		return -EFAULT;
	}
	for (u64 i = 0; i < count; i++) {
		if ((s64)piece[i].len_bytes < 0) {
			return -EINVAL;
		}
		if (!user_range_ok(piece[i].base, piece[i].len_bytes)) {
			return -EFAULT;
		}
		piece[i].len_bytes =
			MIN(piece[i].len_bytes, MOVE_MAX_BYTES - total);
		total += piece[i].len_bytes;
	}
	return (long)total;
}

/* There is a next piece, and a read of it would not wait. */
static bool goes_on(struct file *file, const struct vector *v, u64 done)
{
	return done < v->count &&
	       (v->right != CAP_READ || file->ops->read == NULL ||
		(file_poll(file, NULL) & POLL_IN) != 0);
}

/* Moves piece after piece; stops at the first short one. */
static long move_each(struct file *file, const struct file_piece *piece,
		      const struct vector *v)
{
	u64 pos = v->at ? *v->at : 0;
	long total = 0;

	for (u64 i = 0; i < v->count; i++) {
		long moved = move_file(file, piece[i].base, piece[i].len_bytes,
				       v->right, v->at ? &pos : NULL);

		if (moved < 0) {
			return total > 0 ? total : moved;
		}
		total += moved;
		pos += (u64)moved;
		if ((u64)moved < piece[i].len_bytes ||
		    !goes_on(file, v, i + 1)) {
			break;
		}
	}
	return total;
}

static long move_pieces(struct file *file, struct file_piece *piece,
			const struct vector *v)
{
	long total = pieces_read(piece, v->pieces, v->count);

	if (total > 0 && v->at == NULL && v->right == CAP_WRITE &&
	    file->ops->write_pieces != NULL) {
		return file->ops->write_pieces(file, piece, (size_t)total);
	}
	if (total > 0 && v->at == NULL && v->right == CAP_READ &&
	    file->ops->read_pieces != NULL) {
		return file->ops->read_pieces(file, piece, (size_t)total);
	}
	return total < 0 ? total : move_each(file, piece, v);
}

static long move_vector(u64 fd, const struct vector *v)
{
	struct file_piece near[NEAR_PIECES];
	struct file_use use = file_use(fd, v->right);
	struct file_piece *pieces = near;
	long result = -ENOMEM;

	if (use.file == NULL) {
		return -EBADF;
	}
	if (v->count > ABI_IOV_MAX) {
		result = -EINVAL;
		pieces = NULL;
	} else if (v->count > NEAR_PIECES) {
		pieces = kmalloc(v->count * sizeof(*pieces));
	}
	if (pieces != NULL) {
		result = move_pieces(use.file, pieces, v);
	}
	if (pieces != near) {
		kfree(pieces);
	}
	file_use_end(use);
	return result;
}

SYSCALL_HANDLER(readv)
{
	return move_vector(a, &(struct vector){ uaddr(b), c, CAP_READ, NULL });
}

SYSCALL_HANDLER(writev)
{
	return move_vector(a, &(struct vector){ uaddr(b), c, CAP_WRITE, NULL });
}

SYSCALL_HANDLER(preadv)
{
	return (s64)d < 0 ? -EINVAL
			  : move_vector(a, &(struct vector){ uaddr(b), c,
							     CAP_READ, &d });
}

SYSCALL_HANDLER(pwritev)
{
	return (s64)d < 0 ? -EINVAL
			  : move_vector(a, &(struct vector){ uaddr(b), c,
							     CAP_WRITE, &d });
}

/* The place -1 is the position; everything is in memory and stays there. */
static long move_vector_how(u64 fd, struct vector *v, u64 at, u64 flags)
{
	if ((u32)flags & ~(u32)(ABI_RWF_HIPRI | ABI_RWF_DSYNC | ABI_RWF_SYNC)) {
		return -EOPNOTSUPP;
	}
	v->at = (s64)at == -1 ? NULL : &at;
	return (s64)at < -1 ? -EINVAL : move_vector(fd, v);
}

SYSCALL_HANDLER(preadv2)
{
	return move_vector_how(
		a, &(struct vector){ uaddr(b), c, CAP_READ, NULL }, d, f);
}

SYSCALL_HANDLER(pwritev2)
{
	return move_vector_how(
		a, &(struct vector){ uaddr(b), c, CAP_WRITE, NULL }, d, f);
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

SYSCALL_HANDLER(syncfs)
{
	struct file_use use = file_use(a, CAP_ANY);

	if (use.file == NULL) {
		return -EBADF;
	}
	file_use_end(use);
	return 0;
}
