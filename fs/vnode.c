/* SPDX-License-Identifier: MIT */
/*
 * What vnodes of all file systems have in common: references, rights, times.
 */
#include "fs/vnode.h"

#include "fs/mount.h"
#include "kernel/clock.h"
#include "lib/errno.h"
#include "lib/string.h"

struct name name_of(const char *text, size_t len)
{
	struct name name = { text, (u32)len, 0 };
	u64 hash = 0;

	for (size_t at = 0; at < len; at += sizeof(u64)) {
		u64 bytes = 0;

		memcpy(&bytes, text + at, MIN(len - at, sizeof(bytes)));
		hash = name_hash_step(hash, bytes);
	}
	name.hash = hash;
	return name;
}

void vnode_init(struct vnode *v, struct fs *fs, const struct vnode_ops *ops,
		u32 mode)
{
	s64 now = vnode_now();

	v->ops = ops;
	v->fs = fs_get(fs);
	v->refs = 1;
	v->mode = mode;
	v->atime_ns = v->mtime_ns = v->ctime_ns = now;
	mutex_init(&v->mutex, LOCK_VNODE);
}

void vnode_end(struct vnode *v)
{
	do {
		struct fs *fs = v->fs;

		v = v->ops->destroy(v);
		fs_put(fs);
	} while (v != NULL && vnode_unref(v));
}

/* The three bits of permission that count for the caller. */
static unsigned permission(const struct vnode *v, struct cred cred)
{
	u32 mode = v->mode;

	if (cred.uid == v->uid) {
		return mode >> 6 & 7;
	}
	return (cred.gid == v->gid || cred_in_group(v->gid) ? mode >> 3
							    : mode) &
	       7;
}

int vnode_access_check(const struct vnode *v, struct cred cred, unsigned wanted)
{
	if ((wanted & ACCESS_WRITE) && (v->fs->flags & FS_READ_ONLY) &&
	    !vnode_is(v, MODE_CHARACTER) && !vnode_is(v, MODE_FIFO)) {
		return -EROFS;
	}
	if (cred.uid == 0) {
		/* Nobody executes what has no such bit at all. */
		return (wanted & ACCESS_EXEC) && (v->mode & 0111) == 0 &&
				       !vnode_is(v, MODE_DIRECTORY)
			       ? -EACCES
			       : 0;
	}
	return (permission(v, cred) & wanted) == wanted ? 0 : -EACCES;
}

bool vnode_owned(const struct vnode *v)
{
	u32 uid = cred_effective().uid;

	return uid == 0 || uid == v->uid;
}

s64 vnode_now(void)
{
	return (s64)clock_date_ns();
}

void vnode_changed(struct vnode *v)
{
	v->mtime_ns = v->ctime_ns = vnode_now();
}

void vnode_accessed(struct vnode *v)
{
	if (v->atime_ns <= v->mtime_ns && !(v->fs->flags & FS_READ_ONLY)) {
		WRITE_ONCE(v->atime_ns, vnode_now());
	}
}

int vnode_text_claim(struct vnode *v)
{
	__atomic_fetch_add(&v->text_users, 1, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&v->writers, __ATOMIC_SEQ_CST) > 0) {
		__atomic_fetch_sub(&v->text_users, 1, __ATOMIC_RELAXED);
		return -ETXTBSY;
	}
	vnode_get(v);
	return 0;
}

int vnode_writer_enter(struct vnode *v)
{
	__atomic_fetch_add(&v->writers, 1, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&v->text_users, __ATOMIC_SEQ_CST) > 0) {
		vnode_writer_leave(v);
		return -ETXTBSY;
	}
	return 0;
}
