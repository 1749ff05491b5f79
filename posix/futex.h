/* SPDX-License-Identifier: MIT */
/*
 * Futexes: sleeping until another thread changes a word of user memory.
 */
#ifndef EXO_POSIX_FUTEX_H
#define EXO_POSIX_FUTEX_H

#include "lib/types.h"

/* Wakes one who waits for the word at `va`. Context: a process's thread. */
void futex_wake_one(u64 va);

/*
 * The running thread ends: wakes who waits for the locks on its list
 * (set_robust_list()), which lose their owner.
 */
void futex_robust_end(u64 head);

/* Makes the queues. Context: boot, once. */
void futex_init(void);

#endif
