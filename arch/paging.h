/* SPDX-License-Identifier: MIT */
/*
 * Page tables.  A struct page_table is one address space's; its upper half is
 * the kernel's and the same in all.  The caller guards a table by its address
 * space's lock (the kernel's by boot order or LOCK_KSTACK) and sees to
 * the flush of remote TLBs: these functions touch memory only, the arch_tlb_
 * ones this processor's TLB.
 */
#ifndef EXO_ARCH_PAGING_H
#define EXO_ARCH_PAGING_H

#include "arch/directmap.h"
#include "lib/types.h"

/* User space is [USER_START, USER_END); the last page stays empty, so that
 * no SYSCALL at its end returns to a non-canonical address. */
#define USER_START 0x10000ul
#define USER_END   0x7ffffffff000ul

/* Kernel space: direct map, then kernel stacks, devices, the image. */
#define KSTACK_AREA_BASE   0xffffc00000000000ul
#define KSTACK_AREA_END    0xffffd00000000000ul
#define KSTACK_AREA_FACTOR 64 /* it is so many times as large as memory */
#define DEVICE_AREA_BASE   0xffffe00000000000ul
#define KERNEL_BASE        0xffffffff80000000ul

/* What a last-level table maps. */
#define PAGING_TABLE_BYTES (2ul << 20)

enum page_prot {
	PROT_PAGE_READ = 0,
	PROT_PAGE_EXEC = 1,
	PROT_PAGE_WRITE = 2,
	PROT_PAGE_USER = 4,
	PROT_PAGE_UNCACHED = 8,   /* device registers */
	PROT_PAGE_COMBINING = 16, /* framebuffers: writes are gathered */
	PROT_PAGE_HIDDEN = 32, /* kept in the table, but every access faults */
	PROT_PAGE_ALL = 63,
};

struct page_table {
	phys_t root;
};

/* What is kept with the frame of a table. */
struct table_note {
	u16 frame_state; /* this and `refs` are whose who hands out frames */
	u16 entries;     /* how many are not 0 */
	u32 refs;
	u64 lines; /* a bit for each cache line: it may have such entries */
};

/* [I] By frame number, like all that is known of frames; defined by mm/. */
extern struct table_note *arch_table_notes;

struct page_mapping {
	phys_t frame;
	unsigned prot; /* enum page_prot */
	bool shared;   /* arch_query_page(): arch_own_table() first */
	void *place;   /* in the table, for arch_remap_page() */
};

/* The table of kernel space, which every other one shares. */
extern struct page_table kernel_page_table;

/*
 * Replaces the boot tables: the direct map of [0, ram_end), the image with
 * rights per part (W^X).  Context: boot, once.  Errors: -ENOMEM.
 */
must_check int arch_paging_init(phys_t ram_end);

/* A table with an empty user half.  Errors: -ENOMEM. */
must_check int arch_table_create(struct page_table *table);

/*
 * Frees the table, which no processor may have loaded, and calls `gone` for
 * each page of the user half; the number of these.
 */
u64 arch_table_destroy(struct page_table *table, void (*gone)(phys_t frame));

/*
 * Maps one page where none is mapped; `prot` of enum page_prot.
 * Errors: -ENOMEM for a table, -EEXIST if a page is mapped there, -EBUSY if
 * the table is shared.
 */
must_check int arch_map_page(struct page_table *table, u64 va, phys_t frame,
			     unsigned prot);

/*
 * Maps a physically contiguous range, with large pages where both sides are
 * aligned.  Errors as arch_map_page; what was mapped before the error stays.
 */
must_check int arch_map_range(struct page_table *table, u64 va, phys_t base,
			      u64 len_bytes, unsigned prot);

/* Takes the page away and tells what it was; false if none was mapped. */
bool arch_unmap_page(struct page_table *table, u64 va,
		     struct page_mapping *old);

/*
 * Takes away every page of the range, calling `gone` for each, which may put it
 * back; skips empty tables whole, so that the cost follows what is mapped.
 */
void arch_unmap_range(struct page_table *table, u64 va, u64 len_bytes,
		      void (*gone)(void *ctx, u64 va,
				   const struct page_mapping *old),
		      void *ctx);

/*
 * Takes the first table of [*va, end) that maps nothing out of `table`, one of
 * level 0 (of pages) or 1 (of such tables), and tells its frame, which no
 * processor may walk any more before it is freed; 0 if there is none.  *va
 * moves behind what was looked at.
 */
phys_t arch_take_empty_table(struct page_table *table, unsigned level, u64 *va,
			     u64 end);

/* Tells what is mapped at `va`, hidden or not; false if nothing is. */
bool arch_query_page(const struct page_table *table, u64 va,
		     struct page_mapping *out);

/*
 * Gives a page another frame or other rights.  Since arch_query_page() told
 * `old`, nobody else may have changed the table.
 */
void arch_remap_page(const struct page_mapping *old, phys_t frame,
		     unsigned prot);

/*
 * Gives every mapped page of the range the rights of `prot`, but the right to
 * write only to those that have it.  True if any lost a right: TLBs may know
 * it still.
 */
must_check bool arch_protect_range(struct page_table *table, u64 va,
				   u64 len_bytes, unsigned prot);

/*
 * Maps each page of the range at its address in `to`, too, where nothing is
 * mapped, and takes the right to write from both.  Where a last-level table
 * has many pages, all of the range, both have that table from then on; else
 * `shared` is called for each page's frame.  What `to` got is added to *count.
 * Returns how many tables both have.
 * Errors: -ENOMEM for a table; then some pages are shared.
 */
must_check int arch_share_range(struct page_table *table, struct page_table *to,
				u64 va, u64 len_bytes,
				void (*shared)(phys_t frame), u64 *count);

/* True if a table of [*va, end) is, or was, shared; *va moves behind it. */
bool arch_find_shared(const struct page_table *table, u64 *va, u64 end);

/*
 * Makes the last-level table for `va` one that nobody else has; where others
 * have it, by a copy, in which `shared` was called for each page.  Then *old is
 * the table that it replaces, to be dropped once no processor walks it for this
 * address space, else 0.  Errors: -ENOMEM.
 */
must_check int arch_own_table(struct page_table *table, u64 va,
			      void (*shared)(phys_t frame), phys_t *old);
void arch_drop_table(phys_t old, void (*gone)(phys_t frame));

/* Makes `table` this processor's address space. */
void arch_table_load(const struct page_table *table);

/* Forgets a page of any address space, kernel space included. */
void arch_tlb_flush_page(u64 va);

/* Forgets all but kernel space. */
void arch_tlb_flush_user(void);

/* Forgets everything. */
void arch_tlb_flush_all(void);

/* Maps device memory for good.  NULL if there is no memory for tables. */
void *arch_map_device(phys_t base, u64 len_bytes, enum page_prot caching);

/* Upward calls, defined by mm/: a frame of zeroes with an empty note for a
 * table, which is full of zeroes when it goes back. */
must_check phys_t arch_table_frame_alloc(void);
void arch_table_frame_free(phys_t frame);

#endif
