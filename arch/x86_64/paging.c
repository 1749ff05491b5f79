/* SPDX-License-Identifier: MIT */
/*
 * Page tables of four levels (SDM vol. 3, 4.5).  Level 0 maps 4 KB pages,
 * levels 1 and 2 may map 2 MB and 1 GB, level 3 is the root.  An entry of
 * level 0 that is not 0 holds a page; without PTE_PRESENT it is hidden.
 *
 * The upper half of every root points to the same tables: arch_paging_init()
 * makes one for each used part of kernel space, before the first other root
 * is made, and none is added later.
 */
#include "arch/paging.h"

#include "arch/boot.h"
#include "arch/cpu.h"
#include "arch/x86_64/cpu_tables.h"
#include "arch/x86_64/features.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/string.h"

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

/* As at power-up, but entry 1 is write combining (SDM vol. 3, 11.12.4). */
#define MSR_PAT   0x277
#define PAT_VALUE 0x0007040600070106ul

struct page_table kernel_page_table;

/* Device mappings go up from here and are never taken back. */
static u64 device_next = DEVICE_AREA_BASE;

extern const u8 kernel_image_start[], kernel_image_end[];
extern const u8 text_start[], text_end[], rodata_start[], rodata_end[],
	image_end[];

static inline u64 level_bytes(unsigned level)
{
	return 1ul << (PAGE_SHIFT + 9 * level);
}

static inline unsigned level_index(u64 va, unsigned level)
{
	return (va >> (PAGE_SHIFT + 9 * level)) & (TABLE_ENTRIES - 1);
}

static inline u64 *entry_table(u64 entry)
{
	return phys_to_virt(phys(entry & PTE_ADDRESS));
}

static inline bool entry_is_page(u64 entry, unsigned level)
{
	return level == 0 || (entry & PTE_LARGE) != 0;
}

/* An entry and enum page_prot have these bits in common. */
static_assert(PROT_PAGE_WRITE == PTE_WRITE && PROT_PAGE_USER == PTE_USER,
	      "entry_mapping() relies on it");

/* [I] What an entry says for each enum page_prot; filled at boot. */
static u64 prot_bits[PROT_PAGE_ALL + 1];

static cold u64 prot_bits_of(unsigned prot)
{
	u64 bits = prot & PROT_PAGE_HIDDEN ? 0 : PTE_PRESENT;

	bits |= prot & PROT_PAGE_WRITE ? PTE_WRITE : 0;
	bits |= prot & PROT_PAGE_USER ? PTE_USER : 0;
	bits |= prot & PROT_PAGE_UNCACHED ? PTE_CD | PTE_WT : 0;
	bits |= prot & PROT_PAGE_COMBINING ? PTE_WT : 0;
	if (!(prot & PROT_PAGE_EXEC) && x86_has(X86_NX)) {
		bits |= PTE_NX;
	}
	if (!(prot & PROT_PAGE_USER) && x86_has(X86_PGE)) {
		bits |= PTE_GLOBAL;
	}
	return bits;
}

static cold void prot_bits_init(void)
{
	for (unsigned prot = 0; prot <= PROT_PAGE_ALL; prot++) {
		prot_bits[prot] = prot_bits_of(prot);
	}
}

static struct page_mapping entry_mapping(u64 *place)
{
	u64 entry = *place;
	unsigned prot = entry & (PTE_WRITE | PTE_USER);

	prot |= entry & PTE_NX ? 0 : PROT_PAGE_EXEC;
	prot |= entry & PTE_PRESENT ? 0 : PROT_PAGE_HIDDEN;
	return (struct page_mapping){ phys(entry & PTE_ADDRESS), prot, place };
}

static inline bool entry_is_table(u64 entry)
{
	return (entry & (PTE_PRESENT | PTE_LARGE)) == PTE_PRESENT;
}

/* The last-level entry for `va`, or NULL if a table on the way is missing. */
static noinline u64 *entry_find(const struct page_table *table, u64 va)
{
	const u64 *root = phys_to_virt(table->root);
	u64 entry = root[level_index(va, 3)];

	if (!entry_is_table(entry)) {
		return NULL;
	}
	entry = entry_table(entry)[level_index(va, 2)];
	if (!entry_is_table(entry)) {
		return NULL;
	}
	entry = entry_table(entry)[level_index(va, 1)];
	if (!entry_is_table(entry)) {
		return NULL;
	}
	return &entry_table(entry)[level_index(va, 0)];
}

/* The entry at `level`, making missing tables; NULL if there is no memory. */
static cold u64 *entry_make(struct page_table *table, u64 va, unsigned level)
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
			*entry = frame.pa | PTE_PRESENT | PTE_WRITE | user;
		}
		ASSERT(!entry_is_page(*entry, at));
		entries = entry_table(*entry);
	}
	return &entries[level_index(va, level)];
}

int arch_map_page(struct page_table *table, u64 va, phys_t frame, unsigned prot)
{
	u64 *entry = entry_find(table, va);

	if (entry == NULL) {
		entry = entry_make(table, va, 0);
	}
	if (entry == NULL) {
		return -ENOMEM;
	}
	if (*entry != 0) {
		return -EEXIST;
	}
	*entry = frame.pa | prot_bits[prot];
	return 0;
}

