/* SPDX-License-Identifier: MIT */
/*
 * POSIX timers (timer_create(2)): as many as a process makes, each of which
 * sends a signal of its own.
 */
#ifndef EXO_POSIX_POSIX_TIMER_H
#define EXO_POSIX_POSIX_TIMER_H

#include "lib/types.h"

struct posix_timer;
struct process;

/* A process's, under its mutex. */
struct posix_timers {
	struct posix_timer *first;
	u32 count;
	s32 next_id;
};

/* Takes all away: exec(), and the end. Context: thread. */
void posix_timers_end(struct process *process);

#endif
