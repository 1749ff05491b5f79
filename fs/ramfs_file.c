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
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/aspace.h"
#include "mm/frame.h"
#include "mm/kmem.h"
#include "mm/object.h"

#define FILE_BYTES_MAX ((u64)INT64_MAX & PAGE_MASK)

static u64 pages_of(u64 bytes)
{
	return DIV_ROUND_UP(bytes, PAGE_SIZE);
}

static struct ramfs_chunk *chunk_of(struct tree_node *link)
{
	return link ? container_of(link, struct ramfs_chunk, link) : NULL;
}

/* Where the frame's number stands; NULL if its chunk is missing. */
static u32 *slot_locked(struct ramfs_file *file, u64 index, bool make)
{
	struct ramfs_chunk *c;
	u64 key = index / CHUNK_PAGES;

	if (index == 0) {
		return &file->first;
	}
	c = chunk_of(tree_find(&file->chunks, key));
	if (c == NULL && make) {
		c = kzalloc(sizeof(*c));
		if (c != NULL) {
			c->link.key = key;
			ASSERT(tree_insert(&file->chunks, &c->link));
		}
	}
	return c ? &c->frames[index % CHUNK_PAGES] : NULL;
}

static phys_t frame_of(u32 number)
{
	return phys((u64)number << PAGE_SHIFT);
}

/* The page's frame with a reference, PHYS_NONE if it has none. */
static phys_t page_frame(struct ramfs_file *file, u64 index)
{
	phys_t frame = PHYS_NONE;

	WITH_SPINLOCK (&file->lock) {
		const u32 *slot = slot_locked(file, index, false);

		if (slot != NULL && *slot != 0) {
			frame = frame_of(*slot);
			frame_get(frame);
		}
	}
	return frame;
}

/* The archive's bytes that the page shows while it has no frame. */
static size_t archive_bytes(const struct ramfs_file *file, u64 index)
{
	u64 at = index * PAGE_SIZE, end = READ_ONCE(file->archive_bytes);

	return at < end ? MIN(end - at, PAGE_SIZE) : 0;
}

/* A frame with what the page shows now. Errors: -ENOMEM as PHYS_NONE. */
static phys_t page_copy(const struct ramfs_file *file, u64 index)
{
	size_t len = archive_bytes(file, index);
	phys_t frame = len == PAGE_SIZE ? frame_alloc(0) : frame_alloc_zeroed();

	if (!phys_is_none(frame) && len > 0) {
		memcpy(phys_to_virt(frame), file->archive + index * PAGE_SIZE,
		       len);
	}
	return frame;
}

/*
 * Puts a frame of ours into the page's slot, which takes the reference, and
 * returns it with another; if somebody was faster, theirs.  Errors: -ENOMEM as
 * PHYS_NONE, ours is given back.
 */
static phys_t page_insert(struct ramfs_node *node, u64 index, phys_t frame)
{
	struct ramfs_file *file = &node->file;
	phys_t old = frame, now = PHYS_NONE;

	WITH_SPINLOCK (&file->lock) {
		u32 *slot = slot_locked(file, index, true);

		if (slot != NULL && *slot == 0) {
			*slot = (u32)(frame.pa >> PAGE_SHIFT);
			file->frames += index >= pages_of(file->archive_bytes);
			old = PHYS_NONE;
		}
		if (slot != NULL) {
			now = frame_of(*slot);
			frame_get(now);
		}
	}
	if (!phys_is_none(old)) {
		ramfs_uncharge(&ramfs_of(&node->v)->pages, 1);
		frame_put(old);
	}
	return now;
}

/* The page's frame with a reference, made if need be. Errors: -ENOSPC. */
static int page_make(struct ramfs_node *node, u64 index, phys_t *out)
{
	struct ramfs *fs = ramfs_of(&node->v);
	int err;

	*out = page_frame(&node->file, index);
	if (!phys_is_none(*out)) {
		return 0;
	}
	err = ramfs_charge(fs, &fs->pages, 1);
	if (err) {
		return err;
	}
	*out = page_copy(&node->file, index);
	if (phys_is_none(*out)) {
		ramfs_uncharge(&fs->pages, 1);
		return -ENOMEM;
	}
	*out = page_insert(node, index, *out);
	return phys_is_none(*out) ? -ENOMEM : 0;
}

