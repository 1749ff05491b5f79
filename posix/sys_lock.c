/* SPDX-License-Identifier: MIT */
/*
 * System calls that lock files.  A range belongs to the process (its table of
 * descriptors: closing any descriptor of the file unlocks it) or to the open
 * file; flock() always to the open file.
 */
#include "arch/user.h"
#include "fs/lock.h"
#include "lib/errno.h"
#include "posix/abi_file.h"
#include "posix/descriptors.h"
#include "posix/lock.h"
#include "posix/process.h"
#include "posix/syscall.h"

#define POSITION_MAX INT64_MAX

/* Where the range's offsets count from. Errors: -EINVAL. */
static s64 base_of(struct file *file, int whence)
{
	struct file_stat stat;

	switch (whence) {
	case 0: return 0;
	case 1: return (s64)READ_ONCE(file->pos);
	case 2: vnode_stat(file->vnode, &stat); return (s64)stat.size_bytes;
	default: return -EINVAL;
	}
}

/* A length of 0 reaches to the end, one below 0 lies before the start. */
static int range_of(struct file *file, const struct abi_flock *l,
		    struct lock_range *r)
{
	s64 first = base_of(file, l->whence);
	s64 last = POSITION_MAX;

	if (first < 0) {
		return -EINVAL;
	}
	if (__builtin_add_overflow(first, l->start, &first)) {
		return -EOVERFLOW;
	}
	if (l->len != 0 &&
	    __builtin_add_overflow(first, l->len > 0 ? l->len - 1 : -1,
				   &last)) {
		return -EOVERFLOW;
	}
	if (l->len < 0 && __builtin_add_overflow(first, l->len, &first)) {
		return -EINVAL;
	}
	r->first = (u64)first;
	r->last = (u64)last;
	return first < 0 ? -EINVAL : 0;
}

static void lock_tell(struct abi_flock *l, const struct lock_range *r)
{
	*l = (struct abi_flock){
		.type = r->type,
		.start = (s64)r->first,
		.len = r->last == POSITION_MAX ? 0
					       : (s64)(r->last - r->first + 1),
		.pid = (s32)r->pid,
	};
}

static long lock_ask(struct file *file, struct abi_flock *l,
		     const struct lock_range *want, uaddr_t arg)
{
	struct lock_range other;

	if (want->type == LOCK_NOTHING) {
		return -EINVAL;
	}
	if (vnode_lock_find(file->vnode, want, &other)) {
		lock_tell(l, &other);
	} else {
		l->type = LOCK_NOTHING;
	}
	return copy_to_user(arg, l, sizeof(*l));
}

/* What another thread closed meanwhile must not stay locked. */
static long lock_set(struct file *file, u64 fd, const struct lock_range *want,
		     bool wait)
{
	u32 access = want->type == LOCK_SHARED ? FILE_READ : FILE_WRITE;
	struct file *now;
	int err;

	if (want->type != LOCK_NOTHING && !(file->access & access)) {
		return -EBADF;
	}
	err = vnode_lock(file->vnode, want, wait);
	if (err || want->owner == file) {
		return err;
	}
	now = descriptors_file(process_current()->descriptors, (u32)fd,
			       CAP_ANY);
	if (now != file) {
		vnode_unlock(file->vnode, want->owner);
	}
	if (now != NULL) {
		file_put(now);
	}
	return now == file ? 0 : -EBADF;
}

long lock_control(struct file *file, u64 fd, u32 command, uaddr_t arg)
{
	bool of_file = command >= ABI_F_OFD_GETLK;
	struct lock_range want;
	struct abi_flock l;
	int err;

	if (file->vnode == NULL || (file->flags & FILE_PATH)) {
		return -EBADF;
	}
	if (copy_from_user(&l, arg, sizeof(l)) != 0) {
		return -EFAULT;
	}
	if (l.type < 0 || l.type > LOCK_NOTHING || (of_file && l.pid != 0)) {
		return -EINVAL;
	}
	want = (struct lock_range){
		.owner = of_file ? (const void *)file
				 : process_current()->descriptors,
		.pid = of_file ? UINT32_MAX : process_current()->pid,
		.type = (u8)l.type,
	};
	err = range_of(file, &l, &want);
	if (err) {
		return err;
	}
	switch (command) {
	case ABI_F_GETLK:
	case ABI_F_OFD_GETLK: return lock_ask(file, &l, &want, arg);
	default:
		return lock_set(file, fd, &want,
				command == ABI_F_SETLKW ||
					command == ABI_F_OFD_SETLKW);
	}
}

static long lock_whole(struct file *file, u32 how)
{
	struct lock_range want = {
		.owner = file,
		.last = POSITION_MAX,
		.whole = true,
	};

	switch (how & ~(u32)ABI_LOCK_NB) {
	case ABI_LOCK_SH: want.type = LOCK_SHARED; break;
	case ABI_LOCK_EX: want.type = LOCK_EXCLUSIVE; break;
	case ABI_LOCK_UN: want.type = LOCK_NOTHING; break;
	default: return -EINVAL;
	}
	if (file->vnode == NULL) {
		return -EINVAL;
	}
	return vnode_lock(file->vnode, &want, !(how & ABI_LOCK_NB));
}

SYSCALL_HANDLER(flock)
{
	struct file_use use = file_use(a, CAP_ANY);
	long result = -EBADF;

	if (use.file != NULL && !(use.file->flags & FILE_PATH)) {
		result = lock_whole(use.file, (u32)b);
	}
	file_use_end(use);
	return result;
}
