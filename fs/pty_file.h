/* SPDX-License-Identifier: MIT */
/*
 * Pseudo-terminals as files: /dev/ptmx and /dev/pts.
 */
#ifndef EXO_FS_PTY_FILE_H
#define EXO_FS_PTY_FILE_H

#include "fs/file.h"

/* Of the slaves, as Linux numbers them. */
#define PTS_MAJOR 136

/*
 * Makes both; `slave_ops` open what is in /dev/pts.  Errors: -ENOMEM.
 * Context: boot, once.
 */
must_check int pty_file_add(const struct file_ops *slave_ops);

#endif
