/* SPDX-License-Identifier: MIT */
/*
 * memfd_create: a file in memory without a name.
 */
#include "arch/user.h"
#include "fs/mount.h"
#include "fs/ramfs.h"
#include "lib/errno.h"
#include "posix/abi_file.h"
#include "posix/anon_file.h"
#include "posix/syscall.h"

/* The name is for people who debug on Linux; here it is only looked at. */
static int name_refused(u64 name)
{
	char text[ABI_MFD_NAME_MAX + 1];
	long len = copy_string_from_user(text, uaddr(name), sizeof(text));

	return len == -ENAMETOOLONG ? -EINVAL : (int)MIN(len, 0l);
}

static int memfd_file(bool sealable, struct file **out)
{
	struct cred cred = cred_effective();
	struct vnode_make make = { .mode = MODE_REGULAR | 0777,
				   .uid = cred.uid,
				   .gid = cred.gid };
	struct vnode *root = fs_root(), *v;
	int err = ramfs_create_nameless(
		root, &make, sealable ? RAMFS_SEALABLE : RAMFS_MEMFD, &v);

	vnode_put(root);
	return err ? err : file_open_vnode(v, ABI_O_RDWR, out);
}

SYSCALL_HANDLER(memfd_create)
{
	struct file *file;
	int err;

	if ((u32)b & ~(u32)(ABI_MFD_CLOEXEC | ABI_MFD_ALLOW_SEALING)) {
		return -EINVAL;
	}
	err = name_refused(a);
	err = err ? err : memfd_file(b & ABI_MFD_ALLOW_SEALING, &file);
	if (err) {
		return err;
	}
	return file_install(file, b & ABI_MFD_CLOEXEC ? FILE_CLOSE_ON_EXEC : 0);
}
