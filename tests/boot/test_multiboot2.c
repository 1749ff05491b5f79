/* SPDX-License-Identifier: MIT */
/*
 * The Multiboot2 door: GRUB's tags arrive whole, and each lie is refused.
 */
#include "boot/multiboot2.h"

#include "lib/errno.h"
#include "tests/boot/samples.h"
#include "tests/ktest.h"

static u8 buffer[1024] aligned(8);
static struct boot_info info;
static const char *why;

/* True if `part` stands in `text`. */
static bool text_has(const char *text, const char *part)
{
	size_t len = strlen(part);

	while (*text != '\0' && strncmp(text, part, len) != 0) {
		text++;
	}
	return strncmp(text, part, len) == 0;
}

static struct sample fresh_sample(void)
{
	struct sample s = SAMPLE(buffer);

	sample_multiboot2(&s);
	why = NULL;
	return s;
}

static int parse(const struct sample *s)
{
	return multiboot2_parse(s->bytes, s->len_bytes, &info, &why);
}

/* True if the sample is refused after a change, for a reason like that. */
static bool refused_with_u32(u32 tag, size_t offset, u32 value,
			     const char *reason)
{
	struct sample s = fresh_sample();

	sample_patch_u32(&s, sample_multiboot2_tag(&s, tag) + offset, value);
	return parse(&s) == -EINVAL && why != NULL && text_has(why, reason);
}

KTEST(multiboot2_whole, "what GRUB says arrives in the boot_info")
{
	struct sample s = fresh_sample();

	EXPECT_EQ(parse(&s), 0);
	EXPECT(strcmp(info.door, "multiboot2") == 0);
	EXPECT(strcmp(info.loader, "GRUB 2.06") == 0);
	EXPECT(strcmp(info.cmdline, SAMPLE_CMDLINE) == 0);
	EXPECT(!info.cmdline_cut);
	EXPECT_EQ(info.memory_count, 4);
	EXPECT_EQ(info.memory[2].base.pa, 0x100000);
	EXPECT_EQ(info.memory[2].len_bytes, 0x7f00000);
	EXPECT_EQ(info.memory[3].type, MEMORY_RESERVED);
	EXPECT_EQ(info.module_count, 1);
	EXPECT_EQ(info.modules[0].base.pa, 0x200000);
	EXPECT_EQ(info.modules[0].len_bytes, 0x3000);
	EXPECT(strcmp(info.modules[0].name, "initrd") == 0);
	EXPECT_EQ(info.rsdp_copy_bytes, 36);
	EXPECT_EQ(info.rsdp_copy[0], 'R');
}

KTEST(multiboot2_framebuffer, "the framebuffer arrives with its colours")
{
	struct sample s = fresh_sample();

	EXPECT_EQ(parse(&s), 0);
	EXPECT_EQ(info.framebuffer.type, FRAMEBUFFER_RGB);
	EXPECT_EQ(info.framebuffer.base.pa, 0xfd000000);
	EXPECT_EQ(info.framebuffer.pitch_bytes, 4096);
	EXPECT_EQ(info.framebuffer.width, 1024);
	EXPECT_EQ(info.framebuffer.height, 768);
	EXPECT_EQ(info.framebuffer.bits_per_pixel, 32);
	EXPECT_EQ(info.framebuffer.red.pos, 16);
	EXPECT_EQ(info.framebuffer.green.pos, 8);
	EXPECT_EQ(info.framebuffer.blue.size, 8);
}

KTEST(multiboot2_cut, "information cut at any length is refused")
{
	struct sample s = fresh_sample();
	size_t whole = s.len_bytes;

	for (size_t len = 0; len < whole; len++) {
		EXPECT_EQ(multiboot2_parse(s.bytes, len, &info, &why), -EINVAL);
		sample_patch_u32(&s, 0, (u32)len);
		EXPECT_EQ(multiboot2_parse(s.bytes, len, &info, &why), -EINVAL);
		sample_patch_u32(&s, 0, (u32)whole);
	}
}

KTEST(multiboot2_tag_size, "a tag of no size or too great a one is refused")
{
	static const u32 tags[] = { 1, 2, 3, 6, 8, 14, 15 };
	static const u32 sizes[] = { 0, 7, 0x10000, 0xfffffff8, 0xffffffff };

	for (size_t i = 0; i < ARRAY_SIZE(tags); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(sizes); j++) {
			EXPECT(refused_with_u32(tags[i], 4, sizes[j],
						"a tag's size"));
		}
	}
}

