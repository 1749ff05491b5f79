/* SPDX-License-Identifier: MIT */
/*
 * Page tables of four levels (SDM vol. 3, 4.5).  Level 0 maps 4 KB pages,
 * levels 1 and 2 may map 2 MB and 1 GB, level 3 is the root.  An entry of
 * level 0 that is not 0 holds a page; without PTE_PRESENT it is hidden.
 *
 * A table's frame has a struct table_note:
 *
 * I1  An entry that is not 0 lies in a line that `lines` names.
 * I2  `entries` tells how many are not 0, but in a root those of user space
 *     alone.  A table without any has no such lines.
 * I3  A table of level 0 may stand in several address spaces: `refs` counts
 *     them, and the entries that lead to it lack PTE_WRITE.  It does not change
 *     then, but that its pages may lose the right to write.
 */
#ifndef EXO_ARCH_X86_64_PTE_H
#define EXO_ARCH_X86_64_PTE_H

#include "arch/paging.h"

#define PTE_PRESENT   (1ul << 0)
#define PTE_WRITE     (1ul << 1)
#define PTE_USER      (1ul << 2)
#define PTE_WT        (1ul << 3) /* with the PAT below: write combining */
#define PTE_CD        (1ul << 4)
#define PTE_LARGE     (1ul << 7) /* levels 1 and 2 */
#define PTE_GLOBAL    (1ul << 8)
#define PTE_NX        (1ul << 63)
#define PTE_ADDRESS   0x000ffffffffff000ul

#define TABLE_ENTRIES 512
#define ROOT_LEVEL    3
#define USER_ENTRIES  (TABLE_ENTRIES / 2) /* of the root */

/* Entries on a cache line, which a bit of table_note.lines stands for. */
#define LINE_ENTRIES 8
#define USER_LINES   ((1ul << USER_ENTRIES / LINE_ENTRIES) - 1)

static_assert(TABLE_ENTRIES / LINE_ENTRIES == 64, "a bit each");

/* [I] What an entry says for each enum page_prot; filled at boot. */
extern u64 x86_prot_bits[PROT_PAGE_ALL + 1];

static inline u64 level_bytes(unsigned level)
{
	return 1ul << (PAGE_SHIFT + 9 * level);
}

static_assert(PAGING_TABLE_BYTES == TABLE_ENTRIES * PAGE_SIZE, "level 0");

static inline unsigned level_index(u64 va, unsigned level)
{
	return (va >> (PAGE_SHIFT + 9 * level)) & (TABLE_ENTRIES - 1);
}

static inline phys_t entry_frame(u64 entry)
{
	return phys(entry & PTE_ADDRESS);
}

static inline u64 *entry_table(u64 entry)
{
	return phys_to_virt(entry_frame(entry));
}

static inline bool entry_is_page(u64 entry, unsigned level)
{
	return level == 0 || (entry & PTE_LARGE) != 0;
}

/* The note of the table that an entry is in. */
static inline struct table_note *note_of(const u64 *entry)
{
	return &arch_table_notes[virt_to_phys(entry).pa >> PAGE_SHIFT];
}

/* The bit of the entry's line. */
static inline u64 line_bit(const u64 *entry)
{
	return 1ul << ((u64)entry / (LINE_ENTRIES * sizeof(u64)) & 63);
}

/* The first entry of the first of these lines. */
static inline unsigned line_first(u64 lines)
{
	return (unsigned)__builtin_ctzll(lines) * LINE_ENTRIES;
}

/* A table or a page takes an empty entry, or leaves it. */
static inline void entry_enter(u64 *entry, u64 value)
{
	struct table_note *note = note_of(entry);

	*entry = value;
	note->lines |= line_bit(entry);
	note->entries++;
}

static inline void entry_leave(u64 *entry)
{
	struct table_note *note = note_of(entry);

	*entry = 0;
	if (--note->entries == 0) {
		note->lines = 0;
	}
}

/*
 * The entry at `level`, making missing tables; NULL if there is no memory.
 */
u64 *x86_entry_make(struct page_table *table, u64 va, unsigned level);

/* The entries of [va, end) that hold pages, in order: walk_next(). */
struct walk {
	const struct page_table *table;
	u64 va;            /* where the next table is looked for */
	u64 end;           /* of the range */
	u64 *place;        /* the entry that leads to the table */
	u64 lines;         /* of the table, yet to be looked at */
	u64 *first, *last; /* the table's entries in the range */
	u64 *at, *stop;    /* the line's that are left */
};

static inline struct walk walk_begin(const struct page_table *table, u64 va,
				     u64 end)
{
	return (struct walk){ .table = table, .va = va, .end = end };
}

/* Finds the next table that has pages of the range. False: there is none. */
bool x86_walk_table(struct walk *w);

/* Moves to the next line that is in use. False: there is none. */
bool x86_walk_line(struct walk *w);

/* True if the table belongs to several address spaces, or did (I3). */
static inline bool walk_is_shared(const struct walk *w)
{
	return !(*w->place & PTE_WRITE);
}

static always_inline u64 *walk_next(struct walk *w)
{
	do {
		while (w->at < w->stop) {
			u64 *entry = w->at++;

			if (*entry != 0) {
				return entry;
			}
		}
	} while (x86_walk_line(w));
	return NULL;
}

/* Where it is in its table. */
static inline u64 entry_index(const u64 *entry)
{
	return (u64)entry / sizeof(u64) % TABLE_ENTRIES;
}

/* The address that the entry given last maps: `va` is behind its table. */
static inline u64 walk_va(const struct walk *w, const u64 *entry)
{
	return ALIGN_DOWN(w->va - 1, level_bytes(1)) +
	       entry_index(entry) * PAGE_SIZE;
}

#endif
