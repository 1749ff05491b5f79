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

int arch_share_range(struct page_table *table, struct page_table *to, u64 va,
		     u64 len_bytes, void (*shared)(phys_t frame), u64 *count)
{
	struct walk w = walk_begin(table, va, va + len_bytes);
	u64 *from, *copies = NULL;
	u64 made = 0; /* where the table of `copies` ends */

	while ((from = walk_next(&w)) != NULL) {
		if (made != w.va) {
			made = w.va;
			copies = x86_entry_make(to, made - level_bytes(1), 0);
			if (copies == NULL) {
				return -ENOMEM;
			}
		}
		*from &= ~PTE_WRITE;
		entry_enter(&copies[(u64)from / sizeof(u64) % TABLE_ENTRIES],
			    *from);
		shared(entry_frame(*from));
		(*count)++;
	}
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

/* Clears the entries of these lines; the number of pages below them. */
static u64 lines_free(u64 *entries, u64 lines, unsigned level,
		      void (*gone)(phys_t frame))
{
	u64 count = 0;

	for (; lines != 0; lines &= lines - 1) {
		u64 *at = &entries[line_first(lines)];

		for (u64 *end = at + LINE_ENTRIES; at < end; at++) {
			u64 entry = *at;

			*at = 0;
			if (entry == 0) {
				continue;
			}
			if (level > 0) {
				count += table_free(entry_table(entry),
						    level - 1, gone);
			} else {
				gone(entry_frame(entry));
				count++;
			}
		}
	}
	return count;
}

/* Bounded recursion: `level` counts down to 0. */
static u64 table_free(u64 *entries, unsigned level, void (*gone)(phys_t frame))
{
	u64 count = lines_free(entries, note_of(entries)->lines, level, gone);

	arch_table_frame_free(virt_to_phys(entries));
	return count;
}

u64 arch_table_destroy(struct page_table *table, void (*gone)(phys_t frame))
{
	u64 *root = phys_to_virt(table->root);
	u64 lines = note_of(root)->lines;
	u64 count = lines_free(root, lines & USER_LINES, ROOT_LEVEL, gone);

	for (lines &= ~USER_LINES; lines != 0; lines &= lines - 1) {
		memset(&root[line_first(lines)], 0, LINE_ENTRIES * sizeof(u64));
	}
	arch_table_frame_free(table->root);
	table->root = phys(0);
	return count;
}
