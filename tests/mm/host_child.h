/* SPDX-License-Identifier: MIT */
/*
 * Tests in a process of their own: what must stop the machine, and what needs
 * another machine than the one that the rest of the run lives on.
 */
#ifndef EXO_TESTS_MM_HOST_CHILD_H
#define EXO_TESTS_MM_HOST_CHILD_H

#include "mm/frame.h"

/* Runs `body` in a child; true if it came to its end without a failure. */
must_check bool child_passes(void (*body)(void));

/* True if the child was stopped by an assertion whose report has `text`. */
must_check bool child_stops(void (*body)(void), const char *text);

/* The memory map of a machine, for a child that starts one anew. */
struct host_machine {
	struct frame_range usable[8];
	size_t usable_count;
	struct frame_range reserved[8];
	size_t reserved_count;
	phys_t limit;
};

#define RANGE(from, to)                                            \
	{                                                          \
		.base = { from }, .len_bytes = (u64)(to) - (from), \
	}

/*
 * Forgets the run's memory and takes over the machine's, whose RAM begins with
 * garbage.  Context: in a child only.  Returns what frame_init() does.
 */
must_check int host_machine_start(const struct host_machine *machine);

#endif
