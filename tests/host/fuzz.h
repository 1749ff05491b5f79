/* SPDX-License-Identifier: MIT */
/*
 * Mutation fuzzing on the host: a parser is fed a valid sample cut at every
 * length, then with random damage, each time in a block of exactly its size,
 * so that AddressSanitizer sees a read of a single byte too many.
 */
#ifndef EXO_TESTS_HOST_FUZZ_H
#define EXO_TESTS_HOST_FUZZ_H

#include "kernel/memory_window.h"
#include "lib/types.h"

struct fuzz {
	const u8 *sample;
	size_t len_bytes;
	u32 round_count;
	/* Runs the parser; whatever it answers is right if it survives. */
	void (*feed)(const u8 *bytes, size_t len_bytes);
};

void fuzz_run(const struct fuzz *fuzz);

/*
 * A window onto `len_bytes` of memory at `base`, which hands out every
 * mapping as a block of its own.  Close it to free them.
 */
struct fuzz_window {
	struct memory_window window;
	phys_t base;
	const u8 *bytes;
	size_t len_bytes;
	struct fuzz_mapping *mappings;
};

void fuzz_window_open(struct fuzz_window *w, phys_t base, const u8 *bytes,
		      size_t len_bytes);
void fuzz_window_close(struct fuzz_window *w);

#endif
