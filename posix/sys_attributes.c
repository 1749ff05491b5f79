/* SPDX-License-Identifier: MIT */
/*
 * System calls on what files have besides their bytes: rights, owners, times,
 * lengths.
 */
#include "arch/user.h"
#include "fs/mount.h"
#include "fs/path_cache.h"
#include "lib/errno.h"
#include "posix/abi.h"
#include "posix/abi_file.h"
#include "posix/descriptors.h"
#include "posix/place.h"
#include "posix/syscall.h"

#define NS_PER_S 1000000000l

/* Changes what a vnode has; the mutex is held. */
typedef int (*change_fn)(struct vnode *v, const void *what);

static int change(struct vnode *v, change_fn fn, const void *what)
{
	int err = v->fs->flags & FS_READ_ONLY ? -EROFS : 0;

	WITH_MUTEX (&v->mutex) {
		err = err ? err : fn(v, what);
		if (err == 0) {
			v->ctime_ns = vnode_now();
		}
	}
	return err;
}

static long change_at(int dirfd, uaddr_t text, unsigned walk, change_fn fn,
		      const void *what)
{
	struct path p;
	int err = place_walk(&p, dirfd, text, walk);

	if (err == 0) {
		err = change(p.vnode, fn, what);
	}
	path_end(&p);
	return err;
}

static long change_fd(u64 fd, change_fn fn, const void *what)
{
	struct file_use use = file_use(fd, CAP_ANY);
	int err = -EINVAL;

	if (use.file == NULL || (use.file->flags & FILE_PATH)) {
		err = -EBADF;
	} else if (use.file->vnode != NULL) {
		err = change(use.file->vnode, fn, what);
	}
	file_use_end(use);
	return err;
}

static int mode_change(struct vnode *v, const void *what)
{
	u32 mode = *(const u32 *)what & MODE_PERMISSIONS;
	struct cred cred = cred_effective();

	if (!vnode_owned(v)) {
		return -EPERM;
	}
	if (vnode_is(v, MODE_SYMLINK)) {
		return -EOPNOTSUPP;
	}
	if (cred.uid != 0 && cred.gid != v->gid && !cred_in_group(v->gid)) {
		mode &= ~(u32)MODE_SET_GID;
	}
	v->mode = (v->mode & MODE_TYPE) | mode;
	if (vnode_is(v, MODE_DIRECTORY)) {
		path_forget(true);
	}
	return 0;
}

SYSCALL_HANDLER(chmod)
{
	u32 mode = (u32)b;

	return change_at(ABI_AT_FDCWD, uaddr(a), 0, mode_change, &mode);
}

SYSCALL_HANDLER(fchmod)
{
	u32 mode = (u32)b;

	return change_fd(a, mode_change, &mode);
}

SYSCALL_HANDLER(fchmodat)
{
	u32 mode = (u32)c;

	return change_at((int)a, uaddr(b), 0, mode_change, &mode);
}

/* UINT32_MAX: stays as it is. */
struct owner {
	u32 uid;
	u32 gid;
};

static int owner_change(struct vnode *v, const void *what)
{
	struct owner to = *(const struct owner *)what;
	struct cred cred = cred_effective();
	bool uid_stays = to.uid == UINT32_MAX || to.uid == v->uid;
	bool gid_mine = to.gid == UINT32_MAX || to.gid == v->gid ||
			to.gid == cred.gid || cred_in_group(to.gid);

	if (cred.uid != 0 && !(cred.uid == v->uid && uid_stays && gid_mine)) {
		return -EPERM;
	}
	v->uid = to.uid == UINT32_MAX ? v->uid : to.uid;
	v->gid = to.gid == UINT32_MAX ? v->gid : to.gid;
	if (!vnode_is(v, MODE_DIRECTORY)) {
		v->mode &= ~(u32)MODE_SET_UID;
		v->mode &= v->mode & 010 ? ~(u32)MODE_SET_GID : ~0u;
	}
	return 0;
}

SYSCALL_HANDLER(chown)
{
	struct owner owner = { (u32)b, (u32)c };

	return change_at(ABI_AT_FDCWD, uaddr(a), 0, owner_change, &owner);
}

