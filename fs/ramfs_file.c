/* SPDX-License-Identifier: MIT */
/*
 * ramfs: the bytes of files (fs/ramfs_private.h, I3 and I4).
 *
 * User memory is copied to and from a frame that the copy holds a reference
 * of, without the file's lock; writers of one file take turns by the vnode's
 * mutex.  Whoever maps the file sees the same frames.
 */
#include "arch/user.h"
#include "fs/file.h"
#include "fs/ramfs_private.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/frame.h"

#define FILE_BYTES_MAX ((u64)INT64_MAX & PAGE_MASK)

/* A run of bytes inside one page. */
struct span {
	const u8 *bytes; /* NULL: zeroes */
	size_t len;      /* 0: the end of the file */
	phys_t frame;    /* with a reference, or PHYS_NONE */
};

static struct span span_at(struct ramfs_node *node, u64 at, size_t len_bytes)
{
	struct ramfs_file *file = &node->file;
	u64 index = at / PAGE_SIZE, offset = at % PAGE_SIZE;
	struct span span = { NULL, 0, PHYS_NONE };
	u64 size = READ_ONCE(node->v.size_bytes);

	if (at >= size) {
		return span;
	}
	span.len = MIN(MIN(len_bytes, PAGE_SIZE - offset), size - at);
	span.frame = ramfs_page_frame(file, index);
	if (!phys_is_none(span.frame)) {
		span.bytes = (u8 *)phys_to_virt(span.frame) + offset;
	} else {
		size_t shown = ramfs_archive_bytes(file, index);

		if (offset < shown) {
			span.len = MIN(span.len, shown - offset);
			span.bytes = file->archive + at;
		}
	}
	return span;
}

static void span_end(struct span *span)
{
	if (!phys_is_none(span->frame)) {
		frame_put(span->frame);
	}
}

static long file_read_at(struct file *file, uaddr_t dst, size_t len_bytes,
			 u64 at)
{
	struct ramfs_node *node = ramfs_node(file->vnode);
	size_t done = 0;

	while (done < len_bytes) {
		struct span span = span_at(node, at + done, len_bytes - done);
		int err = span.bytes
				  ? copy_to_user(uaddr_add(dst, done),
						 span.bytes, span.len)
				  : clear_user(uaddr_add(dst, done), span.len);

		span_end(&span);
		if (err) {
			return done > 0 ? (long)done : err;
		}
		if (span.len == 0) {
			break;
		}
		done += span.len;
	}
	vnode_accessed(&node->v);
	return (long)done;
}

static long node_read(struct vnode *v, void *buf, size_t len_bytes, u64 at)
{
	size_t done = 0;

	while (done < len_bytes) {
		struct span span =
			span_at(ramfs_node(v), at + done, len_bytes - done);

		if (span.bytes != NULL) {
			memcpy((u8 *)buf + done, span.bytes, span.len);
		} else {
			memset((u8 *)buf + done, 0, span.len);
		}
		span_end(&span);
		if (span.len == 0) {
			break;
		}
		done += span.len;
	}
	return (long)done;
}

/*
 * Fills a whole page that has no frame yet without clearing it first.
 * Errors: -EFAULT, -ENOSPC, -ENOMEM.
 */
static int page_write_new(struct ramfs_node *node, u64 index, uaddr_t src)
{
	struct ramfs *fs = ramfs_of(&node->v);
	phys_t frame, now;
	int err = ramfs_charge(fs, &fs->pages, 1);

	if (err) {
		return err;
	}
	frame = frame_alloc(0);
	err = phys_is_none(frame)
		      ? -ENOMEM
		      : copy_from_user(phys_to_virt(frame), src, PAGE_SIZE);
	if (err) {
		ramfs_uncharge(&fs->pages, 1);
		if (!phys_is_none(frame)) {
			frame_put(frame);
		}
		return err;
	}
	frame_get(frame);
	now = ramfs_page_insert(node, index, frame);
	if (!phys_is_none(now) && now.pa != frame.pa) {
		memcpy(phys_to_virt(now), phys_to_virt(frame), PAGE_SIZE);
	}
	frame_put(frame);
	if (phys_is_none(now)) {
		return -ENOMEM;
	}
	frame_put(now);
	return 0;
}

/* Copies into one page. */
static int page_write(struct ramfs_node *node, u64 at, uaddr_t src, size_t len)
{
	phys_t frame = ramfs_page_frame(&node->file, at / PAGE_SIZE);
	int err;

	if (phys_is_none(frame)) {
		if (len == PAGE_SIZE) {
			return page_write_new(node, at / PAGE_SIZE, src);
		}
		err = ramfs_page_make(node, at / PAGE_SIZE, &frame);
		if (err) {
			return err;
		}
	}
	err = copy_from_user((u8 *)phys_to_virt(frame) + at % PAGE_SIZE, src,
			     len);
	frame_put(frame);
	return err;
}

static void size_set(struct ramfs_node *node, u64 size)
{
	WITH_SPINLOCK (&node->file.lock) {
		WRITE_ONCE(node->v.size_bytes, size);
	}
}

/* What stands behind a file's end reads as zeroes if it grows. */
static void tail_clear(struct ramfs_node *node, u64 size)
{
	phys_t frame = ramfs_page_frame(&node->file, size / PAGE_SIZE);
	u64 offset = size % PAGE_SIZE;

	if (!phys_is_none(frame)) {
		memset((u8 *)phys_to_virt(frame) + offset, 0,
		       PAGE_SIZE - offset);
		frame_put(frame);
	}
}

