/* SPDX-License-Identifier: MIT */
/*
 * The table of descriptors: an array of files, a bit each for "in use" and
 * "close on exec".  The first few need no memory of their own; then the table
 * doubles.
 *
 * I1  The bit `used` of a descriptor is set iff its file is not NULL; its
 *     close-on-exec bit is clear if it is not used.
 * I2  A table with one reference whose process has one thread is changed by
 *     that thread alone (and looked at by others under the lock): the thread
 *     reads it without the lock, and what it found open stays open for as long
 *     as its system call lasts.
 */
#include "posix/descriptors.h"

#include "fs/lock.h"
#include "kernel/spinlock.h"
#include "lib/bitmap.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/kmem.h"
#include "posix/process.h"

#define NEAR_FILES 16u

/* Marks: [l] the lock, [a] atomic. */
struct descriptors {
	struct spinlock lock; /* LOCK_DESCRIPTORS */
	u32 refs;             /* [a] */
	u32 size;             /* [l] slots: NEAR_FILES, 64, 128 ... */
	struct file **files;  /* [l] the slots */
	u64 *used_bits;       /* [l] */
	u64 *cloexec_bits;    /* [l] */
	u64 near_bits[2];
	struct file *near[NEAR_FILES];
};

struct descriptors *descriptors_create(void)
{
	struct descriptors *d = kzalloc(sizeof(*d));

	if (d != NULL) {
		spin_init(&d->lock, LOCK_DESCRIPTORS);
		d->refs = 1;
		d->size = NEAR_FILES;
		d->files = d->near;
		d->used_bits = &d->near_bits[0];
		d->cloexec_bits = &d->near_bits[1];
	}
	return d;
}

struct descriptors *descriptors_get(struct descriptors *d)
{
	__atomic_fetch_add(&d->refs, 1, __ATOMIC_RELAXED);
	return d;
}

bool descriptors_alone(const struct descriptors *d)
{
	return __atomic_load_n(&d->refs, __ATOMIC_ACQUIRE) == 1;
}

void descriptors_put(struct descriptors *d)
{
	if (__atomic_fetch_sub(&d->refs, 1, __ATOMIC_ACQ_REL) != 1) {
		return;
	}
	descriptors_close_range(d, 0, UINT64_MAX);
	if (d->files != d->near) {
		kfree(d->files);
	}
	kfree(d);
}

/* One block: the slots, then both bit sets. */
static struct file **table_alloc(u32 size)
{
	return kzalloc(size * sizeof(struct file *) +
		       2 * BITMAP_WORDS(size) * sizeof(u64));
}

/* The slots are in `to`, zeroed and large enough; what it replaces returns. */
static struct file **table_move_locked(struct descriptors *d, struct file **to,
				       u32 size)
{
	struct file **old = d->files == d->near ? NULL : d->files;
	u64 *bits = (u64 *)(to + size);
	size_t words = BITMAP_WORDS(d->size);

	memcpy(to, d->files, d->size * sizeof(*to));
	memcpy(bits, d->used_bits, words * sizeof(u64));
	memcpy(bits + BITMAP_WORDS(size), d->cloexec_bits, words * sizeof(u64));
	d->files = to;
	d->used_bits = bits;
	d->cloexec_bits = bits + BITMAP_WORDS(size);
	d->size = size;
	return old;
}

/* Makes room for descriptor `fd` < DESCRIPTORS_MAX. Errors: -ENOMEM. */
static int table_grow(struct descriptors *d, u64 fd)
{
	u32 size = 64;
	struct file **to;

	while (size <= fd) {
		size *= 2;
	}
	to = table_alloc(size);
	if (to == NULL) {
		return -ENOMEM;
	}
	WITH_SPINLOCK (&d->lock) {
		/* Another thread may have been faster. */
		if (d->size < size) {
			to = table_move_locked(d, to, size);
		}
	}
	kfree(to);
	return 0;
}

static inline void mark_set_locked(struct descriptors *d, u64 fd, bool mark)
{
	u64 bit = 1ull << (fd % 64);
	u64 *word = &d->cloexec_bits[fd / 64];

	*word = mark ? *word | bit : *word & ~bit;
}

/* Puts `file` there and returns what was. */
static inline struct file *slot_set_locked(struct descriptors *d, u64 fd,
					   struct file *file,
					   bool close_on_exec)
{
	struct file *old = d->files[fd];

	d->files[fd] = file;
	d->used_bits[fd / 64] |= 1ull << (fd % 64);
	mark_set_locked(d, fd, close_on_exec);
	return old;
}

/* Takes what is there away, and returns it. */
static inline struct file *slot_clear_locked(struct descriptors *d, u64 fd)
{
	struct file *old = d->files[fd];
	u64 others = ~(1ull << (fd % 64));

	d->files[fd] = NULL;
	d->used_bits[fd / 64] &= others;
	d->cloexec_bits[fd / 64] &= others;
	return old;
}

