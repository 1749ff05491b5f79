/* SPDX-License-Identifier: MIT */
/*
 * Whole tables: their making, sharing and end.
 *
 * The upper half of every root points to the same tables: arch_paging_init()
 * makes one for each used part of kernel space, before the first other root
 * is made, and none is added later.
 *
 * Nothing looks at all entries of a table, for the lines in use are known
 * (pte.h, I1), and a table that is given back holds zeroes again.
 */
#include "arch/x86_64/pte.h"
#include "lib/errno.h"
#include "lib/string.h"

int arch_table_create(struct page_table *table)
{
	const u64 *kernel_root = phys_to_virt(kernel_page_table.root);
	u64 lines = note_of(kernel_root)->lines & ~USER_LINES;
	u64 *root;

	table->root = arch_table_frame_alloc();
	if (table->root.pa == 0) {
		return -ENOMEM;
	}
	root = phys_to_virt(table->root);
	note_of(root)->lines = lines;
	for (; lines != 0; lines &= lines - 1) {
		unsigned i = line_first(lines);

		memcpy(&root[i], &kernel_root[i], LINE_ENTRIES * sizeof(u64));
	}
	return 0;
}

/* A table with so many pages is shared as a whole. */
#define SHARE_MIN 64

/* True if the table has no page outside of the range. */
static bool covered(const struct walk *w)
{
	u64 any = note_of(w->first)->lines & ~w->lines;
	const u64 *at = w->first;

	while (entry_index(at) % LINE_ENTRIES != 0) {
		any |= *--at;
	}
	for (at = w->last; entry_index(at) % LINE_ENTRIES != 0; at++) {
		any |= *at;
	}
	return any == 0;
}

/* Copies the line's pages, which nobody may write to from then on. */
static u64 line_copy(const struct walk *w, u64 *copies,
		     void (*shared)(phys_t frame))
{
	u64 count = 0;

	for (u64 *from = w->at; from < w->stop; from++) {
		u64 entry = *from & ~PTE_WRITE;

		if (entry != 0) {
			*from = entry;
			entry_enter(&copies[entry_index(from)], entry);
			shared(entry_frame(entry));
			count++;
		}
	}
	return count;
}

/*
 * Shares the table that was found (I3), and those behind it that a table of
 * level 1 leads to as well, are full enough, and lie in the range.  Their
 * number; -ENOMEM.
 */
static int tables_share(struct walk *w, struct page_table *to, u64 *count)
{
	u64 *copy = x86_entry_make(to, w->va - level_bytes(1), 1);
	u64 *from = w->place;
	struct table_note *note = note_of(w->first);
	int tables = 0;

	if (copy == NULL) {
		return -ENOMEM;
	}
	for (;;) {
		tables++;
		*from &= ~PTE_WRITE;
		entry_enter(copy++, *from++);
		__atomic_fetch_add(&note->refs, 1, __ATOMIC_RELAXED);
		*count += note->entries;
		if (entry_index(from) == 0 || *from == 0 ||
		    w->va + level_bytes(1) > w->end) {
			break;
		}
		note = note_of(entry_table(*from));
		if (note->entries < SHARE_MIN) {
			break;
		}
		w->va += level_bytes(1);
	}
	w->lines = 0;
	return tables;
}

int arch_share_range(struct page_table *table, struct page_table *to, u64 va,
		     u64 len_bytes, void (*shared)(phys_t frame), u64 *count)
{
	struct walk w = walk_begin(table, va, va + len_bytes);
	int tables = 0;

	while (x86_walk_table(&w)) {
		u64 *copies;

		if (note_of(w.first)->entries >= SHARE_MIN && covered(&w)) {
			int shared_now = tables_share(&w, to, count);

			if (shared_now < 0) {
				return shared_now;
			}
			tables += shared_now;
			continue;
		}
		copies = x86_entry_make(to, w.va - level_bytes(1), 0);
		if (copies == NULL) {
			return -ENOMEM;
		}
		while (w.lines != 0 && x86_walk_line(&w)) {
			*count += line_copy(&w, copies, shared);
		}
	}
	return tables;
}

