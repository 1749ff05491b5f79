/* SPDX-License-Identifier: MIT */
/*
 * System calls: prototypes of all handlers, from posix/syscalls.def.  Each
 * takes the six registers of the ABI as they come and returns a result or a
 * negative errno.  Context: the calling thread, interrupts on, may sleep.
 */
#ifndef EXO_POSIX_SYSCALL_H
#define EXO_POSIX_SYSCALL_H

#include "lib/types.h"

#define SYSCALL_HANDLER(name)                                   \
	long sys_##name(u64 a maybe_unused, u64 b maybe_unused, \
			u64 c maybe_unused, u64 d maybe_unused, \
			u64 e maybe_unused, u64 f maybe_unused)

#define SYSCALL(number, name, support, ...) SYSCALL_HANDLER(name);
#include "posix/syscalls.def"
#undef SYSCALL

#endif
