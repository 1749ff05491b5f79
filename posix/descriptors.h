/* SPDX-License-Identifier: MIT */
/*
 * Descriptors: the small numbers by which a process names its open files.
 * Threads share one table, fork() copies it.
 */
#ifndef EXO_POSIX_DESCRIPTORS_H
#define EXO_POSIX_DESCRIPTORS_H

#include "fs/file.h"
#include "lib/types.h"

/* What RLIMIT_NOFILE is at first, and the most that it may become. */
#define DESCRIPTORS_LIMIT 1024
#define DESCRIPTORS_MAX   65536

struct descriptors;

/* An empty table with one reference; NULL: no memory. */
must_check struct descriptors *descriptors_create(void);

/* A copy that shares the files, marks and all; NULL: no memory. */
must_check struct descriptors *descriptors_clone(struct descriptors *from);

struct descriptors *descriptors_get(struct descriptors *d);

/* The last reference closes everything. Context: thread, may sleep. */
void descriptors_put(struct descriptors *d);

/* True if the caller's reference is the only one. */
bool descriptors_alone(const struct descriptors *d);

/* Closes what exec() closes. Context: thread, nobody else uses the table. */
void descriptors_close_on_exec(struct descriptors *d);

/* The open file with a reference for the caller, or NULL. */
must_check struct file *descriptors_file(struct descriptors *d, u64 fd);

/*
 * The file of a descriptor of the running process, for the length of one
 * system call.  No reference is counted if nobody else can close it.
 */
struct file_use {
	struct file *file; /* NULL: a bad descriptor */
	bool counted;
};

struct file_use file_use(u64 fd);

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

/*
 * Puts `file`, whose reference it takes, at `fd` < DESCRIPTORS_MAX; what was
 * there is closed.  Errors: -ENOMEM.
 */
must_check int descriptors_set(struct descriptors *d, struct file *file, u64 fd,
			       bool close_on_exec);

/* Takes the descriptor away. Errors: -EBADF. */
must_check int descriptors_close(struct descriptors *d, u64 fd);

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
