/* SPDX-License-Identifier: MIT */
/*
 * System calls on names: make, remove, move and link, and where a process
 * stands in the tree.
 */
#include "arch/user.h"
#include "fs/mount.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/kmem.h"
#include "posix/abi_file.h"
#include "posix/descriptors.h"
#include "posix/place.h"
#include "posix/process.h"
#include "posix/syscall.h"

static long make_at(int dirfd, uaddr_t text, struct vnode_make *make)
{
	struct place place;
	struct path p;
	int err = place_from_user(&p, dirfd, text, &place);

	if (err == 0) {
		err = names_make(&p, place, make);
	}
	path_end(&p);
	return err;
}

static long mkdir_at(int dirfd, uaddr_t text, u64 mode)
{
	struct vnode_make make = { .mode = MODE_DIRECTORY |
					   ((u32)mode & (0777 | MODE_STICKY)) };

	return make_at(dirfd, text, &make);
}

SYSCALL_HANDLER(mkdir)
{
	return mkdir_at(ABI_AT_FDCWD, uaddr(a), b);
}

SYSCALL_HANDLER(mkdirat)
{
	return mkdir_at((int)a, uaddr(b), c);
}

static long mknod_at(int dirfd, uaddr_t text, u64 mode, u64 rdev)
{
	struct vnode_make make = { .mode = (u32)mode &
					   (MODE_TYPE | MODE_PERMISSIONS),
				   .rdev = (u32)rdev };

	switch (make.mode & MODE_TYPE) {
	case 0: make.mode |= MODE_REGULAR; break;
	case MODE_REGULAR:
	case MODE_FIFO:
	case MODE_SOCKET: make.rdev = 0; break;
	case MODE_CHARACTER:
	case MODE_BLOCK:
		if (cred_effective().uid != 0) {
			return -EPERM;
		}
		break;
	case MODE_DIRECTORY: return -EPERM;
	default: return -EINVAL;
	}
	return make_at(dirfd, text, &make);
}

SYSCALL_HANDLER(mknod)
{
	return mknod_at(ABI_AT_FDCWD, uaddr(a), b, c);
}

SYSCALL_HANDLER(mknodat)
{
	return mknod_at((int)a, uaddr(b), c, d);
}

static long symlink_at(uaddr_t target, int dirfd, uaddr_t text)
{
	struct vnode_make make = { .mode = MODE_SYMLINK | 0777 };
	char *copy = kmalloc(PATH_BYTES_MAX);
	long result;

	if (copy == NULL) {
		return -ENOMEM;
	}
	result = copy_string_from_user(copy, target, PATH_BYTES_MAX);
	if (result == 0) {
		result = -ENOENT;
	}
	if (result > 0) {
		make.target = (struct name){ copy, (u32)result, 0 };
		result = make_at(dirfd, text, &make);
	}
	kfree(copy);
	return result;
}

SYSCALL_HANDLER(symlink)
{
	return symlink_at(uaddr(a), ABI_AT_FDCWD, uaddr(b));
}

SYSCALL_HANDLER(symlinkat)
{
	return symlink_at(uaddr(a), (int)b, uaddr(c));
}

static long remove_at(int dirfd, uaddr_t text, bool directory)
{
	struct place place;
	struct path p;
	int err = place_from_user(&p, dirfd, text, &place);

	if (err == 0) {
		err = names_remove(&p, place, directory);
	}
	path_end(&p);
	return err;
}

SYSCALL_HANDLER(rmdir)
{
	return remove_at(ABI_AT_FDCWD, uaddr(a), true);
}

SYSCALL_HANDLER(unlink)
{
	return remove_at(ABI_AT_FDCWD, uaddr(a), false);
}

SYSCALL_HANDLER(unlinkat)
{
	if ((u32)c & ~(u32)ABI_AT_REMOVEDIR) {
		return -EINVAL;
	}
	return remove_at((int)a, uaddr(b), c & ABI_AT_REMOVEDIR);
}

/* Walks the second path of a call whose first is in `from`. */
static int link_to(const struct path *from, int dirfd, uaddr_t text)
{
	struct place place;
	struct path to;
	int err = place_from_user(&to, dirfd, text, &place);

	if (err == 0) {
		err = names_link(&to, place, from->vnode);
	}
	path_end(&to);
	return err;
}

static long link_at(int from_fd, uaddr_t from_text, int to_fd, uaddr_t to_text,
		    u64 flags)
{
	unsigned walk = flags & ABI_AT_SYMLINK_FOLLOW ? 0 : PATH_NO_FOLLOW;
	struct path from;
	int err;

	if ((u32)flags & ~(u32)(ABI_AT_SYMLINK_FOLLOW | ABI_AT_EMPTY_PATH)) {
		return -EINVAL;
	}
	walk |= flags & ABI_AT_EMPTY_PATH ? PATH_EMPTY : 0u;
	err = place_walk(&from, from_fd, from_text, walk);
	if (err == 0) {
		err = link_to(&from, to_fd, to_text);
	}
	path_end(&from);
	return err;
}

SYSCALL_HANDLER(link)
{
	return link_at(ABI_AT_FDCWD, uaddr(a), ABI_AT_FDCWD, uaddr(b), 0);
}

SYSCALL_HANDLER(linkat)
{
	return link_at((int)a, uaddr(b), (int)c, uaddr(d), e);
}

struct rename_call {
	int from_fd;
	uaddr_t from;
	int to_fd;
	uaddr_t to;
	u32 flags;
};

