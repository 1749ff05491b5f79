/* SPDX-License-Identifier: MIT */
/*
 * The slabs of a kmem cache, below the magazines of mm/kmem.c, which tells
 * the theory.  Private to mm/; the calls with the cache's lock held unless
 * they say otherwise.
 */
#ifndef EXO_MM_SLAB_H
#define EXO_MM_SLAB_H

#include "arch/restart.h"
#include "kernel/spinlock.h"
#include "mm/frame.h"
#include "mm/kmem.h"
#include "mm/kmem_guard.h"

/* Marks: I immutable once created, the rest by the lock. */
struct kmem_cache {
	struct spinlock lock;
	const char *name;     /* I */
	u32 size_bytes;       /* I, of an object for its owner */
	u32 stride_bytes;     /* I, from object to object */
	u8 state;             /* I, of its slabs' frames: their struct page's */
	u8 order;             /* I, of a slab's block */
	u32 slab_objects;     /* I, objects in a slab */
	u32 limit;            /* I, of its magazines */
	struct arch_link end; /* I, of its magazines */
	u32 partial;          /* first slab of the list, or 0 */
	u32 full;             /* first slab of the list, or 0 */
	u32 idle_count;       /* slabs with all objects free (K4) */
	u64 slab_count;       /* of all slabs */
	u64 free_count;       /* objects in all slabs' free lists */
};

/* An object and its guard. Context: any. */
static inline struct guarded guarded(const struct kmem_cache *cache,
				     void *object)
{
	return (struct guarded){ cache->name, object, cache->size_bytes };
}

/*
 * The order of a slab for objects of that stride: the smallest that wastes
 * little.  Context: any.
 */
u16 slab_order(u32 stride_bytes);

/* Adds a slab with all its objects free; false if there is no memory. */
must_check bool slab_create(struct kmem_cache *cache);

/* Takes an object out of the first partial slab; there must be one. */
void *slab_take(struct kmem_cache *cache);

/* Puts an object back into its slab; a second idle slab goes (K4). */
void slab_give(struct kmem_cache *cache, void *object);

/* Gives the idle slab back, if there is one. */
void slab_drop_idle(struct kmem_cache *cache);

/* Stops the machine where K2 to K4 or an object's guard is broken. */
void slab_check_all(struct kmem_cache *cache);

#endif
