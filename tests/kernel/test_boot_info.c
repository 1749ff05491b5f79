/* SPDX-License-Identifier: MIT */
/*
 * The invariants of kernel/boot_info.h: a sorted memory map without overlaps
 * that tells the truth of a page-by-page model, and modules that stay apart.
 */
#include "kernel/boot_info.h"

#include "lib/string.h"
#include "tests/ktest.h"

#define MODEL_PAGES   96u
#define MODEL_UNKNOWN 0xff

static struct boot_info info;
static u8 model[MODEL_PAGES];

/* What the map says of a page, or MODEL_UNKNOWN. */
static u8 type_at(u64 page)
{
	for (u32 i = 0; i < info.memory_count; i++) {
		u64 offset = page - info.memory[i].base.pa;

		if (offset < info.memory[i].len_bytes) {
			return (u8)info.memory[i].type;
		}
	}
	return MODEL_UNKNOWN;
}

static bool map_sorted(void)
{
	for (u32 i = 0; i < info.memory_count; i++) {
		if (info.memory[i].len_bytes == 0) {
			return false;
		}
		if (i > 0 &&
		    info.memory[i - 1].base.pa + info.memory[i - 1].len_bytes >
			    info.memory[i].base.pa) {
			return false;
		}
	}
	return true;
}

static void model_add(u64 base, u64 len, u8 type)
{
	for (u64 page = base; page < base + len; page++) {
		if (model[page] == MODEL_UNKNOWN || model[page] < type) {
			model[page] = type;
		}
	}
}

KTEST(boot_info_memory_model, "random claims give the map of a page model")
{
	for (u32 round = 0; round < 300; round++) {
		boot_info_reset(&info, "test");
		memset(model, MODEL_UNKNOWN, sizeof(model));
		for (u32 claim = 0; claim < 20; claim++) {
			u64 base = ktest_random() % MODEL_PAGES;
			u64 len = ktest_random() % (MODEL_PAGES - base + 1);
			u8 type = ktest_random() % (MEMORY_BAD + 1);

			model_add(base, len, type);
			EXPECT_EQ(boot_info_add_memory(&info, phys(base), len,
						       type),
				  0);
			EXPECT(map_sorted());
		}
		for (u64 page = 0; page < MODEL_PAGES; page++) {
			EXPECT_EQ(type_at(page), model[page]);
		}
		EXPECT_EQ(info.memory_dropped, 0);
	}
}

KTEST(boot_info_memory_full, "a full map drops memory, never upgrades it")
{
	u64 end = BOOT_MEMORY_MAX * 4;

	boot_info_reset(&info, "test");
	EXPECT_EQ(boot_info_add_memory(&info, phys(0), end, MEMORY_USABLE), 0);
	for (u64 at = 1; at < end; at += 2) {
		EXPECT_EQ(boot_info_add_memory(&info, phys(at), 1,
					       MEMORY_RESERVED),
			  0);
	}
	EXPECT(map_sorted());
	EXPECT(info.memory_dropped > 0);
	EXPECT_EQ(info.memory_count, BOOT_MEMORY_MAX);
	for (u64 at = 1; at < end; at += 2) {
		EXPECT(type_at(at) != MEMORY_USABLE);
	}
}

KTEST(boot_info_memory_limit, "ranges that wrap or pass 2^52 are refused")
{
	boot_info_reset(&info, "test");
	EXPECT(boot_info_add_memory(&info, phys(~0ull), 2, 0) < 0);
	EXPECT(boot_info_add_memory(&info, phys(4096), ~0ull, 0) < 0);
	EXPECT(boot_info_add_memory(&info, phys(BOOT_PHYS_LIMIT), 1, 0) < 0);
	EXPECT_EQ(info.memory_count, 0);
	EXPECT_EQ(boot_info_add_memory(&info, phys(BOOT_PHYS_LIMIT - 1), 1, 0),
		  0);
	EXPECT_EQ(info.memory_count, 1);
}

KTEST(boot_info_modules, "modules are not empty, apart, and at most 8")
{
	boot_info_reset(&info, "test");
	EXPECT(boot_info_add_module(&info, phys(64), 0, "") < 0);
	EXPECT(boot_info_add_module(&info, phys(64), ~0ull - 32, "") < 0);
	EXPECT(boot_info_add_module(&info, phys(BOOT_PHYS_LIMIT), 1, "") < 0);
	EXPECT_EQ(boot_info_add_module(&info, phys(64), 64, "a"), 0);
	EXPECT(boot_info_add_module(&info, phys(127), 1, "") < 0);
	EXPECT(boot_info_add_module(&info, phys(0), 65, "") < 0);
	EXPECT(boot_info_add_module(&info, phys(32), 256, "") < 0);
	for (u64 at = 128; at < 128 + 64 * BOOT_MODULES_MAX; at += 64) {
		EXPECT_EQ(boot_info_add_module(&info, phys(at), 64, "b"), 0);
	}
	EXPECT_EQ(info.module_count, BOOT_MODULES_MAX);
	EXPECT_EQ(info.modules_dropped, 1);
	EXPECT_EQ(strcmp(info.modules[0].name, "a"), 0);
}

KTEST(boot_info_check, "a module must lie in usable memory")
{
	const char *why = NULL;

	boot_info_reset(&info, "test");
	EXPECT(boot_info_check(&info, &why) < 0 && why != NULL);
	EXPECT_EQ(boot_info_add_memory(&info, phys(0), 10, MEMORY_USABLE), 0);
	EXPECT_EQ(boot_info_add_memory(&info, phys(10), 10, MEMORY_USABLE), 0);
	EXPECT_EQ(boot_info_check(&info, &why), 0);
	EXPECT_EQ(boot_info_add_module(&info, phys(5), 15, ""), 0);
	EXPECT_EQ(boot_info_check(&info, &why), 0);
	EXPECT_EQ(boot_info_add_memory(&info, phys(19), 1, MEMORY_BAD), 0);
	EXPECT(boot_info_check(&info, &why) < 0);
}
