/* SPDX-License-Identifier: MIT */
/*
 * The PVH door: QEMU's start information arrives whole, and each pointer,
 * count or size that lies is refused.
 */
#include "boot/pvh.h"

#include "lib/errno.h"
#include "lib/untrusted.h"
#include "tests/boot/samples.h"
#include "tests/ktest.h"

static u8 buffer[512] aligned(8);
static struct boot_info info;
static const char *why;

static const void *map_sample(void *ctx, phys_t at, size_t len_bytes)
{
	const struct sample *s = ctx;
	u64 offset = at.pa - SAMPLE_PVH_BASE;

	return range_inside(offset, len_bytes, s->len_bytes) ? s->bytes + offset
							     : NULL;
}

static int parse(struct sample *s)
{
	struct memory_window window = { .map = map_sample, .ctx = s };

	return pvh_parse(&window, phys(SAMPLE_PVH_BASE), &info, &why);
}

static struct sample fresh_sample(void)
{
	struct sample s = SAMPLE(buffer);

	sample_pvh(&s);
	why = NULL;
	return s;
}

static bool refused_with_u32(size_t at, u32 value)
{
	struct sample s = fresh_sample();

	sample_patch_u32(&s, at, value);
	return parse(&s) == -EINVAL && why != NULL;
}

static bool refused_with_u64(size_t at, u64 value)
{
	struct sample s = fresh_sample();

	sample_patch_u64(&s, at, value);
	return parse(&s) == -EINVAL && why != NULL;
}

KTEST(pvh_whole, "what QEMU says arrives in the boot_info")
{
	struct sample s = fresh_sample();

	EXPECT_EQ(parse(&s), 0);
	EXPECT(strcmp(info.door, "pvh") == 0);
	EXPECT(strcmp(info.cmdline, SAMPLE_CMDLINE) == 0);
	EXPECT_EQ(info.memory_count, 4);
	EXPECT_EQ(info.memory[2].base.pa, 0x100000);
	EXPECT_EQ(info.module_count, 1);
	EXPECT_EQ(info.modules[0].base.pa, 0x200000);
	EXPECT_EQ(info.modules[0].len_bytes, 0x3000);
	EXPECT_EQ(info.rsdp.pa, 0xf5ad0);
	EXPECT_EQ(info.rsdp_copy_bytes, 0);
}

KTEST(pvh_no_modules, "without modules nobody looks for their list")
{
	struct sample s = fresh_sample();

	sample_patch_u32(&s, 12, 0);
	sample_patch_u64(&s, 16, 0);
	EXPECT_EQ(parse(&s), 0);
	EXPECT_EQ(info.module_count, 0);
}

KTEST(pvh_cut, "information cut at any length is refused")
{
	struct sample s = fresh_sample();

	while (s.len_bytes-- > 0) {
		EXPECT_EQ(parse(&s), -EINVAL);
	}
}

KTEST(pvh_lies, "lying counts, pointers and sizes are refused")
{
	EXPECT(refused_with_u32(0, 0));
	EXPECT(refused_with_u32(4, 0)); /* version 0 has no memory map */
	EXPECT(refused_with_u32(12, 2000));
	EXPECT(refused_with_u32(12, 0xffffffff));
	EXPECT(refused_with_u64(16, 0));
	EXPECT(refused_with_u64(16, ~0ull));
	EXPECT(refused_with_u64(24, ~0ull));
	EXPECT(refused_with_u64(40, ~0ull - 8));
	EXPECT(refused_with_u32(48, 0));
	EXPECT(refused_with_u32(48, 100));
	EXPECT(refused_with_u32(48, 0xffffffff));
	EXPECT(refused_with_u64(56, ~0ull));
	EXPECT(refused_with_u64(56, 0xfffc0000));
	EXPECT(refused_with_u64(64, 0));
	EXPECT(refused_with_u64(64, 1ull << 52));
	EXPECT(refused_with_u64(72, ~0ull));
	EXPECT(refused_with_u64(88, ~0ull));
}
