/* SPDX-License-Identifier: MIT */
/*
 * Times as programs give them.
 */
#ifndef EXO_POSIX_TIME_H
#define EXO_POSIX_TIME_H

#include "lib/types.h"

#define NS_PER_S  1000000000l
#define NS_PER_US 1000l
#define US_PER_S  1000000l

/*
 * Reads a struct timespec; a time that no clock reaches becomes one.
 * Errors: -EFAULT, -EINVAL.
 */
must_check int time_read(uaddr_t from, u64 *ns);

/*
 * Until when a call waits that may be made again (signal_deadline()): 0 asks
 * once; a moment that is not 0, or WAITQ_FOREVER, waits.
 */
u64 deadline_after(u64 ns);

/* The same for a length of time in user memory, in units below a second. */
must_check int deadline_from_user(uaddr_t from, u64 ns_per_unit, u64 *out);

/*
 * Processor time of the process so far, or without the kernel's.  Context: any;
 * takes its signals' lock.
 */
struct process_signals;
u64 time_of_process(struct process_signals *ps, bool user_only);

/* The running process's interval timers end with it. Context: thread. */
struct itimers;
void itimers_destroy(struct itimers *timers);

#endif
