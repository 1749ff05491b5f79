/* SPDX-License-Identifier: MIT */
/*
 * What the steps of the boot (boot/steps.c) need and leave for others.
 */
#ifndef EXO_BOOT_STEPS_H
#define EXO_BOOT_STEPS_H

#include "arch/boot.h"
#include "kernel/boot_info.h"
#include "kernel/cmdline.h"

/* Tells which door kernel_main() was called by. */
void boot_set_door(enum boot_door door, phys_t info);

/* The command line, taken apart. Valid after the task `cmdline`. */
const struct cmdline *boot_cmdline(void);

/* Tests (test=) and benchmarks (bench=), before the first program. */
void boot_checks(void);

#endif
