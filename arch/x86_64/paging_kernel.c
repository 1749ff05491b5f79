/* SPDX-License-Identifier: MIT */
/*
 * Kernel space: made at boot, and devices added to it.
 */
#include "arch/boot.h"
#include "arch/cpu.h"
#include "arch/x86_64/cpu_tables.h"
#include "arch/x86_64/features.h"
#include "arch/x86_64/pte.h"
#include "lib/errno.h"

/* As at power-up, but entry 1 is write combining (SDM vol. 3, 11.12.4). */
#define MSR_PAT   0x277
#define PAT_VALUE 0x0007040600070106ul

/* Device mappings go up from here and are never taken back. */
static u64 device_next = DEVICE_AREA_BASE;

extern const u8 kernel_image_start[], kernel_image_end[];
extern const u8 text_start[], text_end[], rodata_start[], rodata_end[],
	image_end[];

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
		x86_prot_bits[prot] = prot_bits_of(prot);
	}
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
		u64 *entry = x86_entry_make(table, va, level);

		if (entry == NULL) {
			return -ENOMEM;
		}
		if (*entry & PTE_PRESENT) {
			return -EEXIST;
		}
		entry_enter(entry, base.pa | x86_prot_bits[prot] |
					   (level ? PTE_LARGE : 0));
		va += level_bytes(level);
		base = phys_add(base, level_bytes(level));
		len_bytes -= level_bytes(level);
	}
	return 0;
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
		if (x86_entry_make(&kernel_page_table, va, 2) == NULL) {
			return -ENOMEM;
		}
	}
	return x86_entry_make(&kernel_page_table, DEVICE_AREA_BASE, 2)
		       ? 0
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
