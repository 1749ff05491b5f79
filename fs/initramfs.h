/* SPDX-License-Identifier: MIT */
/*
 * The boot archive becomes the first files of the root.
 */
#ifndef EXO_FS_INITRAMFS_H
#define EXO_FS_INITRAMFS_H

#include "lib/types.h"

/* Mounts an empty root. Errors: -ENOMEM. Context: boot, once. */
must_check int initramfs_mount(void);

/*
 * Puts the archive's files into the root, where their bytes lie: the archive
 * must stay for ever.  What the archive gets wrong is logged and left out.
 * Errors: -EINVAL if it is damaged (the log says where), -ENOMEM.
 * Context: boot.
 */
must_check int initramfs_unpack(const void *archive, size_t len_bytes);

#endif
