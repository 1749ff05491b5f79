/* SPDX-License-Identifier: MIT */
/*
 * Descriptors: the small numbers by which a process names its open files.
 * Each is a slot of a table of capabilities (ipc/capability.h) whose objects
 * are files, so every use of one is checked for what it is used for.  Threads
 * share one table, fork() copies it.
 */
#ifndef EXO_POSIX_DESCRIPTORS_H
#define EXO_POSIX_DESCRIPTORS_H

#include "fs/file.h"
#include "ipc/capability.h"
#include "lib/types.h"
#include "posix/process.h"

/* What RLIMIT_NOFILE is at first, and the most that it may become. */
#define DESCRIPTORS_LIMIT 1024
#define DESCRIPTORS_MAX   65536

/* Marks: [a] atomic. */
struct descriptors {
	u32 refs; /* [a] */
	struct cap_table table;
};

/* An empty table with one reference; NULL: no memory. */
must_check struct descriptors *descriptors_create(void);

/* A copy that shares the files, marks and all; NULL: no memory. */
must_check struct descriptors *descriptors_clone(struct descriptors *from);

struct descriptors *descriptors_get(struct descriptors *d);

/* The last reference closes everything. Context: thread, may sleep. */
void descriptors_put(struct descriptors *d);

/* True if the caller's reference is the only one. */
static inline bool descriptors_alone(const struct descriptors *d)
{
	return __atomic_load_n(&d->refs, __ATOMIC_ACQUIRE) == 1;
}

/* Closes what exec() closes. Context: thread, nobody else uses the table. */
void descriptors_close_on_exec(struct descriptors *d);

/*
 * The open file with a reference for the caller; NULL if there is none, or not
 * with that right (one enum cap_right).
 */
must_check struct file *descriptors_file(struct descriptors *d, u64 fd,
					 u32 right);

/*
 * The capability with references for the caller, for cap_drop(); an entry of
 * NULL: there is none.
 */
must_check struct cap descriptors_cap(struct descriptors *d, u64 fd);

/*
 * The same by a handle, if it has these rights.  Errors: those of cap_check(),
 * and then nothing is there to drop.
 */
must_check int descriptors_get_cap(struct descriptors *d, u64 handle,
				   u32 rights, struct cap *out);

/* The same, with a node to make copies from. Errors: -ENOMEM, too. */
must_check int descriptors_source(struct descriptors *d, u64 handle, u32 rights,
				  struct cap *out);

/* One more would get a number now. */
must_check bool descriptors_have_room(struct descriptors *d, u64 limit);

/* What whoever opened a file may do with it; takes over its reference. */
struct cap cap_of_file(struct file *file);

/*
 * The file of a descriptor of the running process, for the length of one
 * system call that needs one right (enum cap_right).  No reference is counted
 * if nobody else can close it.
 */
struct file_use {
	struct file *file; /* NULL: a bad descriptor, or not with that right */
	bool counted;
};

/* If somebody else can. */
struct file_use file_use_counted(struct descriptors *d, u32 fd, u32 right);

static inline struct file_use file_use(u64 fd, u32 right)
{
	const struct process *self = process_current();
	struct descriptors *d = self->descriptors;
	u32 number = (u32)fd; /* an int: the upper half does not count */

	if (likely(READ_ONCE(self->task_count) == 1 && descriptors_alone(d))) {
		return (struct file_use){ cap_find(&d->table, number, right),
					  false };
	}
	return file_use_counted(d, number, right);
}

/* The handle of a descriptor in use, else 0. */
u64 descriptors_handle(struct descriptors *d, u32 fd);

/*
 * Two files that belong together get descriptors, which (as ints), or whose
 * handles, are written to `to`; the references are taken in any case.  Errors:
 * -EMFILE, -ENOMEM, -EFAULT.
 */
must_check int descriptors_give(struct file *files[2], uaddr_t to, u32 flags);
must_check long handles_give(struct file *files[2], uaddr_t to, u32 flags);

/*
 * As file_use() by a handle (ipc/capability.h), for several rights and one
 * type. Errors: those of cap_check().
 */
must_check int handle_use_counted(struct cap_table *t, u64 handle, u32 rights,
				  enum cap_type type, struct file_use *use);

/* Without a count, if nobody else can close it, and it is right; else NULL. */
static inline struct file *handle_alone(u64 handle, u32 rights,
					enum cap_type type)
{
	const struct process *self = process_current();
	const struct descriptors *d = self->descriptors;

	/* Nobody else is there who could raise either. */
	return likely(self->task_count == 1) && likely(d->refs == 1)
		       ? cap_find_handle(&d->table, handle, rights, type)
		       : NULL;
}

must_check static inline int
handle_use(u64 handle, u32 rights, enum cap_type type, struct file_use *use)
{
	use->file = handle_alone(handle, rights, type);
	use->counted = false;
	return likely(use->file != NULL)
		       ? 0
		       : handle_use_counted(
				 &process_current()->descriptors->table, handle,
				 rights, type, use);
}

static inline void file_use_end(struct file_use use)
{
	if (use.counted) {
		file_put(use.file);
	}
}

/*
 * The lowest free descriptor from `from` on, below `limit`, for `file`, whose
 * reference the table takes.  Errors: -EMFILE, -ENOMEM.
 */
must_check int descriptors_add(struct descriptors *d, struct file *file,
			       u64 from, u64 limit, bool close_on_exec);

/* The same for a capability, whose references the table takes. */
must_check int descriptors_add_cap(struct descriptors *d, struct cap cap,
				   u64 from, u64 limit, bool close_on_exec);

/*
 * Puts `file`, whose reference it takes, at `fd` < DESCRIPTORS_MAX; what was
 * there is closed.  Errors: -ENOMEM.
 */
must_check int descriptors_set(struct descriptors *d, struct file *file, u64 fd,
			       bool close_on_exec);
must_check int descriptors_set_cap(struct descriptors *d, struct cap cap,
				   u64 fd, bool close_on_exec);

/* Takes the descriptor away. Errors: -EBADF. A long: it is close(2). */
must_check long descriptors_close(struct descriptors *d, u64 fd);

/* Closes all from `first` to `last`. */
void descriptors_close_range(struct descriptors *d, u64 first, u64 last);

/* Marks them close-on-exec instead. */
void descriptors_mark_range(struct descriptors *d, u64 first, u64 last);

/* The close-on-exec mark: 1 or 0. Errors: -EBADF. */
must_check int descriptors_mark(struct descriptors *d, u64 fd);
must_check int descriptors_set_mark(struct descriptors *d, u64 fd, bool mark);

/* The first descriptor in use at or after `from`, -1 if there is none. */
int descriptors_next(struct descriptors *d, u64 from);

#endif
