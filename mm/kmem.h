/* SPDX-License-Identifier: MIT */
/*
 * Kernel objects: typed caches and size classes over slabs of frames, each
 * with a free list per processor in front (a handful of instructions in the
 * common case, no lock and no shared line).
 *
 * The debug build poisons freed objects, keeps a red zone behind each object
 * and checks both; a double free or a write behind the end stops the machine
 * with the cache's name.
 */
#ifndef EXO_MM_KMEM_H
#define EXO_MM_KMEM_H

#include "lib/types.h"
#include "mm/frame.h"
#include "mm/owner.h"

/*
 * `size_bytes` > 0 with arbitrary content, aligned to 16 bytes (to its size
 * if that is a power of two, up to a page); NULL if there is no memory.  The
 * caller owns it.  Above 2 KB it comes in whole frames.
 * Context: any but interrupt handlers; does not sleep.
 */
must_check void *kmalloc(size_t size_bytes);

/* The same for a size class, by what the struct pages of its frames say. */
must_check void *kmem_class_alloc(u64 state);

/* As kmalloc, all zeroes. */
must_check void *kzalloc(size_t size_bytes);

/* Gives back what kmalloc or kzalloc returned; NULL is allowed. */
void kfree(void *object);

struct kmem_cache;

/* The largest object of a cache. */
#define KMEM_OBJECT_MAX 2048

/* Sizes of kmalloc(): from 32 bytes on a third is wasted at most. */
#define KMEM_CLASSES(x)                                                  \
	x(16) x(32) x(48) x(64) x(96) x(128) x(192) x(256) x(384) x(512) \
		x(768) x(1024) x(1536) x(2048)

/*
 * A cache of objects of one size (1..KMEM_OBJECT_MAX) and alignment (a power of
 * two, <= 64).  `name` must live for ever.  NULL if there is no memory.
 */
struct kmem_cache *kmem_cache_create(const char *name, size_t size_bytes,
				     size_t align_bytes);

must_check void *kmem_cache_alloc(struct kmem_cache *cache);
void kmem_cache_free(struct kmem_cache *cache, void *object);

/* Objects handed out and not yet given back. */
u64 kmem_cache_in_use(const struct kmem_cache *cache);

/* A cache at number `index`, in no order; false behind the last. */
struct kmem_shown {
	const char *name;
	u32 size_bytes; /* of an object */
	u64 in_use;     /* objects */
	u64 held_bytes; /* of frames */
};

bool kmem_show(u32 index, struct kmem_shown *out);

/* Bytes of frames that all caches hold now. */
u64 kmem_held_bytes(void);

/* Gives this processor's free objects, and slabs without objects, back. */
void kmem_drain(void);

/* Checks every list and, in the debug build, every red zone. For tests. */
void kmem_check(void);

#ifdef OWNER_HERE
/* The object, which `who` owns from now on, or NULL as it was. */
must_check void *kmem_owned(void *object, enum owner who);

#define kmalloc(size)           kmem_owned(kmalloc(size), OWNER_HERE)
#define kzalloc(size)           kmem_owned(kzalloc(size), OWNER_HERE)
#define kmem_cache_alloc(cache) kmem_owned(kmem_cache_alloc(cache), OWNER_HERE)
#elif !defined(EXO_DEBUG)
/* A size that is known when the kernel is built has its class then, too. */
static always_inline u64 kmem_class(size_t size_bytes)
{
	u64 state = PAGE_SLAB;

#define CLASS(n) state += size_bytes > (n);
	KMEM_CLASSES(CLASS)
#undef CLASS
	return state;
}

#define kmalloc(size)                                            \
	(__builtin_constant_p(size) && (size) <= KMEM_OBJECT_MAX \
		 ? kmem_class_alloc(kmem_class(size))            \
		 : kmalloc(size))
#endif

/* Makes the size classes. Context: boot, once, after frame_init(). */
void kmem_init(void);

/* Closes the magazines of a processor that starts. Context: there, first. */
void kmem_cpu_init(void);

#endif