/* The lowest free descriptor from `from` on; of none, one beyond the table. */
static inline u64 free_find_locked(const struct descriptors *d, u64 from)
{
	u64 free = from < d->size ? ~d->used_bits[from / 64] >> from % 64 : 0;

	if (likely(free != 0)) {
		return from + (u64)__builtin_ctzll(free);
	}
	return from < d->size ? bitmap_find_clear(d->used_bits, d->size, from)
			      : from;
}

struct descriptors *descriptors_clone(struct descriptors *from)
{
	struct descriptors *d = descriptors_create();
	u32 size = READ_ONCE(from->size);

	while (d != NULL && d->size < size) {
		if (table_grow(d, size - 1) != 0) {
			descriptors_put(d);
			return NULL;
		}
		size = READ_ONCE(from->size);
	}
	if (d == NULL) {
		return NULL;
	}
	WITH_SPINLOCK (&from->lock) {
		/* What another thread adds meanwhile beyond is not seen. */
		size = MIN(d->size, from->size);
		for (size_t fd = bitmap_find_set(from->used_bits, size, 0);
		     fd < size;
		     fd = bitmap_find_set(from->used_bits, size, fd + 1)) {
			slot_set_locked(d, fd, file_get(from->files[fd]),
					bitmap_test(from->cloexec_bits, fd));
		}
	}
	return d;
}

struct file *descriptors_file(struct descriptors *d, u64 fd)
{
	WITH_SPINLOCK (&d->lock) {
		if (fd < d->size && d->files[fd] != NULL) {
			return file_get(d->files[fd]);
		}
	}
	return NULL;
}

struct file_use file_use(u64 fd)
{
	const struct process *self = process_current();
	struct descriptors *d = self->descriptors;
	u32 number = (u32)fd; /* an int: the upper half does not count */
	struct file *file;

	if (READ_ONCE(self->task_count) == 1 && descriptors_alone(d)) {
		file = number < d->size ? d->files[number] : NULL;
		return (struct file_use){ file, false };
	}
	file = descriptors_file(d, number);
	return (struct file_use){ file, file != NULL };
}

int descriptors_add(struct descriptors *d, struct file *file, u64 from,
		    u64 limit, bool close_on_exec)
{
	limit = MIN(limit, (u64)DESCRIPTORS_MAX);
	for (;;) {
		u64 fd = from;

		WITH_SPINLOCK (&d->lock) {
			fd = free_find_locked(d, from);
			if (fd < limit && fd < d->size) {
				slot_set_locked(d, fd, file, close_on_exec);
				return (int)fd;
			}
		}
		if (fd >= limit) {
			return -EMFILE;
		}
		if (table_grow(d, fd) != 0) {
			return -ENOMEM;
		}
	}
}

/* A file is not in the table any more: who closes it, unlocks it. */
static void file_leave(struct descriptors *d, struct file *file)
{
	vnode_unlock(file->vnode, d);
	file_put(file);
}

int descriptors_set(struct descriptors *d, struct file *file, u64 fd,
		    bool close_on_exec)
{
	struct file *old = NULL;

	if (fd >= READ_ONCE(d->size) && table_grow(d, fd) != 0) {
		return -ENOMEM;
	}
	WITH_SPINLOCK (&d->lock) {
		old = slot_set_locked(d, fd, file, close_on_exec);
	}
	if (old != NULL) {
		file_leave(d, old);
	}
	return 0;
}

int descriptors_close(struct descriptors *d, u64 fd)
{
	struct file *file = NULL;

	WITH_SPINLOCK (&d->lock) {
		if (fd < d->size) {
			file = slot_clear_locked(d, fd);
		}
	}
	if (file == NULL) {
		return -EBADF;
	}
	file_leave(d, file);
	return 0;
}

int descriptors_next(struct descriptors *d, u64 from)
{
	WITH_SPINLOCK (&d->lock) {
		size_t fd = from < d->size ? bitmap_find_set(d->used_bits,
							     d->size, from)
					   : d->size;

		return fd < d->size ? (int)fd : -1;
	}
	return -1;
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
	WITH_SPINLOCK (&d->lock) {
		for (u64 fd = first; fd < d->size && fd <= last; fd++) {
			if (d->files[fd] != NULL) {
				bitmap_set(d->cloexec_bits, fd);
			}
		}
	}
}

void descriptors_close_on_exec(struct descriptors *d)
{
	for (u32 fd = 0; fd < d->size; fd++) {
		fd = (u32)bitmap_find_set(d->cloexec_bits, d->size, fd);
		if (fd < d->size && descriptors_close(d, fd) != 0) {
			break;
		}
	}
}

int descriptors_mark(struct descriptors *d, u64 fd)
{
	WITH_SPINLOCK (&d->lock) {
		if (fd < d->size && d->files[fd] != NULL) {
			return bitmap_test(d->cloexec_bits, fd);
		}
	}
	return -EBADF;
}

int descriptors_set_mark(struct descriptors *d, u64 fd, bool mark)
{
	WITH_SPINLOCK (&d->lock) {
		if (fd < d->size && d->files[fd] != NULL) {
			mark_set_locked(d, fd, mark);
			return 0;
		}
	}
	return -EBADF;
}
