/* SPDX-License-Identifier: MIT */
/*
 * From the arguments of a system call to a vnode, and whose rights count.
 */
#include "posix/place.h"

#include "lib/errno.h"
#include "posix/abi_file.h"
#include "posix/descriptors.h"
#include "posix/process.h"

struct fs_context *fs_context_current(void)
{
	return process_current()->fs;
}

int place_start_relative(int dirfd, struct place *out)
{
	struct file_use use;

	if (dirfd == ABI_AT_FDCWD) {
		out->start = fs_context_cwd(fs_context_current());
		return 0;
	}
	use = file_use((u32)dirfd, CAP_ANY);
	if (use.file == NULL) {
		return -EBADF;
	}
	if (use.file->vnode != NULL) {
		out->start = vnode_get(use.file->vnode);
	}
	file_use_end(use);
	return out->start ? 0 : -ENOTDIR;
}

int place_from_user(struct path *p, int dirfd, uaddr_t text, struct place *out)
{
	int err = path_from_user(p, text);

	return err ? err : place_start(p, dirfd, out);
}

int place_walk(struct path *p, int dirfd, uaddr_t text, unsigned flags)
{
	struct place place;
	int err = place_from_user(p, dirfd, text, &place);

	return err ? err : path_walk(p, place.context, place.start, flags);
}

unsigned place_flags(u64 at_flags)
{
	return (at_flags & ABI_AT_SYMLINK_NOFOLLOW ? PATH_NO_FOLLOW : 0u) |
	       (at_flags & ABI_AT_EMPTY_PATH ? PATH_EMPTY : 0u);
}