SYSCALL_HANDLER(lchown)
{
	struct owner owner = { (u32)b, (u32)c };

	return change_at(ABI_AT_FDCWD, uaddr(a), PATH_NO_FOLLOW, owner_change,
			 &owner);
}

SYSCALL_HANDLER(fchown)
{
	struct owner owner = { (u32)b, (u32)c };

	return change_fd(a, owner_change, &owner);
}

SYSCALL_HANDLER(fchownat)
{
	struct owner owner = { (u32)c, (u32)d };

	if ((u32)e & ~(u32)(ABI_AT_SYMLINK_NOFOLLOW | ABI_AT_EMPTY_PATH)) {
		return -EINVAL;
	}
	return change_at((int)a, uaddr(b), place_flags(e), owner_change,
			 &owner);
}

/* Access and change; UTIME_NOW and UTIME_OMIT are resolved. */
struct times {
	s64 ns[2];
	bool omit[2];
	bool now; /* both: who may write may do that */
};

static int times_change(struct vnode *v, const void *what)
{
	const struct times *t = what;

	if (t->omit[0] && t->omit[1]) {
		return 0;
	}
	if (!vnode_owned(v)) {
		int err =
			t->now ? vnode_access(v, cred_effective(), ACCESS_WRITE)
			       : -EPERM;
		if (err) {
			return err;
		}
	}
	v->atime_ns = t->omit[0] ? v->atime_ns : t->ns[0];
	v->mtime_ns = t->omit[1] ? v->mtime_ns : t->ns[1];
	return 0;
}

/* Centuries away is as far as nanoseconds go. */
static s64 time_join(s64 s, s64 ns)
{
	s64 limit = INT64_MAX / NS_PER_S - 1;

	return MAX(MIN(s, limit), -limit) * NS_PER_S + ns;
}

static int time_take(struct times *t, unsigned i, struct abi_timespec from)
{
	t->omit[i] = from.ns == ABI_UTIME_OMIT;
	if (from.ns == ABI_UTIME_NOW) {
		t->ns[i] = vnode_now();
		return 1;
	}
	if (!t->omit[i] && (from.ns < 0 || from.ns >= NS_PER_S)) {
		return -EINVAL;
	}
	t->ns[i] = t->omit[i] ? 0 : time_join(from.s, from.ns);
	return 0;
}

static int times_set(struct times *t, const struct abi_timespec from[2])
{
	int first = time_take(t, 0, from[0]);
	int second = time_take(t, 1, from[1]);

	t->now = first == 1 && second == 1;
	return MIN(MIN(first, second), 0);
}

/* Two times of a call in their own form: nanoseconds, microseconds, none. */
static int times_from_user(struct times *t, uaddr_t from, s64 ns_per_unit)
{
	struct abi_timespec spec[2] = { { 0, ABI_UTIME_NOW },
					{ 0, ABI_UTIME_NOW } };

	if (from.va != 0) {
		if (copy_from_user(spec, from, sizeof(spec)) != 0) {
			return -EFAULT;
		}
		for (unsigned i = 0; i < 2 && ns_per_unit != 1; i++) {
			if (spec[i].ns < 0 ||
			    spec[i].ns >= NS_PER_S / ns_per_unit) {
				return -EINVAL;
			}
			spec[i].ns *= ns_per_unit;
		}
	}
	return times_set(t, spec);
}

static long times_at(int dirfd, uaddr_t text, u64 flags, const struct times *t)
{
	if (text.va == 0 && dirfd != ABI_AT_FDCWD) {
		return flags ? -EINVAL : change_fd((u32)dirfd, times_change, t);
	}
	return change_at(dirfd, text, place_flags(flags), times_change, t);
}

SYSCALL_HANDLER(utimensat)
{
	struct times t;
	int err;

	if ((u32)d & ~(u32)(ABI_AT_SYMLINK_NOFOLLOW | ABI_AT_EMPTY_PATH)) {
		return -EINVAL;
	}
	err = times_from_user(&t, uaddr(c), 1);
	return err ? err : times_at((int)a, uaddr(b), d, &t);
}

SYSCALL_HANDLER(futimesat)
{
	struct times t;
	int err = times_from_user(&t, uaddr(c), 1000);

	return err ? err : times_at((int)a, uaddr(b), 0, &t);
}

