/* SPDX-License-Identifier: MIT */
/*
 * Pipes and FIFOs.
 */
#ifndef EXO_FS_PIPE_H
#define EXO_FS_PIPE_H

#include "fs/file.h"

/* What a pipe holds, and what a write does not tear apart. */
#define PIPE_BYTES        65536u
#define PIPE_ATOMIC_BYTES 4096u

/*
 * Two files of a new pipe, one to read and one to write; flags: FILE_NONBLOCK.
 * Errors: -ENOMEM.  Context: thread.
 */
must_check int pipe_create(u32 flags, struct file *ends[2]);

/*
 * Opens the pipe without a name that `end`, which stays open meanwhile, is an
 * end of.  Errors: -ENXIO: it is none.  Context: thread.
 */
must_check int pipe_reopen(const struct file *end, struct file *file);

/* Opens a FIFO; sleeps until the other end is open, as open(2) tells. */
must_check int fifo_open(struct vnode *v, struct file *file);

bool file_is_pipe(const struct file *file);

/*
 * Upward, defined by posix/: the running thread wrote to a pipe that nobody
 * reads.
 */
void file_broken_pipe(void);

#endif
