/* SPDX-License-Identifier: MIT */
/*
 * Opening the files of programs.
 */
#include "arch/user.h"
#include "fs/context.h"
#include "fs/path.h"
#include "lib/errno.h"
#include "posix/abi_file.h"
#include "posix/descriptors.h"
#include "posix/place.h"
#include "posix/process.h"
#include "posix/program.h"

/* A directory or device is no program, whatever opening it would say. */
static int vnode_open(struct path *walked, struct file **out)
{
	if (!vnode_is(walked->vnode, MODE_REGULAR)) {
		return vnode_is(walked->vnode, MODE_SYMLINK) ? -ELOOP : -EACCES;
	}
	return file_open_vnode(vnode_get(walked->vnode), 0, out);
}

int program_open(const char *path, struct file **out)
{
	struct fs_context *context = fs_context_current();
	struct path p;
	int err = path_from_kernel(&p, path);

	err = err ? err : path_walk(&p, context, fs_context_cwd(context), 0);
	err = err ? err : vnode_open(&p, out);
	path_end(&p);
	return err;
}

/* The file of a descriptor: fexecve(3). */
static int descriptor_open(int fd, struct file **out)
{
	*out = descriptors_file(process_current()->descriptors, (u32)fd,
				CAP_ANY);
	return *out ? 0 : -EBADF;
}

int program_open_user(struct program *p, int dirfd, uaddr_t path, u64 flags,
		      struct file **out)
{
	struct path walked;
	long len = copy_string_from_user(p->path, path, sizeof(p->path));
	int err;

	if (len < 0) {
		return (int)len;
	}
	if (len == 0 && (flags & ABI_AT_EMPTY_PATH)) {
		return descriptor_open(dirfd, out);
	}
	err = place_walk(&walked, dirfd, path, place_flags(flags));
	err = err ? err : vnode_open(&walked, out);
	path_end(&walked);
	return err;
}
