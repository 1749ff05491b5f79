/* SPDX-License-Identifier: MIT */
/*
 * The linear framebuffer that the boot loader left (all there is on UEFI) as
 * a console.
 */
#ifndef EXO_DRIVERS_FRAMEBUFFER_H
#define EXO_DRIVERS_FRAMEBUFFER_H

#include "kernel/boot_info.h"

/*
 * The bytes to map at fb->base for framebuffer_init(), 0 if the description
 * is not to be believed or not ours to draw.
 */
u64 framebuffer_size_bytes(const struct boot_framebuffer *fb);

/*
 * Adds the console sink "vga" that draws into `memory`, where
 * framebuffer_size_bytes(fb) bytes are mapped for ever.
 * Errors: -ENODEV if that is 0, -ENOMEM.  Context: boot, once, after
 * kmem_init().
 */
int framebuffer_init(const struct boot_framebuffer *fb, void *memory);

#endif
