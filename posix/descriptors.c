/* SPDX-License-Identifier: MIT */
/*
 * The table of descriptors: the process's capabilities, and what POSIX wants of
 * it besides.
 *
 * I1  Every object in the table is a struct file, of which a slot in use holds
 *     a reference.
 * I2  A table with one reference whose process has one thread is changed by
 *     that thread alone (and looked at by others under the lock): the thread
 *     reads it without the lock, and what it found open stays open for as long
 *     as its system call lasts.
 */
#include "posix/descriptors.h"

#include "fs/lock.h"
#include "lib/errno.h"
#include "mm/kmem.h"
#include "posix/process.h"

static_assert((int)CAP_READ == (int)FILE_READ &&
		      (int)CAP_WRITE == (int)FILE_WRITE,
	      "fs/file.h");

struct descriptors *descriptors_create(void)
{
	struct descriptors *d = kmalloc(sizeof(*d));

	if (d != NULL) {
		d->refs = 1;
		cap_table_init(&d->table);
	}
	return d;
}

struct descriptors *descriptors_get(struct descriptors *d)
{
	__atomic_fetch_add(&d->refs, 1, __ATOMIC_RELAXED);
	return d;
}

void descriptors_put(struct descriptors *d)
{
	if (__atomic_fetch_sub(&d->refs, 1, __ATOMIC_ACQ_REL) != 1) {
		return;
	}
	descriptors_close_range(d, 0, UINT64_MAX);
	cap_table_destroy(&d->table);
	kfree(d);
}

struct cap cap_of_file(struct file *file)
{
	u32 rights = CAP_ANY | CAP_ALL;

	rights &= file->access | ~(u32)(CAP_READ | CAP_WRITE);
	return (struct cap){ file, (u16)rights, file->ops->type };
}

void cap_drop(struct cap cap)
{
	if (cap.entry != NULL) {
		file_put(cap_object(cap));
		cap_node_put(cap);
	}
}

/* The same, and the process's locks on the file end. */
static noinline void cap_leave(struct descriptors *d, struct cap cap)
{
	struct file *file = cap_object(cap);

	vnode_unlock(file->vnode, d);
	cap_drop(cap);
}

/* A capability is not in the table any more. */
static always_inline void cap_close(struct descriptors *d, struct cap cap)
{
	struct file *file = cap.entry;

	if (unlikely(cap.rights == 0 || vnode_has_locks(file->vnode))) {
		cap_leave(d, cap);
	} else {
		file_put(file);
	}
}

struct descriptors *descriptors_clone(struct descriptors *from)
{
	struct descriptors *d = descriptors_create();
	u32 size = READ_ONCE(from->table.size);

	while (d != NULL && d->table.size < size) {
		if (cap_table_grow(&d->table, size - 1) != 0) {
			descriptors_put(d);
			return NULL;
		}
		size = READ_ONCE(from->table.size);
	}
	if (d == NULL) {
		return NULL;
	}
	WITH_SPINLOCK (&from->table.lock) {
		/* What another thread adds meanwhile beyond is not seen. */
		for (s64 fd = cap_next_locked(&from->table, 0);
		     fd >= 0 && fd < d->table.size;
		     fd = cap_next_locked(&from->table, (u32)fd + 1)) {
			file_get(cap_inherit_locked(&d->table, &from->table,
						    (u32)fd));
		}
	}
	return d;
}

struct file *descriptors_file(struct descriptors *d, u64 fd, u32 right)
{
	struct file *file = NULL;

	WITH_SPINLOCK (&d->table.lock) {
		file = fd < DESCRIPTORS_MAX
			       ? cap_find(&d->table, (u32)fd, right)
			       : NULL;
		if (file != NULL) {
			file_get(file);
		}
	}
	return file;
}

struct cap descriptors_cap(struct descriptors *d, u64 fd)
{
	struct cap cap = { 0 };

