/* SPDX-License-Identifier: MIT */
/*
 * Advisory locks on files: on ranges of bytes, and on files as wholes.  The
 * two kinds do not see each other.
 */
#ifndef EXO_FS_LOCK_H
#define EXO_FS_LOCK_H

#include "fs/vnode.h"

/* With the ABI's values for ranges. */
enum lock_type {
	LOCK_SHARED,
	LOCK_EXCLUSIVE,
	LOCK_NOTHING,
};

struct lock_range {
	const void *owner; /* whose locks do not disturb each other */
	u64 first;
	u64 last;
	u32 pid; /* what is told of the owner */
	u8 type; /* enum lock_type */
	bool whole;
};

/*
 * Makes the owner's lock on the range what `want` says: a new one takes the
 * place of what the owner had there.  Errors: -EAGAIN if others are in the way
 * and `wait` is false, -ERESTART, -EDEADLK, -ENOMEM.  Context: thread.
 */
must_check int vnode_lock(struct vnode *v, const struct lock_range *want,
			  bool wait);

/* The first lock that is in the way of `want`; false: none. */
bool vnode_lock_find(struct vnode *v, const struct lock_range *want,
		     struct lock_range *out);

/* All that the owner has locked of the file. Context: thread. */
void vnode_unlock_all(struct vnode *v, const void *owner);

/* Somebody has locked some of it; NULL: nobody. */
static inline bool vnode_has_locks(const struct vnode *v)
{
	return v != NULL && READ_ONCE(v->locks) != NULL;
}

/* The same, and cheap for files without locks; NULL is allowed. */
static inline void vnode_unlock(struct vnode *v, const void *owner)
{
	if (unlikely(vnode_has_locks(v))) {
		vnode_unlock_all(v, owner);
	}
}

#endif
