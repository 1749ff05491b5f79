/* SPDX-License-Identifier: MIT */
/*
 * Address spaces: the regions of a process's memory and the page table that
 * is filled from them on demand.
 */
#ifndef EXO_MM_ASPACE_H
#define EXO_MM_ASPACE_H

#include "arch/cpu.h"
#include "arch/paging.h"
#include "arch/trap.h"
#include "kernel/mutex.h"
#include "lib/tree.h"
#include "lib/types.h"
#include "mm/object.h"

enum region_flags {
	REGION_EXEC = PROT_PAGE_EXEC,
	REGION_WRITE = PROT_PAGE_WRITE,
	REGION_READ = 4,
	REGION_PROT = 7,
	REGION_GROWS_DOWN = 8, /* a stack */
	REGION_SHARED = 16,    /* writes go to the object's frames */
	REGION_READ_ONLY = 32, /* never to get the right to write */
	REGION_NO_FORK = 64,   /* aspace_clone() leaves it out */
	REGION_WIPE = 128,     /* aspace_clone() leaves its pages out */
};

/* What a region shows of an object. */
struct region_source {
	struct mem_object *object; /* NULL: zeroes */
	u64 offset_bytes;          /* in the object, whole pages */
	u64 len_bytes;             /* behind them: zeroes */
};

/* Plain memory. */
#define REGION_ZEROES ((struct region_source){ NULL, 0, 0 })

/* All of an object from an offset on: what lies behind its end is a fault. */
#define REGION_WHOLE UINT64_MAX

struct region {
	struct tree_node node; /* key: start */
	u64 end;
	u32 flags;                   /* enum region_flags */
	struct region_source source; /* with a reference to its object */
};

struct aspace {
	struct mutex mutex; /* LOCK_ASPACE: all below */
	struct tree regions;
	struct region *recent; /* where the last fault was, or NULL */
	struct page_table table;
	u64 brk_start;       /* where the heap of brk() begins ... */
	u64 brk_end;         /* ... and ends, to the byte */
	u64 mmap_top;        /* mappings without an address go below it */
	u64 stack_max_bytes; /* [a] how long one may get that grows */
	u64 max_pages;       /* [a] that may be mapped */
	u64 resident_pages;
	u64 peak_pages; /* resident before some went; see aspace_peak() */
	u64 mapped_pages;
	bool tables_shared; /* with a copy, some of them, maybe */
	u32 refs;           /* [a] */
	u64 cpus;           /* [a] processors that may have the table loaded */
};

/* An empty address space with one reference; NULL if there is no memory. */
must_check struct aspace *aspace_create(void);

struct aspace *aspace_get(struct aspace *aspace);

/* The last reference unmaps and frees everything. Context: thread. */
void aspace_put(struct aspace *aspace);

/*
 * Adds a region [start, start + len) of whole pages.  Nothing is allocated
 * until it is touched; the region gets its own reference to the object.
 * Errors: -EINVAL outside user space or unaligned, -EEXIST if it meets another
 * region, -ENOMEM.  Context: thread.
 */
must_check int aspace_map(struct aspace *aspace, u64 start, u64 len_bytes,
			  unsigned flags, struct region_source source);

/*
 * Removes whatever is mapped in the range, splitting regions at its ends.
 * Errors: -EINVAL, -ENOMEM.  Context: thread.
 */
must_check int aspace_unmap(struct aspace *aspace, u64 start, u64 len_bytes);

/* The same for who holds the mutex. */
must_check int aspace_map_locked(struct aspace *aspace, u64 start,
				 u64 len_bytes, unsigned flags,
				 struct region_source source);
must_check int aspace_unmap_locked(struct aspace *aspace, u64 start,
				   u64 len_bytes);

/*
 * Gives the range, which must be mapped without gaps, other rights.
 * Errors: -EINVAL, -ENOMEM (also for a gap, as on Linux), -EACCES for the
 * right to write where it may not be given.
 */
must_check int aspace_protect(struct aspace *aspace, u64 start, u64 len_bytes,
			      unsigned prot);

/*
 * Gives up what the pages of the range hold: zeroes, or the object's content,
 * come back when they are touched.  Errors: -EINVAL; -ENOMEM if part of it is
 * not mapped, after the rest was done.
 */
must_check int aspace_discard(struct aspace *aspace, u64 start, u64 len_bytes);

/*
 * Sets and clears flags that are no rights.  Errors: -EINVAL, -ENOMEM (also as
 * above).
 */
