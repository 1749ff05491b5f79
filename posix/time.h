/* SPDX-License-Identifier: MIT */
/*
 * Times as programs give them.
 */
#ifndef EXO_POSIX_TIME_H
#define EXO_POSIX_TIME_H

#include "lib/types.h"

#define NS_PER_S  1000000000l
#define NS_PER_US 1000l

/*
 * Reads a struct timespec; a time that no clock reaches becomes one.
 * Errors: -EFAULT, -EINVAL.
 */
must_check int time_read(uaddr_t from, u64 *ns);

#endif
