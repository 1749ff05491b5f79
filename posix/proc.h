/* SPDX-License-Identifier: MIT */
/*
 * What stands in /proc: posix/proc.c (the machine), posix/proc_process.c (each
 * process).
 */
#ifndef EXO_POSIX_PROC_H
#define EXO_POSIX_PROC_H

#include "fs/procfs.h"

#define PROC_FILE(permissions) (MODE_REGULAR | (permissions))
#define PROC_DIRECTORY         (MODE_DIRECTORY | 0555)
#define PROC_LINK              (MODE_SYMLINK | 0777)

/* The directories of the processes, by number. */
extern const struct proc_numbers proc_processes;

/* Files that stand in the root and in each process's directory. */
int proc_show_mounts(struct text *out, u64 key);

/* Mounts /proc. Errors: -ENOMEM. Context: boot, once. */
must_check int proc_init(void);

#endif
