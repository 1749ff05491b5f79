/* SPDX-License-Identifier: MIT */
/*
 * What a good boot loader leaves in memory, for the tests and the fuzzers of
 * the doors.
 */
#ifndef EXO_TESTS_BOOT_SAMPLES_H
#define EXO_TESTS_BOOT_SAMPLES_H

#include "tests/sample.h"

#define SAMPLE_CMDLINE "init=/bin/sh quiet"

/*
 * GRUB's tags: loader, command line, a module of 0x3000 at 0x200000, memory
 * below 0x9f000 and from 1 MB for 127 MB, framebuffer 1024x768, both RSDPs.
 */
void sample_multiboot2(struct sample *s);

/* Where sample_multiboot2() puts the first tag of a type. */
size_t sample_multiboot2_tag(const struct sample *s, u32 type);

#define SAMPLE_PVH_BASE 0x1000u

/* QEMU's start information, to be seen at SAMPLE_PVH_BASE; memory as above. */
void sample_pvh(struct sample *s);

#endif
