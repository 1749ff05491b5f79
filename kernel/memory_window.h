/* SPDX-License-Identifier: MIT */
/*
 * A window onto physical memory for parsers that follow physical addresses
 * (PVH's start information, ACPI's tables).  The owner of the window decides
 * what may be seen, so that an address in a table is checked before it is
 * believed; a test puts an array behind it.
 */
#ifndef EXO_KERNEL_MEMORY_WINDOW_H
#define EXO_KERNEL_MEMORY_WINDOW_H

#include "lib/types.h"

struct memory_window {
	/*
	 * The bytes [at, at + len_bytes), readable until the window is
	 * closed, or NULL if any of them is out of reach.
	 */
	const void *(*map)(void *ctx, phys_t at, size_t len_bytes);
	void *ctx;
};

static inline const void *window_map(const struct memory_window *window,
				     phys_t at, size_t len_bytes)
{
	if (at.pa + len_bytes < at.pa) {
		return NULL;
	}
	return window->map(window->ctx, at, len_bytes);
}

#endif
