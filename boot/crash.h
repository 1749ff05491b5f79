/* SPDX-License-Identifier: MIT */
/*
 * crash=: dying on purpose, so that the report can be tested and shown.
 */
#ifndef EXO_BOOT_CRASH_H
#define EXO_BOOT_CRASH_H

/* One of the ways in boot/crash.c; NULL does nothing. Context: thread. */
void crash_on_purpose(const char *how);

/* The way "early". Context: boot, before there is memory. */
void crash_before_memory(const char *how);

#endif
