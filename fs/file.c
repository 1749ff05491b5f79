/* SPDX-License-Identifier: MIT */
/*
 * Files by reference, and opening by path: /dev/console, then the boot
 * archive, which is read only.
 */
#include "fs/file.h"

#include "arch/user.h"
#include "fs/initramfs.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/kmem.h"
#include "mm/object.h"

#define MODE_TYPE      0170000
#define MODE_DIRECTORY 0040000
#define MODE_REGULAR   0100000

#define WHENCE_SET     0
#define WHENCE_CUR     1
#define WHENCE_END     2

struct file *file_create(const struct file_ops *ops, u32 access)
{
	struct file *file = kzalloc(sizeof(*file));

	if (file != NULL) {
		file->ops = ops;
		file->refs = 1;
		file->access = access;
	}
	return file;
}

struct file *file_get(struct file *file)
{
	__atomic_fetch_add(&file->refs, 1, __ATOMIC_RELAXED);
	return file;
}

void file_put(struct file *file)
{
	if (__atomic_fetch_sub(&file->refs, 1, __ATOMIC_ACQ_REL) == 1) {
		kfree(file);
	}
}

static long archive_read(struct file *file, uaddr_t dst, size_t len_bytes)
{
	u64 pos = file->pos;
	size_t len;

	if (pos >= file->size_bytes) {
		return 0;
	}
	len = MIN(len_bytes, file->size_bytes - pos);
	if (copy_to_user(dst, (const u8 *)file->data + pos, len) != 0) {
		return -EFAULT;
	}
	file->pos = pos + len;
	return (long)len;
}

static long archive_seek(struct file *file, s64 offset, int whence)
{
	s64 base = whence == WHENCE_SET   ? 0
		   : whence == WHENCE_CUR ? (s64)file->pos
		   : whence == WHENCE_END ? (s64)file->size_bytes
					  : -1;

	if (base < 0 || __builtin_add_overflow(base, offset, &base) ||
	    base < 0) {
		return -EINVAL;
	}
	file->pos = (u64)base;
	return base;
}

static void entry_stat(const struct cpio_entry *e, struct file_stat *out)
{
	*out = (struct file_stat){
		.ino = (u64)e->archive << 32 | e->ino,
		.mode = e->mode,
		.nlink = e->nlink,
		.uid = e->uid,
		.gid = e->gid,
		.rdev = (u64)e->rdev_major << 8 | e->rdev_minor,
		.size_bytes = e->size_bytes,
		.mtime_s = e->mtime,
	};
}

static void archive_stat(struct file *file, struct file_stat *out)
{
	*out = (struct file_stat){
		.mode = MODE_REGULAR | 0555,
		.nlink = 1,
		.size_bytes = file->size_bytes,
	};
}

static int archive_object(struct file *file, struct mem_object **out)
{
	*out = mem_object_bytes(file->data, file->size_bytes);
	return *out ? 0 : -ENOMEM;
}

static const struct file_ops archive_ops = {
	.read = archive_read,
	.seek = archive_seek,
	.stat = archive_stat,
	.object = archive_object,
};

int file_stat_path(const char *path, struct file_stat *out)
{
	struct cpio_entry entry;
	int err = initramfs_lookup(path, &entry);

	if (err == 0) {
		entry_stat(&entry, out);
	}
	return err;
}

static int archive_open(const char *path, u32 access, struct file **out)
{
	struct cpio_entry entry;
	int err = initramfs_lookup(path, &entry);

	if (err) {
		return err;
	}
	if ((entry.mode & MODE_TYPE) == MODE_DIRECTORY) {
		return -EISDIR;
	}
	if ((entry.mode & MODE_TYPE) != MODE_REGULAR) {
		return -EACCES;
	}
	if (access & FILE_WRITE) {
		return -EROFS;
	}
	*out = file_create(&archive_ops, access);
	if (*out == NULL) {
		return -ENOMEM;
	}
	(*out)->data = entry.data;
	(*out)->size_bytes = entry.size_bytes;
	return 0;
}

int file_open(const char *path, u32 access, struct file **out)
{
	if (strcmp(path, "/dev/console") == 0) {
		*out = console_file_open(access);
		return *out ? 0 : -ENOMEM;
	}
	return archive_open(path, access, out);
}