bool arch_find_shared(const struct page_table *table, u64 *va, u64 end)
{
	/* Whole tables: what is empty there may be shared all the same. */
	struct walk w = walk_begin(table, ALIGN_DOWN(*va, level_bytes(1)),
				   ALIGN_UP(end, level_bytes(1)));
	bool found = false;

	while (!found && x86_walk_table(&w)) {
		found = walk_is_shared(&w);
		w.lines = 0;
	}
	*va = w.va;
	return found;
}

int arch_own_table(struct page_table *table, u64 va,
		   void (*shared)(phys_t frame), phys_t *old)
{
	u64 start = ALIGN_DOWN(va, level_bytes(1));
	struct walk w = walk_begin(table, start, start + level_bytes(1));
	phys_t copy;

	*old = phys(0);
	if (!x86_walk_table(&w) || !walk_is_shared(&w)) {
		return 0;
	}
	/* Pairs with the release of whoever dropped the table before. */
	if (__atomic_load_n(&note_of(w.first)->refs, __ATOMIC_ACQUIRE) == 1) {
		*w.place |= PTE_WRITE;
		return 0;
	}
	copy = arch_table_frame_alloc();
	if (copy.pa == 0) {
		return -ENOMEM;
	}
	while (w.lines != 0 && x86_walk_line(&w)) {
		line_copy(&w, phys_to_virt(copy), shared);
	}
	*old = entry_frame(*w.place);
	*w.place = (*w.place & ~PTE_ADDRESS) | copy.pa | PTE_WRITE;
	return 0;
}

cold phys_t arch_take_empty_table(struct page_table *table, unsigned level,
				  u64 *va, u64 end)
{
	while (*va < end) {
		u64 *entries = phys_to_virt(table->root);
		unsigned at = ROOT_LEVEL;
		u64 *entry = &entries[level_index(*va, at)];

		while (at > level + 1 && (*entry & PTE_PRESENT)) {
			at--;
			entry = &entry_table(*entry)[level_index(*va, at)];
		}
		*va = ALIGN_DOWN(*va, level_bytes(at)) + level_bytes(at);
		if ((*entry & PTE_PRESENT) &&
		    note_of(entry_table(*entry))->entries == 0) {
			phys_t frame = entry_frame(*entry);

			entry_leave(entry);
			return frame;
		}
	}
	return phys(0);
}

static u64 table_free(u64 *entries, unsigned level, void (*gone)(phys_t frame));

/* Clears all entries that are counted (I2); the number of pages below them. */
static u64 entries_free(u64 *entries, const struct table_note *note,
			unsigned level, void (*gone)(phys_t frame))
{
	u64 count = 0, left = note->entries;

	for (u64 lines = note->lines; left != 0; lines &= lines - 1) {
		u64 *at = &entries[line_first(lines)];

		for (u64 *end = at + LINE_ENTRIES; at < end; at++) {
			u64 entry = *at;

			if (entry == 0) {
				continue;
			}
			*at = 0;
			if (level > 0) {
				count += table_free(entry_table(entry),
						    level - 1, gone);
			} else {
				gone(entry_frame(entry));
				count++;
			}
			if (--left == 0) {
				return count;
			}
		}
	}
	return count;
}

/* Bounded recursion: `level` counts down to 0. */
static u64 table_free(u64 *entries, unsigned level, void (*gone)(phys_t frame))
{
	struct table_note *note = note_of(entries);
	u64 count = note->entries;

	/* Pairs with the acquire in arch_own_table(), and with itself. */
	if (__atomic_load_n(&note->refs, __ATOMIC_ACQUIRE) != 1 &&
	    __atomic_sub_fetch(&note->refs, 1, __ATOMIC_ACQ_REL) != 0) {
		return count;
	}
	note->refs = 1;
	count = entries_free(entries, note, level, gone);
	arch_table_frame_free(virt_to_phys(entries));
	return count;
}

void arch_drop_table(phys_t old, void (*gone)(phys_t frame))
{
	table_free(phys_to_virt(old), 0, gone);
}

u64 arch_table_destroy(struct page_table *table, void (*gone)(phys_t frame))
{
	u64 *root = phys_to_virt(table->root);
	u64 lines = note_of(root)->lines & ~USER_LINES;
	u64 count = entries_free(root, note_of(root), ROOT_LEVEL, gone);

	for (; lines != 0; lines &= lines - 1) {
		memset(&root[line_first(lines)], 0, LINE_ENTRIES * sizeof(u64));
	}
	arch_table_frame_free(table->root);
	table->root = phys(0);
	return count;
}
