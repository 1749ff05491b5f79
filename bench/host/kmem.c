/* SPDX-License-Identifier: MIT */
/*
 * Objects of 64 bytes, and whole pages: mm/kmem.c and mm/frame.c on a machine
 * whose memory is an array, a bitmap, the C library's malloc, and others from
 * their shared libraries.  All are called by the same code, through pointers.
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
} exo, exo_pages, bitmap_pages, glibc, jemalloc, mimalloc, tcmalloc;

static struct {
	struct allocator *current;
	size_t size_bytes;
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

/* `arg`: how many slots, and if with whole PAGES. */
static const char *start(struct allocator *a, unsigned arg)
{
	unsigned slot_count = arg & ~PAGES;

	choose_order(slot_count);
	churn.current = a;
	churn.size_bytes = arg & PAGES ? PAGE_SIZE : OBJECT_BYTES;
	for (unsigned i = 0; i < HOST_BATCH; i++) {
		if (a->slots[i] != NULL) {
			a->release(a->slots[i]);
		}
		a->slots[i] = NULL;
	}
	for (unsigned i = 0; i < slot_count; i++) {
		a->slots[i] = a->alloc(churn.size_bytes);
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
		*slot = a->alloc(churn.size_bytes);
	}
}

static void machine_start(void)
{
	const struct frame_range usable = { .len_bytes = HOST_RAM_BYTES };
	const struct frame_range reserved = { .len_bytes = 1 << 20 };
	static bool started;

	if (!started) {
		started = true;
		ASSERT(frame_init(&usable, 1, &reserved, 1,
				  phys(HOST_RAM_BYTES)) == 0);
		kmem_init();
	}
}

static const char *exo_start(unsigned arg)
{
	machine_start();
	exo.alloc = kmalloc;
	exo.release = kfree;
	return start(&exo, arg);
}

static void *page_alloc(size_t size_bytes)
{
	(void)size_bytes;
	return phys_to_virt(frame_alloc(0));
}

static void page_free(void *page)
{
	frame_free(virt_to_phys(page), 0);
}

static const char *exo_pages_start(unsigned arg)
{
	machine_start();
	exo_pages.alloc = page_alloc;
	exo_pages.release = page_free;
	return start(&exo_pages, arg);
}

/*
 * The least that can be said of pages: a bit for each one that is free, and a
 * bit for each word that has any.
 */
#define MAP_WORDS (HOST_BATCH / 64 + 1)

static struct {
	u64 some[DIV_ROUND_UP(MAP_WORDS, 64)];
	u64 free[MAP_WORDS];
	aligned(PAGE_SIZE) char pages[MAP_WORDS * 64][PAGE_SIZE];
} map;

static void *map_alloc(size_t size_bytes)
{
	unsigned top = map.some[0] == 0;
	unsigned word = top * 64 + (unsigned)__builtin_ctzll(map.some[top]);
	unsigned bit = (unsigned)__builtin_ctzll(map.free[word]);

	(void)size_bytes;
	map.free[word] &= map.free[word] - 1;
	if (map.free[word] == 0) {
		map.some[top] &= map.some[top] - 1;
	}
	return map.pages[word * 64 + bit];
}

static void map_free(void *page)
{
	u64 number = (u64)((char(*)[PAGE_SIZE])page - map.pages);

	map.free[number / 64] |= 1ull << number % 64;
	map.some[number / 4096] |= 1ull << number / 64 % 64;
}

static const char *bitmap_start(unsigned arg)
{
	if (bitmap_pages.alloc == NULL) {
		bitmap_pages.alloc = map_alloc;
		bitmap_pages.release = map_free;
		for (unsigned i = 0; i < MAP_WORDS * 64; i++) {
			map_free(map.pages[i]);
		}
	}
	return start(&bitmap_pages, arg);
}

static const char *glibc_start(unsigned arg)
{
	glibc.alloc = malloc;
	glibc.release = free;
	return start(&glibc, arg);
}

/* An allocator beside the C library's. */
static const char *library_start(struct allocator *a, unsigned arg,
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
	return start(a, arg);
}

static const char *jemalloc_start(unsigned arg)
{
	return library_start(&jemalloc, arg, "libjemalloc.so.2");
}

static const char *mimalloc_start(unsigned arg)
{
	return library_start(&mimalloc, arg, "libmimalloc.so.2");
}

static const char *tcmalloc_start(unsigned arg)
{
	return library_start(&tcmalloc, arg, "libtcmalloc_minimal.so.4");
}

const struct contender exo_kmalloc = { exo_start, run };
const struct contender exo_frame = { exo_pages_start, run };
const struct contender bitmap_frame = { bitmap_start, run };
const struct contender glibc_malloc = { glibc_start, run };
const struct contender jemalloc_malloc = { jemalloc_start, run };
const struct contender mimalloc_malloc = { mimalloc_start, run };
const struct contender tcmalloc_malloc = { tcmalloc_start, run };
