/* SPDX-License-Identifier: MIT */
/*
 * Memory objects: what a region of an address space shows beyond plain
 * zeroes, such as a file, or memory that several spaces share.  An object
 * answers for its pages by number.  A private mapping shows an object's frame
 * until it writes, then it has a copy; a shared one writes to the frame.
 */
#ifndef EXO_MM_OBJECT_H
#define EXO_MM_OBJECT_H

#include "lib/types.h"

struct mem_object;
struct vnode;

/* What page() is asked for. */
enum object_access {
	OBJECT_SHARED = 1, /* the frame will be mapped, not copied */
	OBJECT_WRITE = 2,  /* and written to */
};

struct mem_object_ops {
	/*
	 * The frame of a page, with a reference for the caller.  A frame with
	 * no other reference becomes the caller's own.  With OBJECT_SHARED it
	 * must be the one that all others get.  Context: thread; the address
	 * space's mutex is held, so this takes no lock under which user
	 * memory is accessed.
	 * Errors: -ENOMEM; -ENXIO behind the object's end.
	 */
	int (*page)(struct mem_object *object, u64 index, unsigned access,
		    phys_t *out);
	/* The last reference is gone. Context: as page(). */
	void (*destroy)(struct mem_object *object);
	/* The file that it shows; NULL: it shows none. */
	struct vnode *(*vnode)(struct mem_object *object);
};

/* The first field of whatever is an object. */
struct mem_object {
	const struct mem_object_ops *ops;
	u32 refs; /* [a] */
};

/* One reference, the caller's. */
static inline void mem_object_init(struct mem_object *object,
				   const struct mem_object_ops *ops)
{
	object->ops = ops;
	object->refs = 1;
}

/* One reference more or less; NULL is allowed. */
struct mem_object *mem_object_get(struct mem_object *object);
void mem_object_put(struct mem_object *object);

/* Memory of zeroes whose frames come on demand; NULL: no memory. */
must_check struct mem_object *mem_object_zeroes(void);

/*
 * Bytes in the direct map that stay for ever: a file of the boot archive.
 * Aligned whole pages are shown in place, the others copied.  Its pages cannot
 * be shared.  NULL: no memory.
 */
must_check struct mem_object *mem_object_bytes(const void *data, u64 len_bytes);

#endif
