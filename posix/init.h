/* SPDX-License-Identifier: MIT */
/*
 * The first program.
 */
#ifndef EXO_POSIX_INIT_H
#define EXO_POSIX_INIT_H

#include "kernel/cmdline.h"

/*
 * Starts init= with its arguments and environment in a process of its own.
 * Errors: -ENOMEM.  Context: thread, once.
 */
must_check int init_start(const struct cmdline *cmdline);

/*
 * Waits for its end.  Returns its status, 128 + the signal's number if one
 * killed it, 127 if it could not be started.
 */
int init_wait(void);

/* Prints the `[boot] ready` line for that program. posix/exec.c calls it. */
void user_entry_announce(void);

#endif
