/* SPDX-License-Identifier: MIT */
/*
 * Physical memory in frames of 4 KB: a buddy allocator whose truth about each
 * frame is a bitmap, with a stack of single frames per processor in front.
 *
 * Every frame has a struct page; it is valid only for the first frame of a
 * block, so that nothing is touched before it is used and start-up takes the
 * same time for little and for much memory.
 */
#ifndef EXO_MM_FRAME_H
#define EXO_MM_FRAME_H

#include "arch/directmap.h"
#include "lib/types.h"

/* Largest block: 2^FRAME_MAX_ORDER frames = 4 GB. */
#define FRAME_MAX_ORDER 20

enum page_state {
	PAGE_RESERVED,  /* never handed out: firmware, kernel image, modules */
	PAGE_FREE,      /* head of a free block, in its order's list */
	PAGE_CACHED,    /* single frame in a processor's stack */
	PAGE_ALLOCATED, /* head of a block that somebody owns */
	PAGE_SLAB,      /* allocated, and mm/kmem.c keeps objects in it */
};

struct page {
	u8 state; /* enum page_state */
	u8 order; /* of the block that starts here */
	u16 slab_cache;
	u32 refs; /* [a] of an allocated block; for PAGE_SLAB see mm/kmem.c */
	u32 next; /* frame numbers in a list of the owner of this state; */
	u32 prev; /* 0 is none */
};

struct frame_range {
	phys_t base;
	u64 len_bytes;
};

/*
 * Takes over all of `usable` except what `reserved` covers; ranges may
 * overlap, be unaligned and in any order (usable ones shrink to whole frames,
 * reserved ones grow).  The bitmap and the struct pages are placed in usable
 * memory below `limit`, the end of what the direct map reaches already.
 * Frame 0 is never handed out.  Errors: -ENOMEM if they fit nowhere.
 * Context: boot, once.
 */
must_check int frame_init(const struct frame_range *usable, size_t usable_count,
			  const struct frame_range *reserved,
			  size_t reserved_count, phys_t limit);

/*
 * Makes a range that frame_init() reserved available (boot-time memory that
 * is no longer needed).
 */
void frame_release_range(struct frame_range range);

#define PHYS_NONE ((phys_t){ 0 })

static inline bool phys_is_none(phys_t p)
{
	return p.pa == 0;
}

/*
 * A block of 2^order frames, aligned to its size, with one reference and
 * arbitrary content; PHYS_NONE if there is none.  The caller owns it.
 * Context: any but interrupt handlers; does not sleep.
 */
must_check phys_t frame_alloc(unsigned order);

/* A single frame of zeroes; else as frame_alloc(0). */
must_check phys_t frame_alloc_zeroed(void);

/* Gives back a block of frame_alloc() that has one reference. */
void frame_free(phys_t block, unsigned order);

/* One more reference to a single frame. Context: any. */
void frame_get(phys_t frame);

/*
 * One reference less; the last one frees the frame.  A reserved frame (one of
 * the boot archive's, mapped in place) may be referenced like any other and is
 * never freed.
 */
void frame_put(phys_t frame);

/* References to the frame now; 1 means that the caller's is the only one. */
u32 frame_refs(phys_t frame);

/* The struct page of a frame below frame_limit(). */
struct page *frame_page(phys_t frame);

/* One past the last frame that has a struct page. */
phys_t frame_limit(void);

struct frame_stats {
	u64 total;  /* frames under management, free or not */
	u64 free;   /* in the buddy lists and in processors' stacks */
	u64 cached; /* of these, in processors' stacks */
	u64 meta;   /* frames that the bitmap and the struct pages take */
};

struct frame_stats frame_stats(void);

/* Moves this processor's cached frames back into the buddy lists. */
void frame_drain(void);

/*
 * Compares bitmap, lists and struct pages and stops the machine where they
 * differ.  Slow: for tests.
 */
void frame_check(void);

#endif