/* The largest page that both addresses and the length allow. */
static unsigned range_level(u64 va, phys_t base, u64 len_bytes)
{
	unsigned level = x86_has(X86_PAGE1G) ? 2 : 1;

	while (level > 0 && (!IS_ALIGNED(va | base.pa, level_bytes(level)) ||
			     len_bytes < level_bytes(level))) {
		level--;
	}
	return level;
}

int arch_map_range(struct page_table *table, u64 va, phys_t base, u64 len_bytes,
		   unsigned prot)
{
	while (len_bytes > 0) {
		unsigned level = range_level(va, base, len_bytes);
		u64 *entry = entry_make(table, va, level);

		if (entry == NULL) {
			return -ENOMEM;
		}
		if (*entry & PTE_PRESENT) {
			return -EEXIST;
		}
		*entry = base.pa | prot_bits[prot] | (level ? PTE_LARGE : 0);
		va += level_bytes(level);
		base = phys_add(base, level_bytes(level));
		len_bytes -= level_bytes(level);
	}
	return 0;
}

bool arch_unmap_page(struct page_table *table, u64 va, struct page_mapping *old)
{
	u64 *entry = entry_find(table, va);

	if (entry == NULL || *entry == 0) {
		return false;
	}
	*old = entry_mapping(entry);
	*entry = 0;
	return true;
}

/*
 * The entry of the first page in [*va, end) whose last table exists, or NULL.
 * *va moves to that page; *count tells how many pages of the range, from it
 * on, the table holds.
 */
static u64 *entries_next(const struct page_table *table, u64 *va, u64 end,
			 u64 *count)
{
	while (*va < end) {
		u64 *entries = phys_to_virt(table->root);
		unsigned level = ROOT_LEVEL;
		u64 *entry = &entries[level_index(*va, level)];

		while (level > 0 && (*entry & PTE_PRESENT)) {
			level--;
			entry = &entry_table(*entry)[level_index(*va, level)];
		}
		if (level == 0) {
			*count = MIN(TABLE_ENTRIES - level_index(*va, 0),
				     (end - *va) / PAGE_SIZE);
			return entry;
		}
		*va = ALIGN_DOWN(*va, level_bytes(level)) + level_bytes(level);
	}
	return NULL;
}

void arch_unmap_range(struct page_table *table, u64 va, u64 len_bytes,
		      void (*gone)(void *ctx, u64 va,
				   const struct page_mapping *old),
		      void *ctx)
{
	u64 end = va + len_bytes;
	u64 *entry, count;

	while ((entry = entries_next(table, &va, end, &count)) != NULL) {
		for (; count > 0; count--, entry++, va += PAGE_SIZE) {
			if (*entry != 0) {
				struct page_mapping old = entry_mapping(entry);

				*entry = 0;
				gone(ctx, va, &old);
			}
		}
	}
}

bool arch_query_page(const struct page_table *table, u64 va,
		     struct page_mapping *out)
{
	u64 *entry = entry_find(table, va);

	if (entry == NULL || *entry == 0) {
		return false;
	}
	*out = entry_mapping(entry);
	return true;
}

void arch_remap_page(const struct page_mapping *old, phys_t frame,
		     unsigned prot)
{
	*(u64 *)old->place = frame.pa | prot_bits[prot];
}

void arch_protect_range(struct page_table *table, u64 va, u64 len_bytes,
			unsigned (*keep)(void *ctx, u64 va,
					 const struct page_mapping *old),
			void *ctx)
{
	u64 end = va + len_bytes;
	u64 *entry, count;

	while ((entry = entries_next(table, &va, end, &count)) != NULL) {
		for (; count > 0; count--, entry++, va += PAGE_SIZE) {
			if (*entry != 0) {
				struct page_mapping old = entry_mapping(entry);

				*entry = old.frame.pa |
					 prot_bits[keep(ctx, va, &old)];
			}
		}
	}
}

int arch_share_range(struct page_table *table, struct page_table *to, u64 va,
		     u64 len_bytes, void (*shared)(phys_t frame), u64 *count)
{
	u64 end = va + len_bytes;
	u64 *from, left;

	while ((from = entries_next(table, &va, end, &left)) != NULL) {
		u64 *copy = entry_make(to, va, 0);

		if (copy == NULL) {
			return -ENOMEM;
		}
		va += left * PAGE_SIZE;
		for (; left > 0; left--, from++, copy++) {
			if (*from != 0) {
				u64 entry = *from & ~PTE_WRITE;

				*from = entry;
				*copy = entry;
				shared(phys(entry & PTE_ADDRESS));
				(*count)++;
			}
		}
	}
	return 0;
}

int arch_table_create(struct page_table *table)
{
	u64 *root, *kernel_root = phys_to_virt(kernel_page_table.root);

	table->root = arch_table_frame_alloc();
	if (table->root.pa == 0) {
		return -ENOMEM;
	}
	root = phys_to_virt(table->root);
	memcpy(root + USER_ENTRIES, kernel_root + USER_ENTRIES,
	       USER_ENTRIES * sizeof(u64));
	return 0;
}