	WITH_SPINLOCK (&d->table.lock) {
		if (cap_find(&d->table, (u32)fd, CAP_ANY) != NULL) {
			cap = cap_at(&d->table, (u32)fd);
			file_get(cap_object(cap));
			cap_node_get(cap);
		}
	}
	return cap;
}

int descriptors_get_cap(struct descriptors *d, u64 handle, u32 rights,
			struct cap *out)
{
	int err = 0;

	WITH_SPINLOCK (&d->table.lock) {
		err = cap_check(&d->table, handle, rights, CAP_TYPE_ANY);
		if (err == 0) {
			*out = cap_at(&d->table, CAP_SLOT(handle));
			file_get(cap_object(*out));
			cap_node_get(*out);
		}
	}
	return err;
}

/* The slot that still holds `plain` has the node from now on. */
static bool root_set(struct cap_table *t, u32 slot, struct cap plain,
		     struct cap rooted)
{
	bool done = false;

	WITH_SPINLOCK (&t->lock) {
		done = cap_at(t, slot).entry == plain.entry &&
		       cap_at(t, slot).rights == plain.rights &&
		       cap_root_locked(t, slot, rooted);
		if (done) {
			cap_node_get(rooted);
		}
	}
	return done;
}

int descriptors_source(struct descriptors *d, u64 handle, u32 rights,
		       struct cap *out)
{
	struct cap plain;
	int err = descriptors_get_cap(d, handle, rights, &plain);

	while (err == 0 && plain.rights != 0) {
		err = cap_root(plain, out);
		if (err == 0 &&
		    root_set(&d->table, CAP_SLOT(handle), plain, *out)) {
			return 0;
		}
		if (err == 0) {
			cap_node_put(*out);
		}
		/* Another thread was faster. */
		cap_drop(plain);
		err = err ? err
			  : descriptors_get_cap(d, handle, rights, &plain);
	}
	*out = plain;
	return err;
}

struct file_use file_use_counted(struct descriptors *d, u32 fd, u32 right)
{
	struct file *file = descriptors_file(d, fd, right);

	return (struct file_use){ file, file != NULL };
}

/* The slow way: with the lock, a reference, nodes and the reasons. */
int handle_use_counted(struct cap_table *t, u64 handle, u32 rights,
		       enum cap_type type, struct file_use *use)
{
	int err = 0;

	WITH_SPINLOCK (&t->lock) {
		err = cap_check(t, handle, rights, type);
		if (err == 0) {
			use->file = file_get(
				cap_object(cap_at(t, CAP_SLOT(handle))));
			use->counted = true;
		}
	}
	return err;
}

int descriptors_add_cap(struct descriptors *d, struct cap cap, u64 from,
			u64 limit, bool close_on_exec)
{
	limit = MIN(limit, (u64)DESCRIPTORS_MAX);
	while (from < limit) {
		WITH_SPINLOCK (&d->table.lock) {
			s64 fd = cap_free_locked(&d->table, (u32)from);

			if (fd >= 0 && (u64)fd < limit) {
				cap_fill_locked(&d->table, (u32)fd, cap,
						close_on_exec);
				return (int)fd;
			}
			from = MAX(from, (u64)d->table.size);
		}
		if (from < limit && cap_table_grow(&d->table, (u32)from) != 0) {
			return -ENOMEM;
		}
	}
	return -EMFILE;
}

bool descriptors_have_room(struct descriptors *d, u64 limit)
{
	s64 fd = -1;
	u64 size = 0;

	WITH_SPINLOCK (&d->table.lock) {
		fd = cap_free_locked(&d->table, 0);
		size = d->table.size;
	}
	return (fd < 0 ? size : (u64)fd) < MIN(limit, (u64)DESCRIPTORS_MAX);
}

int descriptors_add(struct descriptors *d, struct file *file, u64 from,
		    u64 limit, bool close_on_exec)
{
	WITH_SPINLOCK (&d->table.lock) {
		u32 fd = cap_free_near_locked(&d->table, (u32)from);

		if (likely(fd < MIN(limit, (u64)d->table.size) &&
			   from < limit)) {
			cap_fill_locked(&d->table, fd, cap_of_file(file),
					close_on_exec);
			return (int)fd;
		}
	}
	return descriptors_add_cap(d, cap_of_file(file), from, limit,
				   close_on_exec);
}

