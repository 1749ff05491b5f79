/* SPDX-License-Identifier: MIT */
/*
 * ramfs: the pages of files (fs/ramfs_private.h, I3 and I4).  Which frame a
 * page has stands in a slot; slots come in chunks, where something is.
 */
#include "fs/file.h"
#include "fs/ramfs_private.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/frame.h"
#include "mm/kmem.h"

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

phys_t ramfs_page_frame(struct ramfs_file *file, u64 index)
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

phys_t ramfs_page_copy(const struct ramfs_file *file, u64 index)
{
	size_t len = ramfs_archive_bytes(file, index);
	phys_t frame = len == PAGE_SIZE ? frame_alloc(0) : frame_alloc_zeroed();

	if (!phys_is_none(frame) && len > 0) {
		memcpy(phys_to_virt(frame), file->archive + index * PAGE_SIZE,
		       len);
	}
	return frame;
}

phys_t ramfs_page_insert(struct ramfs_node *node, u64 index, phys_t frame)
{
	struct ramfs_file *file = &node->file;
	phys_t old = frame, now = PHYS_NONE;

	WITH_SPINLOCK (&file->lock) {
		u32 *slot = slot_locked(file, index, true);

		if (slot != NULL && *slot == 0) {
			*slot = (u32)(frame.pa >> PAGE_SHIFT);
			file->frames +=
				index >= ramfs_pages_of(file->archive_bytes);
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

int ramfs_page_make(struct ramfs_node *node, u64 index, phys_t *out)
{
	struct ramfs *fs = ramfs_of(&node->v);
	int err;

	*out = ramfs_page_frame(&node->file, index);
	if (!phys_is_none(*out)) {
		return 0;
	}
	err = ramfs_charge(fs, &fs->pages, 1);
	if (err) {
		return err;
	}
	*out = ramfs_page_copy(&node->file, index);
	if (phys_is_none(*out)) {
		ramfs_uncharge(&fs->pages, 1);
		return -ENOMEM;
	}
	*out = ramfs_page_insert(node, index, *out);
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

/* Where data (a hole) is next, at or after `at` < the size. */
s64 ramfs_seek_data(struct file *file, u64 at, bool hole)
{
	struct ramfs_node *node = ramfs_node(file->vnode);
	u64 size = READ_ONCE(node->v.size_bytes);
	u64 index = at / PAGE_SIZE;

	while (index < ramfs_pages_of(size)) {
		bool data = ramfs_archive_bytes(&node->file, index) > 0;
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
					  : ramfs_pages_of(size) - 1;
			}
		}
		if (data != hole) {
			return (s64)MAX(at, index * PAGE_SIZE);
		}
		index++;
	}
	return hole ? (s64)size : -ENXIO;
}