/*
 * Takes the frames from page `first` on out of the first chunk at or after
 * `*key`, and the chunk with its last; `*key` moves on.  False if there is
 * none.
 */
static bool chunk_take(struct ramfs_file *file, u64 first, u64 *key, u32 *out,
		       u32 *count)
{
	struct ramfs_chunk *c = NULL;
	u64 skip = 0;

	*count = 0;
	WITH_SPINLOCK (&file->lock) {
		c = chunk_of(tree_find_ge(&file->chunks, *key));
		if (c == NULL) {
			return false;
		}
		*key = c->link.key + 1;
		skip = MAX(first, c->link.key * CHUNK_PAGES) % CHUNK_PAGES;
		for (u64 i = skip; i < CHUNK_PAGES; i++) {
			if (c->frames[i] != 0) {
				out[(*count)++] = c->frames[i];
				c->frames[i] = 0;
			}
		}
		file->frames -= MIN(file->frames, (u64)*count);
		if (skip == 0) {
			tree_remove(&file->chunks, &c->link);
		}
	}
	if (skip == 0) {
		kfree(c);
	}
	return true;
}

static void frames_drop(struct ramfs_node *node, const u32 *frames, u32 count)
{
	for (u32 i = 0; i < count; i++) {
		frame_put(frame_of(frames[i]));
	}
	ramfs_uncharge(&ramfs_of(&node->v)->pages, count);
}

