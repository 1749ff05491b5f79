/* SPDX-License-Identifier: MIT */
/*
 * The Multiboot2 door: reads the information that GRUB leaves in memory
 * ("Multiboot2 Specification version 2.0", chapter 3) into a boot_info.
 */
#ifndef EXO_BOOT_MULTIBOOT2_H
#define EXO_BOOT_MULTIBOOT2_H

#include "kernel/boot_info.h"

/* What EAX holds at the entry. */
#define MULTIBOOT2_MAGIC 0x36d76289u

/*
 * Fills `out` from the information at `info`, of which at most `limit_bytes`
 * can be read.  Every length is checked before it is used; `out` keeps no
 * pointer into `info`.
 * Context: any.  Errors: -EINVAL with the reason in `*why`; `out` then holds
 * what was read so far.
 */
must_check int multiboot2_parse(const void *info, size_t limit_bytes,
				struct boot_info *out, const char **why);

#endif