/* Both paths are too much for one stack frame. */
static int rename_paths(const struct rename_call *call, struct path *paths)
{
	struct place from = { NULL, NULL }, to;
	int err = place_from_user(&paths[0], call->from_fd, call->from, &from);

	if (err) {
		return err;
	}
	err = place_from_user(&paths[1], call->to_fd, call->to, &to);
	if (err) {
		vnode_put(from.start);
	} else {
		err = names_rename(&paths[0], from, &paths[1], to,
				   call->flags & ABI_RENAME_NOREPLACE,
				   call->flags & ABI_RENAME_EXCHANGE);
	}
	path_end(&paths[1]);
	return err;
}

static long rename_at(const struct rename_call *call)
{
	u32 known = ABI_RENAME_NOREPLACE | ABI_RENAME_EXCHANGE;
	struct path *paths;
	int err;

	if ((call->flags & ~known) || call->flags == known) {
		return -EINVAL;
	}
	paths = kmalloc(2 * sizeof(*paths));
	if (paths == NULL) {
		return -ENOMEM;
	}
	err = rename_paths(call, paths);
	path_end(&paths[0]);
	kfree(paths);
	return err;
}

SYSCALL_HANDLER(rename)
{
	return rename_at(&(struct rename_call){ ABI_AT_FDCWD, uaddr(a),
						ABI_AT_FDCWD, uaddr(b), 0 });
}

SYSCALL_HANDLER(renameat)
{
	return rename_at(
		&(struct rename_call){ (int)a, uaddr(b), (int)c, uaddr(d), 0 });
}

SYSCALL_HANDLER(renameat2)
{
	return rename_at(&(struct rename_call){ (int)a, uaddr(b), (int)c,
						uaddr(d), (u32)e });
}

static long link_text(struct vnode *v, uaddr_t to, size_t room)
{
	size_t size = MIN(room, PATH_BYTES_MAX);
	char *text;
	long len;

	if (v->ops->readlink == NULL) {
		return -EINVAL;
	}
	text = kmalloc(size);
	if (text == NULL) {
		return -ENOMEM;
	}
	len = v->ops->readlink(v, text, size);
	if (len > 0 && copy_to_user(to, text, (size_t)len) != 0) {
		len = -EFAULT;
	}
	kfree(text);
	return len;
}

static long readlink_at(int dirfd, uaddr_t text, uaddr_t to, u64 size)
{
	s32 room = (s32)size; /* an int: the upper half does not count */
	struct path p;
	long result;

	if (room <= 0) {
		return -EINVAL;
	}
	result = place_walk(&p, dirfd, text, PATH_NO_FOLLOW | PATH_EMPTY);
	if (result == 0) {
		result = p.text[0] == '\0' && !vnode_is(p.vnode, MODE_SYMLINK)
				 ? -ENOENT
				 : link_text(p.vnode, to, (size_t)room);
	}
	path_end(&p);
	return result;
}

SYSCALL_HANDLER(readlink)
{
	return readlink_at(ABI_AT_FDCWD, uaddr(a), uaddr(b), c);
}

SYSCALL_HANDLER(readlinkat)
{
	return readlink_at((int)a, uaddr(b), uaddr(c), d);
}

/* A directory that may be stood in. */
static int standable(const struct vnode *v)
{
	return vnode_is(v, MODE_DIRECTORY)
		       ? vnode_access(v, cred_effective(), ACCESS_EXEC)
		       : -ENOTDIR;
}

static long change_to(uaddr_t text, bool root)
{
	struct path p;
	int err = place_walk(&p, ABI_AT_FDCWD, text, 0);

	err = err ? err : standable(p.vnode);
	if (err == 0 && root && cred_effective().uid != 0) {
		err = -EPERM;
	}
	if (err == 0) {
		(root ? fs_context_set_root : fs_context_set_cwd)(
			fs_context_current(), vnode_get(p.vnode));
	}
	path_end(&p);
	return err;
}

SYSCALL_HANDLER(chdir)
{
	return change_to(uaddr(a), false);
}

SYSCALL_HANDLER(chroot)
{
	return change_to(uaddr(a), true);
}

SYSCALL_HANDLER(fchdir)
{
	struct file_use use = file_use(a, CAP_ANY);
	int err = -ENOTDIR;

	if (use.file == NULL) {
		return -EBADF;
	}
	if (use.file->vnode != NULL) {
		err = standable(use.file->vnode);
	}
	if (err == 0) {
		fs_context_set_cwd(fs_context_current(),
				   vnode_get(use.file->vnode));
	}
	file_use_end(use);
	return err;
}

SYSCALL_HANDLER(getcwd)
{
	struct vnode *cwd = fs_context_cwd(fs_context_current());
	char *text = kmalloc(PATH_BYTES_MAX);
	long len = -ENOMEM;

	if (text != NULL) {
		len = path_of(cwd, fs_context_current(), text, PATH_BYTES_MAX);
	}
	if (len >= 0 && (u64)len >= b) {
		len = -ERANGE;
	}
	if (len >= 0) {
		len = copy_to_user(uaddr(a), text, (size_t)len + 1) ? -EFAULT
								    : len + 1;
	}
	kfree(text);
	vnode_put(cwd);
	return len;
}

SYSCALL_HANDLER(umask)
{
	return __atomic_exchange_n(&fs_context_current()->umask, (u32)a & 0777,
				   __ATOMIC_RELAXED);
}