/* The entries are mostly empty: a cache line of them is looked at as one. */
#define LINE_ENTRIES 8

static inline bool line_empty(const u64 *e)
{
	return (e[0] | e[1] | e[2] | e[3] | e[4] | e[5] | e[6] | e[7]) == 0;
}

static cold bool table_empty(const u64 *entries)
{
	unsigned i = 0;

	while (i < TABLE_ENTRIES && line_empty(&entries[i])) {
		i += LINE_ENTRIES;
	}
	return i == TABLE_ENTRIES;
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
		    table_empty(entry_table(*entry))) {
			phys_t frame = phys(*entry & PTE_ADDRESS);

			*entry = 0;
			return frame;
		}
	}
	return phys(0);
}

/* Bounded recursion: `level` counts down from the root's to 1. */
static cold void tables_free(u64 *entries, unsigned count, unsigned level)
{
	for (unsigned i = 0; i < count; i++) {
		if (i % LINE_ENTRIES == 0 && line_empty(&entries[i])) {
			i += LINE_ENTRIES - 1;
			continue;
		}
		if (!(entries[i] & PTE_PRESENT)) {
			continue;
		}
		if (level > 1) {
			tables_free(entry_table(entries[i]), TABLE_ENTRIES,
				    level - 1);
		}
		arch_table_frame_free(phys(entries[i] & PTE_ADDRESS));
	}
}

void arch_table_destroy(struct page_table *table)
{
	tables_free(phys_to_virt(table->root), USER_ENTRIES, ROOT_LEVEL);
	arch_table_frame_free(table->root);
	table->root = phys(0);
}

void arch_table_load(const struct page_table *table)
{
	x86_write_cr3(table->root.pa);
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

phys_t arch_image_start(void)
{
	return phys((u64)kernel_image_start);
}

phys_t arch_image_end(void)
{
	return phys((u64)kernel_image_end);
}

/* A part of the image, at its link address and in the direct map alike. */
static int image_part_map(const u8 *start, const u8 *end, unsigned prot)
{
	phys_t base = phys((u64)start - KERNEL_BASE);
	u64 len_bytes = (u64)(end - start);
	int err = arch_map_range(&kernel_page_table, (u64)start, base,
				 len_bytes, prot);

	if (err) {
		return err;
	}
	return arch_map_range(&kernel_page_table, DIRECT_MAP_BASE + base.pa,
			      base, len_bytes, prot & PROT_PAGE_WRITE);
}

static int direct_map(phys_t from, phys_t to)
{
	return arch_map_range(&kernel_page_table, DIRECT_MAP_BASE + from.pa,
			      from, to.pa - from.pa, PROT_PAGE_WRITE);
}

/*
 * One table for each 512 GB that kernel space may grow into: stacks take
 * KSTACK_AREA_FACTOR times what memory there is.
 */
static int kernel_areas_prepare(phys_t ram_end)
{
	u64 wanted = KSTACK_AREA_BASE + ram_end.pa * KSTACK_AREA_FACTOR;
	u64 end = MIN(wanted, KSTACK_AREA_END);

	for (u64 va = KSTACK_AREA_BASE; va < end; va += level_bytes(3)) {
		if (entry_make(&kernel_page_table, va, 2) == NULL) {
			return -ENOMEM;
		}
	}
	return entry_make(&kernel_page_table, DEVICE_AREA_BASE, 2) ? 0
								   : -ENOMEM;
}

void x86_paging_init_cpu(void)
{
	if (x86_has(X86_PAT)) {
		x86_wrmsr(MSR_PAT, PAT_VALUE);
	}
}

int arch_paging_init(phys_t ram_end)
{
	phys_t image = phys((u64)text_start - KERNEL_BASE);
	int err;

	prot_bits_init();
	x86_paging_init_cpu();
	kernel_page_table.root = arch_table_frame_alloc();
	if (kernel_page_table.root.pa == 0) {
		return -ENOMEM;
	}
	if ((err = direct_map(phys(0), image)) ||
	    (err = image_part_map(text_start, text_end, PROT_PAGE_EXEC)) ||
	    (err = image_part_map(rodata_start, rodata_end, 0)) ||
	    (err = image_part_map(rodata_end, image_end, PROT_PAGE_WRITE)) ||
	    (err = direct_map(arch_image_end(), ram_end)) ||
	    (err = kernel_areas_prepare(ram_end))) {
		return err;
	}
	arch_table_load(&kernel_page_table);
	return 0;
}

void *arch_map_device(phys_t base, u64 len_bytes, enum page_prot caching)
{
	u64 offset = base.pa & ~PAGE_MASK;
	u64 va = device_next;
	u64 whole = ALIGN_UP(len_bytes + offset, PAGE_SIZE);

	if (arch_map_range(&kernel_page_table, va, phys(base.pa & PAGE_MASK),
			   whole, PROT_PAGE_WRITE | caching) != 0) {
		return NULL;
	}
	device_next += whole + PAGE_SIZE;
	return (void *)(va + offset);
}