SYSCALL_HANDLER(utimes)
{
	struct times t;
	int err = times_from_user(&t, uaddr(b), 1000);

	return err ? err : times_at(ABI_AT_FDCWD, uaddr(a), 0, &t);
}

SYSCALL_HANDLER(utime)
{
	struct abi_timespec spec[2] = { { 0, ABI_UTIME_NOW },
					{ 0, ABI_UTIME_NOW } };
	struct times t;
	s64 seconds[2];
	int err;

	if (b != 0) {
		if (copy_from_user(seconds, uaddr(b), sizeof(seconds)) != 0) {
			return -EFAULT;
		}
		spec[0] = (struct abi_timespec){ seconds[0], 0 };
		spec[1] = (struct abi_timespec){ seconds[1], 0 };
	}
	err = times_set(&t, spec);
	return err ? err : times_at(ABI_AT_FDCWD, uaddr(a), 0, &t);
}

static long access_at(int dirfd, uaddr_t text, u64 mode, u64 flags)
{
	bool effective = flags & ABI_AT_EACCESS;
	unsigned walk = place_flags(flags) |
			(effective ? 0u : (unsigned)PATH_REAL_USER);
	struct path p;
	int err;

	if ((u32)mode > 7 ||
	    ((u32)flags & ~(u32)(ABI_AT_EACCESS | ABI_AT_SYMLINK_NOFOLLOW |
				 ABI_AT_EMPTY_PATH))) {
		return -EINVAL;
	}
	err = place_walk(&p, dirfd, text, walk);
	if (err == 0) {
		err = vnode_access(p.vnode,
				   effective ? cred_effective() : cred_real(),
				   (u32)mode);
	}
	path_end(&p);
	return err;
}

SYSCALL_HANDLER(access)
{
	return access_at(ABI_AT_FDCWD, uaddr(a), b, 0);
}

SYSCALL_HANDLER(faccessat)
{
	return access_at((int)a, uaddr(b), c, 0);
}

SYSCALL_HANDLER(faccessat2)
{
	return access_at((int)a, uaddr(b), c, d);
}

static int length_change(struct vnode *v, s64 length)
{
	if (length < 0) {
		return -EINVAL;
	}
	if (vnode_is(v, MODE_DIRECTORY)) {
		return -EISDIR;
	}
	return v->ops->truncate ? v->ops->truncate(v, (u64)length) : -EINVAL;
}

SYSCALL_HANDLER(truncate)
{
	struct path p;
	int err = place_walk(&p, ABI_AT_FDCWD, uaddr(a), 0);

	if (err == 0) {
		err = vnode_access(p.vnode, cred_effective(), ACCESS_WRITE);
	}
	if (err == 0 && READ_ONCE(p.vnode->text_users) > 0) {
		err = -ETXTBSY;
	}
	err = err ? err : length_change(p.vnode, (s64)b);
	path_end(&p);
	return err;
}

SYSCALL_HANDLER(ftruncate)
{
	struct file_use use = file_use(a, CAP_WRITE);
	int err = -EINVAL;

	if (use.file == NULL) {
		/* Open, but not for writing, is another error. */
		use = file_use(a, CAP_ANY);
		err = use.file ? err : -EBADF;
	} else if (use.file->vnode != NULL) {
		err = length_change(use.file->vnode, (s64)b);
	}
	file_use_end(use);
	return err;
}

/* Mode 0 alone: room for the range, and the file is long enough for it. */
SYSCALL_HANDLER(fallocate)
{
	struct file_use use = file_use(a, CAP_WRITE);
	const struct file *file = use.file;
	int err;

	if (file == NULL) {
		return -EBADF;
	}
	if ((s64)c < 0 || (s64)d <= 0) {
		err = -EINVAL;
	} else if (b != 0) {
		err = -EOPNOTSUPP;
	} else if (file->vnode == NULL) {
		err = -ESPIPE;
	} else if (file->vnode->ops->allocate == NULL) {
		err = -ENODEV;
	} else {
		err = file->vnode->ops->allocate(file->vnode, c, d);
	}
	file_use_end(use);
	return err;
}
