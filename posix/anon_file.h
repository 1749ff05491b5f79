/* SPDX-License-Identifier: MIT */
/*
 * Files without a name or a vnode that are nothing but a descriptor and an
 * object behind it: eventfd, timerfd, signalfd, epoll.
 */
#ifndef EXO_POSIX_ANON_FILE_H
#define EXO_POSIX_ANON_FILE_H

#include "fs/file.h"

/*
 * A descriptor for a new file; `data` goes with the file's `close`, which is
 * called if this fails, too.  `flags`: FILE_NONBLOCK, FILE_CLOSE_ON_EXEC.
 * Returns the descriptor.  Errors: -EMFILE, -ENOMEM, also for `data` NULL.
 * Context: thread.
 */
must_check int anon_file_open(const struct file_ops *ops, void *data,
			      u32 access, u32 flags);

/* A descriptor for the file, whose reference it takes. Errors: as above. */
must_check int file_install(struct file *file, u32 flags);

/*
 * The descriptor's file if it is of that kind; end it with file_use_end().
 * Errors: -EBADF, -EINVAL.
 */
struct file_use;
must_check int file_use_kind(u64 fd, const struct file_ops *ops,
			     struct file_use *use);

#endif
