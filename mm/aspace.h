/* SPDX-License-Identifier: MIT */
/*
 * Address spaces: the regions of a process's memory and the page table that
 * is filled from them on demand.
 */
#ifndef EXO_MM_ASPACE_H
#define EXO_MM_ASPACE_H

#include "arch/paging.h"
#include "arch/trap.h"
#include "kernel/mutex.h"
#include "lib/tree.h"
#include "lib/types.h"

enum region_flags {
	REGION_EXEC = PROT_PAGE_EXEC,
	REGION_WRITE = PROT_PAGE_WRITE,
	REGION_READ = 4,
	REGION_PROT = 7,
	REGION_GROWS_DOWN = 8, /* a stack */
};

/*
 * Bytes in the kernel that a region shows, such as a file of the boot archive.
 * Whole pages of it that are aligned are mapped in place, the others copied.
 */
struct region_source {
	const u8 *data; /* in the direct map; NULL: zeroes */
	u64 len_bytes;  /* behind them: zeroes */
};

struct region {
	struct tree_node node; /* key: start */
	u64 end;
	u32 flags; /* enum region_flags */
	struct region_source source;
};

struct aspace {
	struct mutex mutex; /* LOCK_ASPACE: all below */
	struct tree regions;
	struct region *recent; /* where the last fault was, or NULL */
	struct page_table table;
	u64 resident_pages;
	u64 mapped_pages;
	u32 refs; /* [a] */
	u64 cpus; /* [a] processors that may have the table loaded */
};

/* An empty address space with one reference; NULL if there is no memory. */
must_check struct aspace *aspace_create(void);

struct aspace *aspace_get(struct aspace *aspace);

/* The last reference unmaps and frees everything. Context: thread. */
void aspace_put(struct aspace *aspace);

/*
 * Adds a region [start, start + len) of whole pages.  Nothing is allocated
 * until it is touched.  Errors: -EINVAL outside user space or unaligned,
 * -EEXIST if it meets another region, -ENOMEM.  Context: thread.
 */
must_check int aspace_map(struct aspace *aspace, u64 start, u64 len_bytes,
			  unsigned flags, struct region_source source);

/*
 * Removes whatever is mapped in the range, splitting regions at its ends.
 * Errors: -EINVAL, -ENOMEM.  Context: thread.
 */
must_check int aspace_unmap(struct aspace *aspace, u64 start, u64 len_bytes);

/*
 * Gives the range, which must be mapped without gaps, other rights.
 * Errors: -EINVAL, -ENOMEM (also for a gap, as on Linux).
 */
must_check int aspace_protect(struct aspace *aspace, u64 start, u64 len_bytes,
			      unsigned prot);

/*
 * A free range of that length, as high as possible below `below`; 0 if there
 * is none.  Context: the mutex is held.
 */
u64 aspace_find_free_locked(const struct aspace *aspace, u64 len_bytes,
			    u64 below);

/*
 * A copy that shares every frame until one side writes.  NULL if there is no
 * memory.  Context: thread.
 */
must_check struct aspace *aspace_clone(struct aspace *aspace);

/* Makes it this processor's; NULL keeps whichever is loaded. Irqs off. */
void aspace_switch(struct aspace *aspace);

/* True if this processor's page table is the space's. */
bool aspace_is_loaded(const struct aspace *aspace);

/* This processor keeps only kernel space, so that the space may end. */
void aspace_leave(void);

/* Makes the cache of regions. Context: boot, once. */
void aspace_init(void);

#endif