void ramfs_drop_pages(struct ramfs_node *node, u64 first)
{
	struct ramfs_file *file = &node->file;
	u64 key = first / CHUNK_PAGES;
	u32 frames[CHUNK_PAGES];
	u32 count = 0;

	WITH_SPINLOCK (&file->lock) {
		if (first == 0 && file->first != 0) {
			frames[count++] = file->first;
			file->first = 0;
			file->frames -= MIN(file->frames, 1ul);
		}
	}
	frames_drop(node, frames, count);
	while (chunk_take(file, first, &key, frames, &count)) {
		frames_drop(node, frames, count);
	}
}

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
	span.frame = page_frame(file, index);
	if (!phys_is_none(span.frame)) {
		span.bytes = (u8 *)phys_to_virt(span.frame) + offset;
	} else {
		size_t shown = archive_bytes(file, index);

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
	now = page_insert(node, index, frame);
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
	phys_t frame = page_frame(&node->file, at / PAGE_SIZE);
	int err;

	if (phys_is_none(frame)) {
		if (len == PAGE_SIZE) {
			return page_write_new(node, at / PAGE_SIZE, src);
		}
		err = page_make(node, at / PAGE_SIZE, &frame);
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
	phys_t frame = page_frame(&node->file, size / PAGE_SIZE);
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
		/* Pairs with file_object(): it counts, then asks the size. */
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		if (shorter && READ_ONCE(file->mappings) > 0) {
			err = vnode_cut(v);
		}
		if (shorter) {
			ramfs_drop_pages(node, pages_of(size));
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
		for (u64 i = at / PAGE_SIZE; i < pages_of(end) && err == 0;
		     i++) {
			phys_t frame;

			err = page_make(node, i, &frame);
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

	out->blocks =
		(pages_of(file->archive_bytes) + READ_ONCE(file->frames)) *
		(PAGE_SIZE / FILE_BLOCK_BYTES);
}

/* A mapping of a file. */
struct ramfs_object {
	struct mem_object object;
	struct ramfs_node *node; /* with a reference */
	bool writes;             /* counted in its `writing` */
};

/* The page of the archive lies there whole and aligned. */
static bool shown_in_place(const struct ramfs_file *file, u64 index,
			   phys_t *out)
{
	const u8 *from = file->archive + index * PAGE_SIZE;

	if (archive_bytes(file, index) < PAGE_SIZE ||
	    !IS_ALIGNED((u64)from, PAGE_SIZE)) {
		return false;
	}
	*out = virt_to_phys(from);
	frame_get(*out);
	return true;
}

static int object_page(struct mem_object *object, u64 index, unsigned access,
		       phys_t *out)
{
	struct ramfs_node *node =
		container_of(object, struct ramfs_object, object)->node;
	struct ramfs_file *file = &node->file;

	if (index >= pages_of(READ_ONCE(node->v.size_bytes))) {
		return -ENXIO;
	}
	if (access & OBJECT_SHARED) {
		int err = page_make(node, index, out);

		return err == -ENOSPC ? -ENOMEM : err;
	}
	*out = page_frame(file, index);
	if (phys_is_none(*out) && !shown_in_place(file, index, out)) {
		*out = page_copy(file, index);
	}
	return phys_is_none(*out) ? -ENOMEM : 0;
}

static void object_destroy(struct mem_object *object)
{
	struct ramfs_object *o =
		container_of(object, struct ramfs_object, object);

	__atomic_fetch_sub(&o->node->file.mappings, 1, __ATOMIC_RELAXED);
	if (o->writes) {
		__atomic_fetch_sub(&o->node->file.writing, 1, __ATOMIC_RELAXED);
	}
	vnode_put(&o->node->v);
	kfree(o);
}

static struct vnode *object_vnode(struct mem_object *object)
{
	return &container_of(object, struct ramfs_object, object)->node->v;
}

static int file_object(struct file *file, u32 *flags, struct mem_object **out)
{
	static const struct mem_object_ops ops = { object_page, object_destroy,
						   object_vnode };
	struct ramfs_object *o = kmalloc(sizeof(*o));
	int err;

	if (o == NULL) {
		return -ENOMEM;
	}
	o->writes = false;
	if ((*flags & (REGION_SHARED | REGION_READ_ONLY)) == REGION_SHARED) {
		err = ramfs_seals_map(&ramfs_node(file->vnode)->file, flags);
		if (err) {
			kfree(o);
			return err;
		}
		o->writes = !(*flags & REGION_READ_ONLY);
	}
	mem_object_init(&o->object, &ops);
	o->node = ramfs_node(vnode_get(file->vnode));
	__atomic_fetch_add(&o->node->file.mappings, 1, __ATOMIC_SEQ_CST);
	*out = &o->object;
	return 0;
}

/* Where data (a hole) is next, at or after `at` < the size. */
static s64 file_seek_data(struct file *file, u64 at, bool hole)
{
	struct ramfs_node *node = ramfs_node(file->vnode);
	u64 size = READ_ONCE(node->v.size_bytes);
	u64 index = at / PAGE_SIZE;

	while (index < pages_of(size)) {
		bool data = archive_bytes(&node->file, index) > 0;
		struct ramfs_chunk *c;

		WITH_SPINLOCK (&node->file.lock) {
			const u32 *slot =
				slot_locked(&node->file, index, false);

			data = data || (slot != NULL && *slot != 0);
			c = slot ? NULL
				 : chunk_of(tree_find_ge(&node->file.chunks,
							 index / CHUNK_PAGES));
			if (!data && slot == NULL && !hole) {
				/* Chunks that are not there are skipped. */
				index = c ? c->link.key * CHUNK_PAGES - 1
					  : pages_of(size) - 1;
			}
		}
		if (data != hole) {
			return (s64)MAX(at, index * PAGE_SIZE);
		}
		index++;
	}
	return hole ? (s64)size : -ENXIO;
}

static void written_close(struct file *file)
{
	vnode_writer_leave(file->vnode);
}

static const struct file_ops file_ops = {
	.read_at = file_read_at,
	.write_at = file_write_at,
	.seek_data = file_seek_data,
	.object = file_object,
};

/* Those that may write are counted. */
static const struct file_ops written_ops = {
	.close = written_close,
	.read_at = file_read_at,
	.write_at = file_write_at,
	.seek_data = file_seek_data,
	.object = file_object,
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
