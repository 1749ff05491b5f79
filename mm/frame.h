/* SPDX-License-Identifier: MIT */
/*
 * Physical memory in frames of 4 KB: a buddy allocator whose truth about each
 * frame is a bitmap, with a stack of single frames per processor in front.
 *
 * Every frame has a struct page, valid only once it is needed, so that nothing
 * is touched before it is used and start-up takes the same time for little
 * and for much memory.
 */
#ifndef EXO_MM_FRAME_H
#define EXO_MM_FRAME_H

#include "arch/directmap.h"
#include "lib/types.h"
#include "mm/owner.h"

/* Largest block: 2^FRAME_MAX_ORDER frames = 4 GB. */
#define FRAME_MAX_ORDER 20

enum page_state {
	PAGE_RESERVED,  /* never handed out: firmware, kernel image, modules */
	PAGE_FREE,      /* head of a free block, in its order's list */
	PAGE_CACHED,    /* head of a block in a processor's stack */
	PAGE_ALLOCATED, /* head of a block that somebody owns */
	PAGE_SLAB,      /* and above: it has objects of cache 0 of mm/kmem.c */
};

/*
 * Valid for the first frame of a block, for every frame of a slab, and where
 * frame_share_range() made it so.
 */
struct page {
	u8 state; /* enum page_state; PAGE_SLAB plus the number of a cache */
	u8 order; /* of the block that starts here */
	u16 table_entries; /* a page table: struct table_note; else 0 */
	union {
		u32 refs; /* [a] all states below PAGE_SLAB */
		struct {
			u16 slab_free_at; /* the cache's lock guards these */
			u16 slab_free_count;
		};
	};
	union {
		struct {
			u32 next; /* frame numbers in a list of the owner */
			u32 prev; /* of this state; 0 is none */
		};
		u64 table_lines; /* a page table: struct table_note */
	};
};

static_assert(sizeof(struct page) == 16, "1/256 of memory");

struct frame_range {
	phys_t base;
	u64 len_bytes;
};

/*
 * Takes over all of `usable` below `limit` except what `reserved` covers;
 * ranges may overlap, be unaligned and in any order (usable ones shrink to
 * whole frames, reserved ones grow).  `limit` is the end of what the direct
 * map reaches already: the bitmap and the struct pages of all memory are
 * placed below it.  Frame 0 is never handed out.
 * Errors: -ENOMEM if they fit nowhere.  Context: boot, once.
 */
must_check int frame_init(const struct frame_range *usable, size_t usable_count,
			  const struct frame_range *reserved,
			  size_t reserved_count, phys_t limit);

/*
 * Takes over the memory above frame_init()'s limit, when the direct map
 * reaches it; the same ranges again.  Nothing to do if there is none.
 * Context: boot, once.
 */
void frame_init_high(const struct frame_range *usable, size_t usable_count,
		     const struct frame_range *reserved, size_t reserved_count);

/*
 * Makes a range that frame_init() reserved available (boot-time memory that
 * is no longer needed); it shrinks to whole frames.
 */
void frame_release_range(struct frame_range range);

/*
 * Gives each frame of a reserved range a struct page with one reference that
 * is never dropped: from then on frame_get(), frame_put() and frame_refs()
 * take these frames (the boot archive's, mapped in place) like any other.
 * Grows to whole frames.  Context: boot, once for a frame.
 */
void frame_share_range(struct frame_range range);

#define PHYS_NONE ((phys_t){ 0 })

static inline bool phys_is_none(phys_t p)
{
	return p.pa == 0;
}

/*
 * A block of 2^order frames, aligned to its size, with one reference and
 * arbitrary content, of the running processor's node or of the nearest that
 * has one; PHYS_NONE if there is none.  The caller owns it.
 * Context: any but interrupt handlers; does not sleep.
 */
must_check phys_t frame_alloc(unsigned order);

/* The same as frame_alloc(0), which it is where 0 is known to the compiler. */
must_check phys_t frame_alloc_single(void);

/* A single frame of zeroes; else as frame_alloc(0). */
must_check phys_t frame_alloc_zeroed(void);

/*
 * Makes each frame of a block of frame_alloc() that has one reference a block
 * of its own with one reference.
 */
void frame_split(phys_t block, unsigned order);

/* Gives back a block of frame_alloc() that has one reference. */
void frame_free(phys_t block, unsigned order);

/* The same as frame_free(frame, 0), likewise. */
void frame_free_single(phys_t frame);

/* The same for a single frame full of zeroes, which is kept as such. */
void frame_free_zeroed(phys_t frame);

/* One more reference to a single frame. Context: any. */
void frame_get(phys_t frame);

/*
 * One reference less; the last one frees the frame.  A reserved frame never
 * comes to its last one (see frame_share_range()).
 * Context: any but interrupt handlers; does not sleep.
 */
void frame_put(phys_t frame);

/* References to the frame now; 1 means that the caller's is the only one. */
u32 frame_refs(phys_t frame);

/* [I] The struct pages, by frame number; use frame_page(). */
extern struct frame_table {
	struct page *pages;
	u64 count;
} frame_table;

/* The struct page of the frame that an address is in. Context: any. */
static inline struct page *frame_page(phys_t frame)
{
	return &frame_table.pages[frame.pa >> PAGE_SHIFT];
}

/* The same of what phys_to_virt() gave; NULL lies in frame 0. Context: any. */
static always_inline struct page *frame_page_at(const void *v)
{
	u64 at = virt_to_phys_null(v).pa >> (PAGE_SHIFT - 4);

	static_assert(sizeof(struct page) == 1 << 4, "the 4 above");
	return (struct page *)((char *)frame_table.pages +
			       ALIGN_DOWN(at, sizeof(struct page)));
}

/* One past the last frame that has a struct page. */
static inline phys_t frame_limit(void)
{
	return phys(frame_table.count << PAGE_SHIFT);
}

struct frame_stats {
	u64 total;  /* frames that can be handed out, free or not */
	u64 free;   /* in the buddy lists and in processors' stacks */
	u64 cached; /* of these, in processors' stacks */
	u64 meta;   /* frames that the bitmap and the struct pages take */
};

struct frame_stats frame_stats(void);

/* One node's frames: all, and those in its lists alone. */
struct frame_node_stats {
	u64 total;
	u64 free;
};

struct frame_node_stats frame_node_stats(u32 node);

/*
 * Moves this processor's cached frames back into the buddy lists. Context: as
 * frame_alloc().
 */
void frame_drain(void);

#ifdef EXO_DEBUG
/*
 * For tests: frame_alloc() works `count` times more and then fails, until this
 * is called again (FRAME_FAIL_NEVER).
 */
#define FRAME_FAIL_NEVER UINT64_MAX
void frame_fail_after(u64 count);
#endif

#ifdef OWNER_HERE
/* The block, which `who` owns from now on, whoever it was until now. */
must_check phys_t frame_owned(phys_t block, unsigned order, enum owner who);

#define frame_alloc(order)   frame_owned(frame_alloc(order), order, OWNER_HERE)
#define frame_alloc_zeroed() frame_owned(frame_alloc_zeroed(), 0, OWNER_HERE)
#else
#define frame_alloc(order)                                                  \
	(__builtin_constant_p(order) && (order) == 0 ? frame_alloc_single() \
						     : frame_alloc(order))
#endif

#define frame_free(block, order)                     \
	(__builtin_constant_p(order) && (order) == 0 \
		 ? frame_free_single(block)          \
		 : frame_free(block, order))

/*
 * Compares bitmap, lists and struct pages and stops the machine where they
 * differ.  Slow: for tests.
 */
void frame_check(void);

#endif
