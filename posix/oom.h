/* SPDX-License-Identifier: MIT */
/*
 * Running out of memory.
 */
#ifndef EXO_POSIX_OOM_H
#define EXO_POSIX_OOM_H

#include "lib/types.h"

/*
 * The running process found no memory.  True if it may try again; else it is
 * the one that must end.  Context: thread, no lock held.
 */
must_check bool out_of_memory(void);

#endif
