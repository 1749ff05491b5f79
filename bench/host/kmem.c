/* SPDX-License-Identifier: MIT */
/*
 * Objects of 64 bytes: mm/kmem.c on a machine whose memory is an array, the C
 * library's malloc, and others from their shared libraries.  All are called
 * by the same code, through pointers.
 */
#include "mm/kmem.h"

#include <dlfcn.h>
#include <stdlib.h>

#include "arch/directmap.h"
#include "bench/host/host.h"
#include "lib/assert.h"
#include "lib/random.h"
#include "mm/frame.h"

#define OBJECT_BYTES 64

static struct allocator {
	void *(*alloc)(size_t size_bytes);
	void (*release)(void *object);
	void *slots[HOST_BATCH];
} exo, glibc, jemalloc, mimalloc, tcmalloc;

static struct {
	struct allocator *current;
	unsigned slot_count;
	u16 order[HOST_BATCH]; /* which slot's object goes and comes anew */
} churn;

/* One slot, all in turn, or any of as many as there are turns. */
static void choose_order(unsigned slot_count)
{
	struct random random;

	if (slot_count == churn.slot_count) {
		return;
	}
	churn.slot_count = slot_count;
	random_seed(&random, 1);
	for (unsigned i = 0; i < HOST_BATCH; i++) {
		churn.order[i] =
			(u16)(slot_count < HOST_BATCH
				      ? i % slot_count
				      : random_below(&random, slot_count));
	}
}

static const char *start(struct allocator *a, unsigned slot_count)
{
	choose_order(slot_count);
	churn.current = a;
	for (unsigned i = 0; i < HOST_BATCH; i++) {
		a->release(a->slots[i]);
		a->slots[i] = NULL;
	}
	for (unsigned i = 0; i < slot_count; i++) {
		a->slots[i] = a->alloc(OBJECT_BYTES);
		ASSERT(a->slots[i] != NULL);
	}
	return NULL;
}

static void run(void)
{
	struct allocator *a = churn.current;

	for (unsigned i = 0; i < HOST_BATCH; i++) {
		void **slot = &a->slots[churn.order[i]];

		a->release(*slot);
		*slot = a->alloc(OBJECT_BYTES);
	}
}

static const char *exo_start(unsigned slot_count)
{
	const struct frame_range usable = { .len_bytes = HOST_RAM_BYTES };
	const struct frame_range reserved = { .len_bytes = 1 << 20 };

	if (exo.alloc == NULL) {
		ASSERT(frame_init(&usable, 1, &reserved, 1,
				  phys(HOST_RAM_BYTES)) == 0);
		kmem_init();
		exo.alloc = kmalloc;
		exo.release = kfree;
	}
	return start(&exo, slot_count);
}

static const char *glibc_start(unsigned slot_count)
{
	glibc.alloc = malloc;
	glibc.release = free;
	return start(&glibc, slot_count);
}

/* An allocator beside the C library's. */
static const char *library_start(struct allocator *a, unsigned slot_count,
				 const char *library)
{
	if (a->alloc == NULL) {
		void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);

		if (handle == NULL) {
			return dlerror();
		}
		a->alloc = dlsym(handle, "malloc");
		a->release = dlsym(handle, "free");
	}
	return start(a, slot_count);
}

static const char *jemalloc_start(unsigned n)
{
	return library_start(&jemalloc, n, "libjemalloc.so.2");
}

static const char *mimalloc_start(unsigned n)
{
	return library_start(&mimalloc, n, "libmimalloc.so.2");
}

static const char *tcmalloc_start(unsigned n)
{
	return library_start(&tcmalloc, n, "libtcmalloc_minimal.so.4");
}

const struct contender exo_kmalloc = { exo_start, run };
const struct contender glibc_malloc = { glibc_start, run };
const struct contender jemalloc_malloc = { jemalloc_start, run };
const struct contender mimalloc_malloc = { mimalloc_start, run };
const struct contender tcmalloc_malloc = { tcmalloc_start, run };
