/* SPDX-License-Identifier: MIT */
/*
 * Kernel space as the processor sees it: every page of the tables is looked
 * at, by this file's own reading of them (SDM vol. 3, 4.5).
 */
#include "arch/directmap.h"
#include "arch/paging.h"
#include "lib/string.h"
#include "tests/arch/cpu_has.h"
#include "mm/frame.h"
#include "tests/ktest.h"

#define ENTRY_PRESENT (1ul << 0)
#define ENTRY_WRITE   (1ul << 1)
#define ENTRY_USER    (1ul << 2)
#define ENTRY_LARGE   (1ul << 7)
#define ENTRY_NX      (1ul << 63)
#define ENTRY_ADDRESS 0x000ffffffffff000ul

#define ENTRIES       512
#define ROOT_LEVEL    3

extern const u8 text_start[], text_end[];

static struct {
	u64 pages;
	u64 exec_bytes;
	u64 writable_exec; /* counts of what must not be */
	u64 user;
	u64 exec_outside;
	u64 low_half;
} seen;

static u64 level_bytes(unsigned level)
{
	return 1ul << (PAGE_SHIFT + 9 * level);
}

/* `rights`: what every table on the way allows. */
static void look_at_page(u64 va, unsigned level, u64 rights)
{
	bool exec = !(rights & ENTRY_NX);
	u64 end = va + level_bytes(level);

	seen.pages++;
	seen.exec_bytes += exec ? level_bytes(level) : 0;
	seen.writable_exec += exec && (rights & ENTRY_WRITE);
	seen.user += (rights & ENTRY_USER) != 0;
	seen.exec_outside +=
		exec && (va < (u64)text_start || end > (u64)text_end);
	seen.low_half += va < DIRECT_MAP_BASE;
}

/* Write and user count where all levels have them, NX where one has it. */
static u64 rights_below(u64 rights, u64 entry)
{
	u64 both = rights & entry & (ENTRY_WRITE | ENTRY_USER);

	return both | ((rights | entry) & ENTRY_NX);
}

static u64 sign_extend(u64 va)
{
	return va & 1ul << 47 ? va | 0xffff000000000000ul : va;
}

/* Bounded recursion: four levels. */
static void walk(phys_t table, unsigned level, u64 base, u64 rights)
{
	const u64 *entries = phys_to_virt(table);

	for (u64 i = 0; i < ENTRIES; i++) {
		u64 entry = entries[i];
		u64 va = base + i * level_bytes(level);
		u64 below = rights_below(rights, entry);

		if (!(entry & ENTRY_PRESENT)) {
			continue;
		}
		if (level == 0 || (entry & ENTRY_LARGE)) {
			look_at_page(sign_extend(va), level, below);
		} else {
			walk(phys(entry & ENTRY_ADDRESS), level - 1, va, below);
		}
	}
}

KTEST(kernel_space_rights,
      "no page of kernel space is writable and executable, or the user's")
{
	memset(&seen, 0, sizeof(seen));
	walk(kernel_page_table.root, ROOT_LEVEL, 0, ENTRY_WRITE | ENTRY_USER);
	EXPECT(seen.pages > 0);
	EXPECT_EQ(seen.user, 0);
	EXPECT_EQ(seen.low_half, 0);
	if (!cpu_has("nx")) {
		ktest_skip("the processor has no NX");
		return;
	}
	EXPECT_EQ(seen.writable_exec, 0);
	EXPECT_EQ(seen.exec_outside, 0);
	EXPECT_EQ(seen.exec_bytes, (u64)(text_end - text_start));
}

KTEST(kernel_space_shared,
      "a new table has an empty user half and all of kernel space")
{
	struct page_table table;
	const u64 *root, *kernel_root = phys_to_virt(kernel_page_table.root);
	bool same = true, empty = true;

	EXPECT_EQ(arch_table_create(&table), 0);
	root = phys_to_virt(table.root);
	for (unsigned i = 0; i < ENTRIES / 2; i++) {
		empty = empty && root[i] == 0;
		same = same &&
		       root[ENTRIES / 2 + i] == kernel_root[ENTRIES / 2 + i];
	}
	EXPECT_EQ(arch_table_destroy(&table, frame_put), 0);
	EXPECT(empty);
	EXPECT(same);
}
