/* SPDX-License-Identifier: MIT */
/*
 * Advisory locks.  A file's locks are a list; one waiting queue, whose lock
 * guards all of them, serves all files, so that a circle of owners who wait for
 * each other is found wherever their files are.
 *
 * I1  Ranges of one owner and kind on one file do not meet.
 * I2  A lock's owner has the file open: the list is empty when the vnode ends.
 * I3  Who changes a list under the queue's lock so that others may go on wakes
 *     them all; each looks again.
 */
#include "fs/lock.h"

#include "kernel/waitq.h"
#include "lib/errno.h"
#include "lib/list.h"
#include "mm/kmem.h"

/* How many owners a circle may have to be seen. */
#define CIRCLE_MAX 16

struct file_lock {
	struct file_lock *next;
	struct lock_range range;
};

/* One who waits for a range. */
struct lock_wait {
	struct list link;
	const void *owner;
	const void *other; /* who is in the way */
};

static struct {
	struct waitq q;
	struct list waits; /* [q] struct lock_wait */
} locks = {
	.q = WAITQ_INIT(locks.q),
	.waits = LIST_INIT(locks.waits),
};

/* Locks that are needed, and that are to be freed. */
struct supply {
	struct file_lock *ready[2];
	struct file_lock *spent;
};

static bool own(const struct file_lock *lock, const struct lock_range *r)
{
	return lock->range.owner == r->owner && lock->range.whole == r->whole;
}

static struct file_lock *conflict(struct vnode *v, const struct lock_range *r)
{
	struct file_lock *at = v->locks;

	while (at != NULL &&
	       (own(at, r) || at->range.whole != r->whole ||
		at->range.last < r->first || at->range.first > r->last ||
		(at->range.type == LOCK_SHARED && r->type == LOCK_SHARED))) {
		at = at->next;
	}
	return r->type == LOCK_NOTHING ? NULL : at;
}

static void add(struct vnode *v, struct supply *supply,
		const struct lock_range *range)
{
	unsigned slot = supply->ready[0] == NULL;
	struct file_lock *lock = supply->ready[slot];

	supply->ready[slot] = NULL;
	lock->range = *range;
	lock->next = v->locks;
	WRITE_ONCE(v->locks, lock);
}

/* Takes a lock out of the list. */
static void drop(struct file_lock **at, struct supply *supply)
{
	struct file_lock *lock = *at;

	WRITE_ONCE(*at, lock->next);
	lock->next = supply->spent;
	supply->spent = lock;
}

/*
 * Takes the owner's locks out of `r`, and makes `r` longer by those of its own
 * type that it meets.  One of another type that goes beyond both ends becomes
 * two.
 */
static void carve(struct vnode *v, struct lock_range *r, struct supply *supply)
{
	struct file_lock **at = &v->locks;

	while (*at != NULL) {
		struct lock_range *old = &(*at)->range;
		u64 near = old->type == r->type; /* neighbours join */

		if (!own(*at, r) || old->last + near < r->first ||
		    old->first > r->last + near) {
			at = &(*at)->next;
		} else if (near) {
			r->first = MIN(r->first, old->first);
			r->last = MAX(r->last, old->last);
			drop(at, supply);
		} else if (old->first < r->first) {
			struct lock_range rest = *old;

			old->last = r->first - 1;
			rest.first = r->last + 1;
			if (rest.last > r->last) {
				add(v, supply, &rest);
			}
			at = &v->locks;
		} else if (old->last > r->last) {
			old->first = r->last + 1;
		} else {
			drop(at, supply);
		}
	}
}

/* Would waiting for `other` never end, since that waits for the owner? */
static bool circle(const void *owner, const void *other)
{
	for (unsigned i = 0; i < CIRCLE_MAX && other != owner; i++) {
		const void *next = NULL;

		list_for_each (at, &locks.waits) {
			const struct lock_wait *w =
				list_entry(at, struct lock_wait, link);

			next = w->owner == other ? w->other : next;
		}
		if (next == NULL) {
			return false;
		}
		other = next;
	}
	return other == owner;
}

/* Waits until nobody is in the way. The queue's lock is held. */
static int wait_locked(struct vnode *v, const struct lock_range *r, bool wait)
{
	struct lock_wait self = { .owner = r->owner };
	const struct file_lock *lock;
	int err = 0;

	while (err == 0 && (lock = conflict(v, r)) != NULL) {
		if (!wait) {
			return -EAGAIN;
		}
		self.other = lock->range.owner;
		if (!r->whole && circle(self.owner, self.other)) {
			return -EDEADLK;
		}
		list_push_back(&locks.waits, &self.link);
		err = waitq_sleep_interruptible(&locks.q, WAITQ_FOREVER);
		list_remove(&self.link);
	}
	return err ? -ERESTART : 0;
}

static void supply_free(struct supply *supply)
{
	kfree(supply->ready[0]);
	kfree(supply->ready[1]);
	while (supply->spent != NULL) {
		struct file_lock *next = supply->spent->next;

		kfree(supply->spent);
		supply->spent = next;
	}
}

/* Others may go on once the queue's lock is released (I3). */
static void end(u64 flags, struct supply *supply)
{
	bool waits = !list_empty(&locks.waits);

	waitq_unlock(&locks.q, flags);
	if (waits) {
		waitq_wake_all(&locks.q);
	}
	supply_free(supply);
}

/* True if the file as a whole is locked so already; else that lock goes. */
static bool held(struct vnode *v, const struct lock_range *want,
		 struct supply *supply)
{
	struct file_lock **at = &v->locks;

	while (*at != NULL && !own(*at, want)) {
		at = &(*at)->next;
	}
	if (*at != NULL && (*at)->range.type == want->type) {
		return true;
	}
	if (*at != NULL) {
		drop(at, supply);
	}
	return false;
}

int vnode_lock(struct vnode *v, const struct lock_range *want, bool wait)
{
	struct supply supply = { .spent = NULL };
	struct lock_range r = *want;
	int err = 0;
	u64 flags;

	for (unsigned i = 0; i < 2; i++) {
		supply.ready[i] = kmalloc(sizeof(struct file_lock));
	}
	if (supply.ready[0] == NULL || supply.ready[1] == NULL) {
		supply_free(&supply);
		return -ENOMEM;
	}
	flags = waitq_lock(&locks.q);
	if (!want->whole || !held(v, want, &supply)) {
		if (supply.spent != NULL && wait) {
			/* Who wants more lets others through first. */
			waitq_unlock(&locks.q, flags);
			waitq_wake_all(&locks.q);
			flags = waitq_lock(&locks.q);
		}
		err = wait_locked(v, want, wait);
		if (err == 0) {
			carve(v, &r, &supply);
		}
		if (err == 0 && r.type != LOCK_NOTHING) {
			add(v, &supply, &r);
		}
	}
	end(flags, &supply);
	return err;
}

bool vnode_lock_find(struct vnode *v, const struct lock_range *want,
		     struct lock_range *out)
{
	u64 flags = waitq_lock(&locks.q);
	const struct file_lock *lock = conflict(v, want);

	if (lock != NULL) {
		*out = lock->range;
	}
	waitq_unlock(&locks.q, flags);
	return lock != NULL;
}

void vnode_unlock_all(struct vnode *v, const void *owner)
{
	struct supply supply = { .spent = NULL };
	u64 flags = waitq_lock(&locks.q);
	struct file_lock **at = &v->locks;

	while (*at != NULL) {
		if ((*at)->range.owner == owner) {
			drop(at, &supply);
		} else {
			at = &(*at)->next;
		}
	}
	end(flags, &supply);
}
