/* SPDX-License-Identifier: MIT */
/*
 * Page tables: finding, making and changing their entries (pte.h), and the
 * TLB.
 */
#include "arch/paging.h"

#include "arch/cpu.h"
#include "arch/x86_64/features.h"
#include "arch/x86_64/pte.h"
#include "lib/assert.h"
#include "lib/errno.h"

struct page_table kernel_page_table;

u64 x86_prot_bits[PROT_PAGE_ALL + 1];

/* An entry and enum page_prot have these bits in common. */
static_assert(PROT_PAGE_WRITE == PTE_WRITE && PROT_PAGE_USER == PTE_USER,
	      "entry_mapping() relies on it");

static struct page_mapping entry_mapping(u64 *place)
{
	u64 entry = *place;
	unsigned prot = entry & (PTE_WRITE | PTE_USER);

	prot |= entry & PTE_NX ? 0 : PROT_PAGE_EXEC;
	prot |= entry & PTE_PRESENT ? 0 : PROT_PAGE_HIDDEN;
	return (struct page_mapping){ entry_frame(entry), prot, false, place };
}

static inline bool entry_is_table(u64 entry)
{
	return (entry & (PTE_PRESENT | PTE_LARGE)) == PTE_PRESENT;
}

struct found {
	u64 *entry; /* of level 0, or NULL if a table on the way is missing */
	u64 *place; /* what leads to its table */
};

/* Two words, which fit in registers. */
static noinline struct found entry_find(const struct page_table *table, u64 va)
{
	const u64 *root = phys_to_virt(table->root);
	u64 entry = root[level_index(va, 3)];
	u64 *place;

	if (!entry_is_table(entry)) {
		return (struct found){ NULL, NULL };
	}
	entry = entry_table(entry)[level_index(va, 2)];
	if (!entry_is_table(entry)) {
		return (struct found){ NULL, NULL };
	}
	place = &entry_table(entry)[level_index(va, 1)];
	if (!entry_is_table(*place)) {
		return (struct found){ NULL, NULL };
	}
	return (struct found){ &entry_table(*place)[level_index(va, 0)],
			       place };
}

cold u64 *x86_entry_make(struct page_table *table, u64 va, unsigned level)
{
	u64 *entries = phys_to_virt(table->root);
	u64 user = va < USER_END ? PTE_USER : 0;

	for (unsigned at = ROOT_LEVEL; at > level; at--) {
		u64 *entry = &entries[level_index(va, at)];

		if (!(*entry & PTE_PRESENT)) {
			phys_t frame = arch_table_frame_alloc();

			if (frame.pa == 0) {
				return NULL;
			}
			entry_enter(entry,
				    frame.pa | PTE_PRESENT | PTE_WRITE | user);
		}
		ASSERT(!entry_is_page(*entry, at));
		entries = entry_table(*entry);
	}
	return &entries[level_index(va, level)];
}

int arch_map_page(struct page_table *table, u64 va, phys_t frame, unsigned prot)
{
	struct found found = entry_find(table, va);
	u64 *entry = found.entry;

	if (entry == NULL) {
		entry = x86_entry_make(table, va, 0);
		if (entry == NULL) {
			return -ENOMEM;
		}
	} else if (*entry != 0) {
		return -EEXIST;
	} else if (!(*found.place & PTE_WRITE)) {
		return -EBUSY;
	}
	entry_enter(entry, frame.pa | x86_prot_bits[prot]);
	return 0;
}

bool arch_unmap_page(struct page_table *table, u64 va, struct page_mapping *old)
{
	u64 *entry = entry_find(table, va).entry;

	if (entry == NULL || *entry == 0) {
		return false;
	}
	*old = entry_mapping(entry);
	entry_leave(entry);
	return true;
}

/* Where the next table may be, behind one that is missing for `va`. */
static cold u64 behind_missing(const struct page_table *table, u64 va)
{
	u64 *entries = phys_to_virt(table->root);
	unsigned level = ROOT_LEVEL;
	u64 entry = entries[level_index(va, level)];

	while (entry_is_table(entry)) {
		level--;
		entry = entry_table(entry)[level_index(va, level)];
	}
	return ALIGN_DOWN(va, level_bytes(level)) + level_bytes(level);
}