int descriptors_set_cap(struct descriptors *d, struct cap cap, u64 fd,
			bool close_on_exec)
{
	struct cap old = { 0 };

	if (fd >= READ_ONCE(d->table.size) &&
	    cap_table_grow(&d->table, (u32)fd) != 0) {
		return -ENOMEM;
	}
	WITH_SPINLOCK (&d->table.lock) {
		old = cap_take_locked(&d->table, (u32)fd);
		cap_fill_locked(&d->table, (u32)fd, cap, close_on_exec);
	}
	if (old.entry != NULL) {
		cap_close(d, old);
	}
	return 0;
}

int descriptors_set(struct descriptors *d, struct file *file, u64 fd,
		    bool close_on_exec)
{
	return descriptors_set_cap(d, cap_of_file(file), fd, close_on_exec);
}

long descriptors_close(struct descriptors *d, u64 fd)
{
	struct cap old = { 0 };

	WITH_SPINLOCK (&d->table.lock) {
		if (fd < d->table.size) {
			old = cap_take_locked(&d->table, (u32)fd);
		}
	}
	if (unlikely(old.entry == NULL)) {
		return -EBADF;
	}
	cap_close(d, old);
	return 0;
}

int descriptors_next(struct descriptors *d, u64 from)
{
	int fd = -1;

	WITH_SPINLOCK (&d->table.lock) {
		fd = from < DESCRIPTORS_MAX
			     ? (int)cap_next_locked(&d->table, (u32)from)
			     : -1;
	}
	return fd;
}

void descriptors_close_range(struct descriptors *d, u64 first, u64 last)
{
	int fd = descriptors_next(d, first);

	while (fd >= 0 && (u64)fd <= last) {
		/* -EBADF: another thread was faster. */
		if (descriptors_close(d, (u64)fd) == 0) {
			fd++;
		}
		fd = descriptors_next(d, (u64)fd);
	}
}

void descriptors_mark_range(struct descriptors *d, u64 first, u64 last)
{
	WITH_SPINLOCK (&d->table.lock) {
		for (u64 fd = first; fd < d->table.size && fd <= last; fd++) {
			d->table.slots[fd].marked = true;
		}
	}
}

void descriptors_close_on_exec(struct descriptors *d)
{
	for (int fd = descriptors_next(d, 0); fd >= 0;
	     fd = descriptors_next(d, (u64)fd + 1)) {
		if (d->table.slots[fd].marked &&
		    descriptors_close(d, (u64)fd) != 0) {
			break;
		}
	}
}

/* The slot if it is in use, else NULL. The lock is held. */
static struct cap_slot *slot_locked(struct descriptors *d, u64 fd)
{
	struct cap_slot *slot = &d->table.slots[fd];

	return fd < d->table.size && slot->entry != NULL ? slot : NULL;
}

u64 descriptors_handle(struct descriptors *d, u32 fd)
{
	u64 handle = 0;

	WITH_SPINLOCK (&d->table.lock) {
		if (slot_locked(d, fd) != NULL) {
			handle = cap_handle_locked(&d->table, fd);
		}
	}
	return handle;
}

int descriptors_mark(struct descriptors *d, u64 fd)
{
	WITH_SPINLOCK (&d->table.lock) {
		const struct cap_slot *slot = slot_locked(d, fd);

		if (slot != NULL) {
			return slot->marked;
		}
	}
	return -EBADF;
}

int descriptors_set_mark(struct descriptors *d, u64 fd, bool mark)
{
	WITH_SPINLOCK (&d->table.lock) {
		struct cap_slot *slot = slot_locked(d, fd);

		if (slot != NULL) {
			slot->marked = mark;
			return 0;
		}
	}
	return -EBADF;
}
