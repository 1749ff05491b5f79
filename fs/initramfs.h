/* SPDX-License-Identifier: MIT */
/*
 * The files of the boot archive, where they lie.
 */
#ifndef EXO_FS_INITRAMFS_H
#define EXO_FS_INITRAMFS_H

#include "fs/cpio.h"
#include "lib/types.h"

/*
 * Takes the archive, which must stay for ever.  Errors: -EINVAL if it is
 * damaged (the log says where).  Context: boot, once.
 */
must_check int initramfs_init(const void *archive, size_t len_bytes);

/*
 * Finds a file by its absolute path, following symbolic links in its last
 * part.  What `out` points to lives for ever.
 * Errors: -ENOENT, -ELOOP, -EINVAL.  Context: thread.
 */
must_check int initramfs_lookup(const char *path, struct cpio_entry *out);

#endif
