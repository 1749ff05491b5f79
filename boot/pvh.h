/* SPDX-License-Identifier: MIT */
/*
 * The PVH door (`qemu -kernel`, Firecracker, Cloud Hypervisor): reads Xen's
 * hvm_start_info (xen/include/public/arch-x86/hvm/start_info.h) into a
 * boot_info.
 */
#ifndef EXO_BOOT_PVH_H
#define EXO_BOOT_PVH_H

#include "kernel/boot_info.h"
#include "kernel/memory_window.h"

/* The first field of the start information, whose address is in EBX. */
#define PVH_MAGIC 0x336ec578u

/*
 * Fills `out` from the start information at `start`.  It points to further
 * structures; each is reached through `window` alone, and `out` keeps no
 * pointer to any.
 * Context: any.  Errors: -EINVAL with the reason in `*why`; `out` then holds
 * what was read so far.
 */
must_check int pvh_parse(const struct memory_window *window, phys_t start,
			 struct boot_info *out, const char **why);

#endif