must_check int aspace_set_flags(struct aspace *aspace, u64 start, u64 len_bytes,
				u32 set, u32 clear);

/*
 * Touches every page of the range, for writing where that is allowed.
 * Errors: -EINVAL, -ENOMEM (also for a gap), -ENXIO behind an object's end.
 */
must_check int aspace_populate(struct aspace *aspace, u64 start, u64 len_bytes);

/*
 * Tells for each page of the range, `count` of them from `start` on, whether
 * it is in memory.  Errors: -ENOMEM for a gap.
 */
must_check int aspace_resident(struct aspace *aspace, u64 start, u64 count,
			       u8 *out);

/*
 * Takes away what regions show of files behind their ends, private copies, too.
 * `end` tells in `*bytes` how long a file is; false: leave it alone.  It is
 * called with the mutex held.  Errors: -ENOMEM, after the rest was done.
 */
must_check int
aspace_cut(struct aspace *aspace,
	   bool (*end)(void *ctx, struct vnode *file, u64 *bytes), void *ctx);

/* How aspace_move() may find the new place. */
enum aspace_move {
	MOVE_NEVER, /* only where it is */
	MOVE_ANYWHERE,
	MOVE_FIXED, /* to `*to`, whatever lies there goes */
};

/*
 * Makes the mapping [start, start + len) `new_len` bytes long and tells in
 * `*to` where it is then.  Errors: -EINVAL, -EFAULT if it is not one region,
 * -ENOMEM.
 */
must_check int aspace_move(struct aspace *aspace, u64 start, u64 len_bytes,
			   u64 new_len_bytes, enum aspace_move how, u64 *to);

/* The most pages that were resident at once. Context: any. */
static inline u64 aspace_peak(const struct aspace *aspace)
{
	u64 now = READ_ONCE(aspace->resident_pages);

	return MAX(now, READ_ONCE(aspace->peak_pages));
}

/* True if nothing is mapped there and all of it is user space. Locked. */
bool aspace_is_free_locked(const struct aspace *aspace, u64 start,
			   u64 len_bytes);

/*
 * A free range of that length, as high as possible below `below`; 0 if there
 * is none.  Context: the mutex is held.
 */
u64 aspace_find_free_locked(const struct aspace *aspace, u64 len_bytes,
			    u64 below);

/*
 * A copy that shares every frame until one side writes, those of shared
 * regions for ever.  NULL if there is no memory.  Context: thread.
 */
must_check struct aspace *aspace_clone(struct aspace *aspace);

/*
 * If shared memory lies at `va`, its object with a reference and the offset
 * there; else NULL.  Context: thread.
 */
must_check struct mem_object *aspace_shared(struct aspace *aspace, u64 va,
					    u64 *offset_bytes);

/* [c] Whose page table this processor has, NULL: only kernel space. */
extern percpu struct aspace *loaded_aspace;

/* This processor, whose bit it is, has another table (mm/tlb.c I1). */
static inline void aspace_left_(struct aspace *old, u64 self)
{
	__atomic_fetch_and(&old->cpus, ~self, __ATOMIC_RELEASE);
}

static inline void aspace_load_(struct aspace *aspace, u64 self)
{
	__atomic_fetch_or(&aspace->cpus, self, __ATOMIC_SEQ_CST);
	this_cpu(loaded_aspace) = aspace;
	arch_root_load(aspace->table.root.pa);
}

/* From that of the running thread to another's. Irqs off. */
static always_inline void aspace_exchange(struct aspace *old,
					  struct aspace *aspace)
{
	u64 self = 1ull << cpu_id();

	if (likely(old != aspace)) {
		aspace_load_(aspace, self);
		aspace_left_(old, self);
	}
}

/* Makes it this processor's; NULL keeps whichever is loaded. Irqs off. */
static inline void aspace_switch(struct aspace *aspace)
{
	struct aspace *old = this_cpu(loaded_aspace);
	u64 self = 1ull << cpu_id();

	if (aspace == NULL || old == aspace) {
		return;
	}
	aspace_load_(aspace, self);
	if (old != NULL) {
		aspace_left_(old, self);
	}
}

/* True if this processor's page table is the space's. */
bool aspace_is_loaded(const struct aspace *aspace);

/* This processor keeps only kernel space, so that the space may end. */
void aspace_leave(void);

/* Makes the cache of regions. Context: boot, once. */
void aspace_init(void);

#endif