KTEST(multiboot2_tag_short, "a tag shorter than its kind needs is refused")
{
	EXPECT(refused_with_u32(1, 4, 8, "line has no end"));
	EXPECT(refused_with_u32(1, 4, 20, "line has no end"));
	EXPECT(refused_with_u32(2, 4, 8, "name has no end"));
	EXPECT(refused_with_u32(3, 4, 15, "module tag is too short"));
	EXPECT(refused_with_u32(3, 4, 16, "name has no end"));
	EXPECT(refused_with_u32(6, 4, 15, "map is too short"));
	EXPECT(refused_with_u32(6, 4, 63, "entry size"));
	EXPECT(refused_with_u32(8, 4, 31, "framebuffer tag is too short"));
	EXPECT(refused_with_u32(8, 4, 37, "framebuffer tag is too short"));
	EXPECT(refused_with_u32(14, 4, 27, "RSDP is too short"));
}

KTEST(multiboot2_ranges, "memory and modules that lie are refused")
{
	EXPECT(refused_with_u32(6, 16 + 4, 0xfffff000, "wraps"));
	EXPECT(refused_with_u32(6, 16 + 12, 0x00100000, "wraps"));
	EXPECT(refused_with_u32(3, 8, 0x203000, "empty"));
	EXPECT(refused_with_u32(3, 8, 0x204000, "empty"));
	EXPECT(refused_with_u32(3, 12, 0x80000000, "not in usable"));
}

KTEST(multiboot2_screen_lies, "a framebuffer that contradicts itself")
{
	EXPECT(refused_with_u32(8, 16, 4095, "contradict"));
	EXPECT(refused_with_u32(8, 20, 0, "contradict"));
	EXPECT(refused_with_u32(8, 24, 0, "contradict"));
	EXPECT(refused_with_u32(8, 28, 0x0104, "contradict"));
	EXPECT(refused_with_u32(8, 28, 0x0121, "contradict"));
	EXPECT(refused_with_u32(8, 8 + 4, 0xffffffff, "contradict"));
	EXPECT(refused_with_u32(8, 32, 0x08080010, "inside its pixel"));
	EXPECT(refused_with_u32(8, 32, 0x08080819, "inside its pixel"));
}

KTEST(multiboot2_screen_kinds, "text is told, an unknown kind is not")
{
	struct sample s = fresh_sample();
	size_t at = sample_multiboot2_tag(&s, 8) + 28;

	sample_patch_u32(&s, at, 0x0220);
	EXPECT_EQ(parse(&s), 0);
	EXPECT_EQ(info.framebuffer.type, FRAMEBUFFER_TEXT);
	EXPECT_EQ(info.framebuffer.red.size, 0);
	sample_patch_u32(&s, at, 0x0020);
	EXPECT_EQ(parse(&s), 0);
	EXPECT_EQ(info.framebuffer.type, FRAMEBUFFER_NONE);
}

KTEST(multiboot2_entry_size, "a map entry may be longer, never crooked")
{
	struct sample s = fresh_sample();

	EXPECT(refused_with_u32(6, 8, 0, "entry size"));
	EXPECT(refused_with_u32(6, 8, 16, "entry size"));
	EXPECT(refused_with_u32(6, 8, 28, "entry size"));
	EXPECT(refused_with_u32(6, 8, 40, "entry size"));
	EXPECT(refused_with_u32(6, 8, 0xfffffff8, "entry size"));

	/* Every other entry, as if the rest were a longer entry's tail. */
	s = fresh_sample();
	sample_patch_u32(&s, sample_multiboot2_tag(&s, 6) + 8, 48);
	EXPECT_EQ(parse(&s), 0);
	EXPECT_EQ(info.memory_count, 2);
	EXPECT_EQ(info.memory[1].base.pa, 0x100000);
}

KTEST(multiboot2_long_cmdline, "a long command line is cut and told")
{
	static u8 long_buffer[BOOT_CMDLINE_BYTES + 64];
	struct sample s = SAMPLE(long_buffer);

	sample_u32(&s, BOOT_CMDLINE_BYTES + 24);
	sample_u32(&s, 0);
	sample_u32(&s, 1);
	sample_u32(&s, BOOT_CMDLINE_BYTES + 16);
	while (s.len_bytes < BOOT_CMDLINE_BYTES + 23) {
		sample_u8(&s, 'x');
	}
	sample_u8(&s, '\0');
	EXPECT(parse(&s) < 0); /* for it has no end tag */
	EXPECT(info.cmdline_cut);
	EXPECT_EQ(strlen(info.cmdline), BOOT_CMDLINE_BYTES - 1);
}
