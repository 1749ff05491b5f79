/* SPDX-License-Identifier: MIT */
/*
 * The keeper of stacks: a thread that puts kernel stacks of sleepers away when
 * many are mapped, and brings them back when their threads are woken.
 */
#ifndef EXO_SCHED_KEEPER_H
#define EXO_SCHED_KEEPER_H

#include "lib/types.h"

struct thread;

/* Starts the keeper. Context: boot, once. Errors: -ENOMEM. */
must_check int keeper_start(void);

/*
 * A stack was created: asks the keeper for room if too many are mapped.
 * Context: thread or boot.
 */
void keeper_notice(void);

/*
 * Brings the stack of a sleeper, whose kstack.place was just set to
 * KSTACK_WANTED, back and wakes it.  Context: any; no lock of rank
 * LOCK_KEEPER or above held.
 */
void keeper_ask(struct thread *thread);

/*
 * From now on the keeper begins its work above so many mapped stacks; the
 * number before.  It starts with an eighth of memory.  For measuring.
 */
u64 keeper_set_limit(u64 stacks);

#endif
