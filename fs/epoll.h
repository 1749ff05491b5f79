/* SPDX-License-Identifier: MIT */
/*
 * Sets of files that are waited for (epoll): a set is a file itself, and may
 * be in others.
 */
#ifndef EXO_FS_EPOLL_H
#define EXO_FS_EPOLL_H

#include "fs/file.h"

/* struct epoll_event of the ABI. */
struct epoll_event {
	u32 events; /* enum poll_events and enum epoll_flags */
	u64 data;
} packed;

enum epoll_flags {
	EPOLL_EXCLUSIVE = 1 << 28, /* of many sleepers all are woken here */
	EPOLL_ONE_SHOT = 1 << 30,
};

/* Tell of changes alone. */
#define EPOLL_EDGE 0x80000000u

extern const struct file_ops epoll_file_ops;

/* What a new set's file has for `data`; NULL: no memory. */
must_check void *epoll_create(void);

/*
 * Adds the file that the descriptor number `fd` means, changes what is waited
 * for, and takes it out again.  Errors: -EEXIST, -ENOENT, -ELOOP, -ENOMEM,
 * -EINVAL.  Context: thread.
 */
must_check int epoll_add(struct file *set, struct file *file, u32 fd,
			 const struct epoll_event *want);
must_check int epoll_modify(struct file *set, struct file *file, u32 fd,
			    const struct epoll_event *want);
must_check int epoll_remove(struct file *set, struct file *file, u32 fd);

/*
 * Tells of up to `max` files that are ready; waits until the deadline for the
 * first (0: asks once).  Errors: -EINTR, -EFAULT.  Context: thread.
 */
must_check long epoll_wait(struct file *set, uaddr_t to, u32 max,
			   u64 deadline_ns);

/* The file is closed: no set holds it any more. Context: thread. */
void epoll_file_end(struct file *file);

#endif
