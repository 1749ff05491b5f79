/* SPDX-License-Identifier: MIT */
/*
 * What fcntl(2) does with locks.
 */
#ifndef EXO_POSIX_LOCK_H
#define EXO_POSIX_LOCK_H

#include "fs/file.h"

/*
 * `command` is one of ABI_F_GETLK ... ABI_F_OFD_SETLKW, `arg` a struct
 * abi_flock.  Context: a system call on `fd`, which is `file`.
 */
must_check long lock_control(struct file *file, u64 fd, u32 command,
			     uaddr_t arg);

#endif
