/* SPDX-License-Identifier: MIT */
/*
 * crash=: dying on purpose, so that the report can be tested and shown.
 */
#ifndef EXO_BOOT_CRASH_H
#define EXO_BOOT_CRASH_H

/*
 * thread, irq, locked, stack, double or smash; NULL does nothing.
 * Context: thread.
 */
void crash_on_purpose(const char *how);

#endif
