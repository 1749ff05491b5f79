/* SPDX-License-Identifier: MIT */
/*
 * What the parts of ramfs share: fs/ramfs.c (the file system and its nodes),
 * fs/ramfs_dir.c, fs/ramfs_rename.c and fs/ramfs_entry.c (names),
 * fs/ramfs_file.c, fs/ramfs_pages.c and fs/ramfs_object.c (bytes),
 * fs/ramfs_seals.c (what may not be done to them).
 *
 * I1  A node has one reference of each entry that names it; a directory that
 *     is not the root has one of its parent.
 * I2  Entries, `entry`, `parent` and link counts change under ramfs->names.
 * I3  A frame in a slot has a reference of the slot.  Slots and `size_bytes`
 *     change under the file's lock; the size, and what the file shows, changes
 *     only with the vnode's mutex held too.
 * I4  Of a page without a frame the file shows the archive's bytes below
 *     `archive_bytes`, zeroes beyond.
 * I5  Seals are only added, with the vnode's mutex and the file's lock held;
 *     a shared mapping that may write is counted under that lock.  So a file
 *     with SEAL_WRITE has no such mapping, nor a write under way.
 */
#ifndef EXO_FS_RAMFS_PRIVATE_H
#define EXO_FS_RAMFS_PRIVATE_H

#include "fs/ramfs.h"
#include "kernel/spinlock.h"
#include "lib/tree.h"

struct ramfs {
	struct fs fs;
	struct mutex names; /* LOCK_NAMES: see I2 */
	u64 pages_max;      /* [I] frames, and as many nodes and names */
	u64 pages;          /* [a] */
	u64 things;         /* [a] nodes and names */
	u64 next_ino;       /* [a] */
};

struct mem_object;
struct ramfs_node;

/* One name. */
struct ramfs_entry {
	struct tree_node link; /* by two hashes of the name */
	struct ramfs_node *node;
	struct ramfs_node *dir;
	struct name name;
};

struct ramfs_dir {
	struct tree entries;
	struct ramfs_node *parent; /* of the root: itself */
	bool removed;
	bool crowded; /* a hash had to be told from another name's, once */
};

/* A run of slots: frame numbers, 0 is none. */
#define CHUNK_PAGES 32

struct ramfs_chunk {
	struct tree_node link; /* key: the number of its first page / 32 */
	u32 frames[CHUNK_PAGES];
};

struct ramfs_file {
	struct spinlock lock; /* LOCK_FILE_PAGES */
	u32 first;            /* the slot of page 0 */
	struct tree chunks;   /* of the others */
	u64 frames;           /* in slots beyond the archive's pages */
	const u8 *archive;
	u64 archive_bytes;
	u32 mappings;  /* [a] struct ramfs_object of it */
	u32 writing;   /* [a] those of them that may write to it; see I5 */
	u32 seals;     /* enum ramfs_seals; see I5 */
	bool linkable; /* [n] without a name, it may get one */
	bool memfd;    /* [I] who has it open for writing may run it, too */
};

/* The text of a symbolic link; its length is the vnode's size. */
struct ramfs_link {
	const char *text;
	bool in_place; /* it lies in the archive */
};

struct ramfs_node {
	struct vnode v;
	struct ramfs_entry *entry; /* one of its names, or NULL */
	union {
		struct ramfs_dir dir;
		struct ramfs_file file;
		struct ramfs_link target;
	};
};

static inline struct ramfs_node *ramfs_node(struct vnode *v)
{
	return container_of(v, struct ramfs_node, v);
}

static inline struct ramfs *ramfs_of(const struct vnode *v)
{
	return container_of(v->fs, struct ramfs, fs);
}

extern const struct vnode_ops ramfs_dir_ops, ramfs_file_ops, ramfs_link_ops,
	ramfs_special_ops;

/* Counts `more` of `*count` against the limit. Errors: -ENOSPC. */
must_check int ramfs_charge(struct ramfs *fs, u64 *count, u64 more);
void ramfs_uncharge(u64 *count, u64 less);

/* A node without a name, one reference. Errors: -ENOSPC, -ENOMEM. */
must_check int ramfs_node_create(struct ramfs *fs,
				 const struct vnode_make *make,
				 struct ramfs_node **out);

struct vnode *ramfs_node_destroy(struct vnode *v);

/* The directory of one of a file's names, and that name. */
int ramfs_node_parent(struct vnode *v, struct vnode **out, char *name);

/* Draws what no program may know. Context: boot, once. */
void ramfs_dir_init(void);

/* As vnode_ops.rename. */
int ramfs_rename(const struct vnode_rename *r);

/* Lets go of every name. */
void ramfs_clear(struct ramfs *fs);

/*
 * A shared mapping of the file that may write, counted in `writing`; if a seal
 * forbids it, it is read only.  Errors: -EPERM if it was to write now.
 */
must_check int ramfs_seals_map(struct ramfs_file *file, u32 *flags);

/* With the vnode's mutex held. Errors: -EPERM: a seal forbids it. */
must_check int ramfs_seals_write(const struct ramfs_node *node, u64 end);
must_check int ramfs_seals_resize(const struct ramfs_node *node, u64 size);

static inline u64 ramfs_pages_of(u64 bytes)
{
	return DIV_ROUND_UP(bytes, PAGE_SIZE);
}

/* The archive's bytes that the page shows while it has no frame. */
static inline size_t ramfs_archive_bytes(const struct ramfs_file *file,
					 u64 index)
{
	u64 at = index * PAGE_SIZE, end = READ_ONCE(file->archive_bytes);

	return at < end ? MIN(end - at, PAGE_SIZE) : 0;
}

/* The page's frame with a reference, PHYS_NONE if it has none. */
phys_t ramfs_page_frame(struct ramfs_file *file, u64 index);

/* A frame with what the page shows now. Errors: -ENOMEM as PHYS_NONE. */
must_check phys_t ramfs_page_copy(const struct ramfs_file *file, u64 index);

/*
 * Puts a frame of ours into the page's slot, which takes the reference, and
 * returns it with another; if somebody was faster, theirs.  Errors: -ENOMEM as
 * PHYS_NONE, ours is given back.
 */
must_check phys_t ramfs_page_insert(struct ramfs_node *node, u64 index,
				    phys_t frame);

/* The page's frame with a reference, made if need be. Errors: -ENOSPC. */
must_check int ramfs_page_make(struct ramfs_node *node, u64 index, phys_t *out);

/* Gives back all frames of a file from page `first` on. */
void ramfs_drop_pages(struct ramfs_node *node, u64 first);

/* As file_ops.seek_data and file_ops.object. */
s64 ramfs_seek_data(struct file *file, u64 at, bool hole);
int ramfs_object(struct file *file, u32 *flags, struct mem_object **out);

/* Puts a node into a directory, the name copied or where it lies. */
must_check int ramfs_enter(struct vnode *dir, struct name name, bool in_place,
			   struct ramfs_node *node);

#endif
