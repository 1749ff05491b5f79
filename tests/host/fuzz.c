/* SPDX-License-Identifier: MIT */
/*
 * The mutation engine of tests/host/fuzz.h.  Damage comes from the run's
 * seed, so that a finding is repeated by it.
 */
#include "tests/host/fuzz.h"

#include <stdlib.h>

#include "lib/assert.h"
#include "lib/string.h"
#include "lib/untrusted.h"
#include "tests/ktest.h"

/* Values at which arithmetic goes wrong first. */
static const u64 edges[] = {
	0,
	1,
	7,
	8,
	0x7f,
	0x80,
	0xff,
	0xfff,
	0x1000,
	0xffff,
	0x7fffffff,
	0x80000000,
	0xffffffff,
	0xfffffff8,
	0x7fffffffffffffff,
	0xffffffffffffffff,
	0xfffffffffffff000,
};

static size_t below(size_t limit)
{
	return ktest_random() % limit;
}

/* Writes an edge value, a small step or noise over 1, 2, 4 or 8 bytes. */
static void damage(u8 *bytes, size_t len_bytes)
{
	size_t width = (size_t)1 << below(4);
	u64 value = 0;
	size_t at;

	if (len_bytes < width) {
		return;
	}
	at = below(len_bytes - width + 1);
	memcpy(&value, bytes + at, width);
	switch (below(3)) {
	case 0: value = edges[below(ARRAY_SIZE(edges))]; break;
	case 1: value += below(33) - 16; break;
	default: value = ktest_random(); break;
	}
	memcpy(bytes + at, &value, width);
}

static void feed_copy(const struct fuzz *fuzz, size_t len_bytes,
		      size_t damage_count)
{
	u8 *bytes = malloc(len_bytes);

	ASSERT(bytes != NULL || len_bytes == 0);
	if (len_bytes != 0) {
		memcpy(bytes, fuzz->sample, len_bytes);
	}
	while (damage_count-- > 0) {
		damage(bytes, len_bytes);
	}
	fuzz->feed(bytes, len_bytes);
	free(bytes);
}

void fuzz_run(const struct fuzz *fuzz)
{
	for (size_t len = 0; len <= fuzz->len_bytes; len++) {
		feed_copy(fuzz, len, 0);
	}
	for (u32 round = 0; round < fuzz->round_count; round++) {
		size_t len = fuzz->len_bytes;

		if (below(8) == 0) {
			len = below(len + 1);
		}
		feed_copy(fuzz, len, 1 + below(4));
	}
}

struct fuzz_mapping {
	struct fuzz_mapping *next;
	u8 bytes[];
};

static const void *map_copy(void *ctx, phys_t at, size_t len_bytes)
{
	struct fuzz_window *w = ctx;
	struct fuzz_mapping *mapping;
	u64 offset = at.pa - w->base.pa;

	if (at.pa < w->base.pa ||
	    !range_inside(offset, len_bytes, w->len_bytes)) {
		return NULL;
	}
	mapping = malloc(sizeof(*mapping) + len_bytes);
	ASSERT(mapping != NULL);
	memcpy(mapping->bytes, w->bytes + offset, len_bytes);
	mapping->next = w->mappings;
	w->mappings = mapping;
	return mapping->bytes;
}

void fuzz_window_open(struct fuzz_window *w, phys_t base, const u8 *bytes,
		      size_t len_bytes)
{
	*w = (struct fuzz_window){
		.window = { .map = map_copy, .ctx = w },
		.base = base,
		.bytes = bytes,
		.len_bytes = len_bytes,
	};
}

void fuzz_window_close(struct fuzz_window *w)
{
	while (w->mappings != NULL) {
		struct fuzz_mapping *mapping = w->mappings;

		w->mappings = mapping->next;
		free(mapping);
	}
}
