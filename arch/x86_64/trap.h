/* SPDX-License-Identifier: MIT */
/*
 * What C and arch/x86_64/entry.asm call of each other.
 */
#ifndef EXO_ARCH_X86_64_TRAP_H
#define EXO_ARCH_X86_64_TRAP_H

#include "lib/types.h"

struct trap_frame;

/* Called for every exception and interrupt, interrupts off. */
void x86_trap(struct trap_frame *frame);

/* Called on the way to user mode while the thread's `work` is not 0. */
void x86_user_work(struct trap_frame *frame);

/* Loads every register from the frame. */
noreturn void x86_leave(struct trap_frame *frame);

/* Where arch_probe() waits for a fault, 0 if it does not. */
extern u64 x86_probe_sp;

#endif
