/* SPDX-License-Identifier: MIT */
/*
 * System calls on file systems as wholes.
 */
#include "arch/user.h"
#include "fs/mount.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/kmem.h"
#include "posix/abi_file.h"
#include "posix/descriptors.h"
#include "posix/place.h"
#include "posix/syscall.h"

/* The texts of mount(2): none of ours is long. */
#define TEXT_BYTES 128

struct mount_texts {
	char source[TEXT_BYTES];
	char type[TEXT_BYTES];
	char data[TEXT_BYTES];
	char path[PATH_BYTES_MAX];
};

/* A text that may be missing. */
static int text_from_user(char *to, uaddr_t from)
{
	long len = 0;

	to[0] = '\0';
	if (from.va != 0) {
		len = copy_string_from_user(to, from, TEXT_BYTES);
	}
	return len < 0 ? (int)len : 0;
}

/* Changes the flags of what is mounted there. */
static int remount(struct vnode *root, u64 flags)
{
	if (root != root->fs->root) {
		return -EINVAL;
	}
	WRITE_ONCE(root->fs->flags, (u32)flags & FS_FLAGS);
	return 0;
}

static int mount_at(struct vnode *where, struct mount_texts *texts, u64 flags)
{
	long len = path_of(where, fs_context_current(), texts->path,
			   sizeof(texts->path));

	if (len < 0) {
		return (int)len;
	}
	return fs_mount(texts->type, texts->source[0] ? texts->source : "none",
			texts->data, where, texts->path, (unsigned)flags);
}

static int texts_take(struct mount_texts *texts, u64 source, u64 type, u64 data)
{
	int err = text_from_user(texts->source, uaddr(source));

	err = err ? err : text_from_user(texts->type, uaddr(type));
	return err ? err : text_from_user(texts->data, uaddr(data));
}

SYSCALL_HANDLER(mount)
{
	struct mount_texts *texts;
	struct path p;
	int err;

	if (cred_effective().uid != 0) {
		return -EPERM;
	}
	if (d & (ABI_MS_BIND | ABI_MS_MOVE)) {
		return -EINVAL;
	}
	texts = kmalloc(sizeof(*texts));
	if (texts == NULL) {
		return -ENOMEM;
	}
	err = place_walk(&p, ABI_AT_FDCWD, uaddr(b), 0);
	err = err ? err : texts_take(texts, a, c, e);
	if (err == 0) {
		err = d & ABI_MS_REMOUNT ? remount(p.vnode, d)
					 : mount_at(p.vnode, texts, d);
	}
	path_end(&p);
	kfree(texts);
	return err;
}

SYSCALL_HANDLER(umount2)
{
	struct vnode *root = NULL;
	struct path p;
	int err;

	if (cred_effective().uid != 0) {
		return -EPERM;
	}
	if ((u32)b &
	    ~(u32)(ABI_MNT_FORCE | ABI_MNT_DETACH | ABI_UMOUNT_NOFOLLOW)) {
		return -EINVAL;
	}
	err = place_walk(&p, ABI_AT_FDCWD, uaddr(a),
			 b & ABI_UMOUNT_NOFOLLOW ? PATH_NO_FOLLOW : 0);
	if (err == 0) {
		root = vnode_get(p.vnode);
	}
	path_end(&p);
	if (err == 0) {
		err = fs_unmount(root, b & ABI_MNT_DETACH);
	}
	vnode_put(root);
	return err;
}

static long statfs_out(struct fs *fs, uaddr_t to)
{
	struct fs_usage usage = { 0 };
	struct abi_statfs out = {
		.type = (s64)fs->type->magic,
		.bsize = PAGE_SIZE,
		.fsid = { (s32)fs->device, 0 },
		.namelen = NAME_BYTES_MAX,
		.frsize = PAGE_SIZE,
		.flags = (s64)fs->flags | ABI_ST_VALID,
	};

	fs->type->usage(fs, &usage);
	out.blocks = usage.blocks;
	out.bfree = out.bavail = usage.blocks_free;
	out.files = usage.files;
	out.ffree = usage.files_free;
	return copy_to_user(to, &out, sizeof(out));
}

SYSCALL_HANDLER(statfs)
{
	struct path p;
	long err = place_walk(&p, ABI_AT_FDCWD, uaddr(a), 0);

	err = err ? err : statfs_out(p.vnode->fs, uaddr(b));
	path_end(&p);
	return err;
}

SYSCALL_HANDLER(fstatfs)
{
	struct file_use use = file_use(a, CAP_ANY);
	long result = -EBADF;

	if (use.file != NULL) {
		/* A file without a place is on none of ours. */
		result = use.file->vnode
				 ? statfs_out(use.file->vnode->fs, uaddr(b))
				 : -ENOSYS;
	}
	file_use_end(use);
	return result;
}