bool x86_walk_table(struct walk *w)
{
	while (w->va < w->end) {
		struct found found = entry_find(w->table, w->va);
		u64 next = ALIGN_DOWN(w->va, level_bytes(1)) + level_bytes(1);
		u64 *last;

		if (unlikely(found.entry == NULL)) {
			w->va = behind_missing(w->table, w->va);
			continue;
		}
		last = found.entry + (MIN(w->end, next) - w->va) / PAGE_SIZE;
		w->va = next;
		w->lines = note_of(found.entry)->lines &
			   -line_bit(found.entry) &
			   (2 * line_bit(last - 1) - 1);
		if (w->lines != 0) {
			w->place = found.place;
			w->first = found.entry;
			w->last = last;
			return true;
		}
	}
	return false;
}

bool x86_walk_line(struct walk *w)
{
	u64 *line;

	if (w->lines == 0 && (w->va >= w->end || !x86_walk_table(w))) {
		return false;
	}
	line = (u64 *)ALIGN_DOWN((u64)w->first, PAGE_SIZE) +
	       line_first(w->lines);
	w->lines &= w->lines - 1;
	w->at = MAX(line, w->first);
	w->stop = MIN(line + LINE_ENTRIES, w->last);
	return true;
}

void arch_unmap_range(struct page_table *table, u64 va, u64 len_bytes,
		      void (*gone)(void *ctx, u64 va,
				   const struct page_mapping *old),
		      void *ctx)
{
	struct walk w = walk_begin(table, va, va + len_bytes);
	u64 *entry;

	while ((entry = walk_next(&w)) != NULL) {
		struct page_mapping old = entry_mapping(entry);

		DEBUG_ASSERT(!walk_is_shared(&w));
		entry_leave(entry);
		gone(ctx, walk_va(&w, entry), &old);
	}
}

bool arch_query_page(const struct page_table *table, u64 va,
		     struct page_mapping *out)
{
	struct found found = entry_find(table, va);

	if (found.entry == NULL || *found.entry == 0) {
		return false;
	}
	*out = entry_mapping(found.entry);
	out->shared = !(*found.place & PTE_WRITE);
	return true;
}

void arch_remap_page(const struct page_mapping *old, phys_t frame,
		     unsigned prot)
{
	*(u64 *)old->place = frame.pa | x86_prot_bits[prot];
}

/* A right that is added is told by a bit that is set, but for PTE_NX. */
#define PTE_RIGHTS (PTE_PRESENT | PTE_WRITE | PTE_NX)

/* What entries get, and which of their rights that concerns. */
struct rights {
	u64 bits;
	u64 mask;
};

/* Gives entries their rights; which bits say that some were lost. */
static always_inline u64 entries_protect(u64 *entry, const u64 *stop,
					 struct rights rights)
{
	u64 lost = 0;

	for (; entry < stop; entry++) {
		u64 old = *entry, new;

		if ((old & rights.mask) != rights.bits && old != 0) {
			new = (old & ~rights.mask) | rights.bits;
			*entry = new;
			lost |= (old ^ PTE_NX) & ~(new ^ PTE_NX);
		}
	}
	return lost;
}

bool arch_protect_range(struct page_table *table, u64 va, u64 len_bytes,
			unsigned prot)
{
	struct walk w = walk_begin(table, va, va + len_bytes);
	u64 bits = x86_prot_bits[prot] & PTE_RIGHTS;
	struct rights rights = { bits & ~PTE_WRITE,
				 PTE_RIGHTS & ~(bits & PTE_WRITE) };
	u64 lost = 0;

	while (x86_walk_table(&w)) {
		u64 *entries = (u64 *)ALIGN_DOWN((u64)w.first, PAGE_SIZE);

		DEBUG_ASSERT(!walk_is_shared(&w));
		for (; w.lines != 0; w.lines &= w.lines - 1) {
			u64 *line = entries + line_first(w.lines);

			lost |= entries_protect(
				MAX(line, w.first),
				MIN(line + LINE_ENTRIES, w.last), rights);
		}
	}
	return lost != 0;
}

void arch_table_load(const struct page_table *table)
{
	arch_root_load(table->root.pa);
}

void arch_tlb_flush_page(u64 va)
{
	x86_invlpg(va);
}

void arch_tlb_flush_user(void)
{
	x86_write_cr3(x86_read_cr3());
}

/* Changing CR4.PGE forgets global pages too (SDM vol. 3, 4.10.4.1). */
void arch_tlb_flush_all(void)
{
	u64 cr4 = x86_read_cr4();

	if (cr4 & X86_CR4_PGE) {
		x86_write_cr4(cr4 & ~X86_CR4_PGE);
		x86_write_cr4(cr4);
	} else {
		arch_tlb_flush_user();
	}
}