/* Writes what was set-id loses that mark. */
static void written(struct vnode *v)
{
	vnode_changed(v);
	if ((v->mode & (MODE_SET_UID | MODE_SET_GID)) != 0 &&
	    cred_effective().uid != 0) {
		v->mode &= ~(u32)(MODE_SET_UID | MODE_SET_GID);
	}
}

static long write_locked(struct ramfs_node *node, uaddr_t src, size_t len_bytes,
			 u64 at)
{
	size_t done = 0;
	int err = 0;

	while (done < len_bytes && err == 0) {
		u64 pos = at + done;
		size_t len = MIN(len_bytes - done, PAGE_SIZE - pos % PAGE_SIZE);

		if (unlikely(node->file.seals != 0)) {
			err = ramfs_seals_write(node, pos + len);
		}
		err = err ? err
			  : page_write(node, pos, uaddr_add(src, done), len);
		if (err == 0) {
			done += len;
			if (pos + len > node->v.size_bytes) {
				size_set(node, pos + len);
			}
		} else if (err == -EFAULT) {
			tail_clear(node, MAX(pos, node->v.size_bytes));
		}
	}
	if (done > 0) {
		written(&node->v);
	}
	return done > 0 || err == 0 ? (long)done : err;
}

static long file_write_at(struct file *file, uaddr_t src, size_t len_bytes,
			  u64 *at)
{
	struct ramfs_node *node = ramfs_node(file->vnode);
	u64 limit = MIN(file_size_limit(), FILE_BYTES_MAX);
	long result;

	WITH_MUTEX (&node->v.mutex) {
		if (file->flags & FILE_APPEND) {
			*at = node->v.size_bytes;
		}
		if (len_bytes == 0) {
			return 0;
		}
		result = *at < limit ? write_locked(node, src,
						    MIN(len_bytes, limit - *at),
						    *at)
				     : file_too_long();
		if (result > 0) {
			*at += (u64)result;
		}
	}
	return result;
}

static int node_truncate(struct vnode *v, u64 size)
{
	struct ramfs_node *node = ramfs_node(v);
	struct ramfs_file *file = &node->file;

	if (size > FILE_BYTES_MAX) {
		return -EFBIG;
	}
	if (size > v->size_bytes && size > file_size_limit()) {
		return file_too_long();
	}
	WITH_MUTEX (&v->mutex) {
		bool shorter = size < v->size_bytes;
		int err = ramfs_seals_resize(node, size);

		if (err) {
			return err;
		}
		WITH_SPINLOCK (&file->lock) {
			WRITE_ONCE(v->size_bytes, size);
			if (size <= file->archive_bytes) {
				file->archive_bytes = size;
				file->frames = 0;
			}
		}
		/* Pairs with ramfs_object(): it counts, then asks the size. */
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		if (shorter && READ_ONCE(file->mappings) > 0) {
			err = vnode_cut(v);
		}
		if (shorter) {
			ramfs_drop_pages(node, ramfs_pages_of(size));
			tail_clear(node, size);
		}
		written(v);
		return err;
	}
	return 0;
}

static int node_allocate(struct vnode *v, u64 at, u64 len_bytes)
{
	struct ramfs_node *node = ramfs_node(v);
	u64 end = at + len_bytes;
	int err = end > FILE_BYTES_MAX ? -EFBIG : 0;

	if (err == 0 && end > v->size_bytes && end > file_size_limit()) {
		err = file_too_long();
	}
	WITH_MUTEX (&v->mutex) {
		if (err == 0 && end > v->size_bytes) {
			err = ramfs_seals_resize(node, end);
		}
		for (u64 i = at / PAGE_SIZE;
		     i < ramfs_pages_of(end) && err == 0; i++) {
			phys_t frame;

			err = ramfs_page_make(node, i, &frame);
			if (err == 0) {
				frame_put(frame);
			}
		}
		if (err == 0 && end > v->size_bytes) {
			size_set(node, end);
			v->ctime_ns = vnode_now();
		}
	}
	return err;
}

static void node_stat(struct vnode *v, struct file_stat *out)
{
	const struct ramfs_file *file = &ramfs_node(v)->file;

	out->blocks = (ramfs_pages_of(file->archive_bytes) +
		       READ_ONCE(file->frames)) *
		      (PAGE_SIZE / FILE_BLOCK_BYTES);
}

static void written_close(struct file *file)
{
	vnode_writer_leave(file->vnode);
}

static const struct file_ops file_ops = {
	.read_at = file_read_at,
	.write_at = file_write_at,
	.seek_data = ramfs_seek_data,
	.object = ramfs_object,
};

/* Those that may write are counted. */
static const struct file_ops written_ops = {
	.close = written_close,
	.read_at = file_read_at,
	.write_at = file_write_at,
	.seek_data = ramfs_seek_data,
	.object = ramfs_object,
};

static int node_open(struct vnode *v, struct file *file)
{
	file->ops = &file_ops;
	if ((file->access & FILE_WRITE) && !ramfs_node(v)->file.memfd) {
		file->ops = &written_ops;
		return vnode_writer_enter(v);
	}
	return 0;
}

const struct vnode_ops ramfs_file_ops = {
	.parent = ramfs_node_parent,
	.truncate = node_truncate,
	.allocate = node_allocate,
	.stat = node_stat,
	.open = node_open,
	.read = node_read,
	.destroy = ramfs_node_destroy,
	.file_ops = &file_ops,
};
