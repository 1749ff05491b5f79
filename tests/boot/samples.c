/* SPDX-License-Identifier: MIT */
/*
 * The samples of tests/boot/samples.h, built field by field as the
 * specifications have them, without the parsers' own structures.
 */
#include "tests/boot/samples.h"

#include "boot/pvh.h"
#include "lib/untrusted.h"

static size_t tag_begin(struct sample *s, u32 type)
{
	size_t at;

	sample_align(s, 8);
	at = s->len_bytes;
	sample_u32(s, type);
	sample_u32(s, 0);
	return at;
}

static void tag_end(struct sample *s, size_t at)
{
	sample_patch_u32(s, at + 4, (u32)(s->len_bytes - at));
}

static void string_tag(struct sample *s, u32 type, const char *text)
{
	size_t at = tag_begin(s, type);

	sample_string(s, text);
	tag_end(s, at);
}

static void memory_entry(struct sample *s, u64 base, u64 len, u32 type)
{
	sample_u64(s, base);
	sample_u64(s, len);
	sample_u32(s, type);
	sample_u32(s, 0);
}

static void memory_entries(struct sample *s)
{
	memory_entry(s, 0, 0x9f000, 1);
	memory_entry(s, 0x9f000, 0x1000, 2);
	memory_entry(s, 0x100000, 0x7f00000, 1);
	memory_entry(s, 0xfffc0000, 0x40000, 2);
}

static void module_tag(struct sample *s)
{
	size_t at = tag_begin(s, 3);

	sample_u32(s, 0x200000);
	sample_u32(s, 0x203000);
	sample_string(s, "initrd");
	tag_end(s, at);
}

static void memory_tag(struct sample *s)
{
	size_t at = tag_begin(s, 6);

	sample_u32(s, 24);
	sample_u32(s, 0);
	memory_entries(s);
	tag_end(s, at);
}

static void framebuffer_tag(struct sample *s)
{
	static const u8 colours[] = { 16, 8, 8, 8, 0, 8 };
	size_t at = tag_begin(s, 8);

	sample_u64(s, 0xfd000000);
	sample_u32(s, 4096);
	sample_u32(s, 1024);
	sample_u32(s, 768);
	sample_u8(s, 32);
	sample_u8(s, 1);
	sample_u16(s, 0);
	sample_bytes(s, colours, sizeof(colours));
	tag_end(s, at);
}

static void rsdp_tag(struct sample *s, u32 type, size_t len)
{
	size_t at = tag_begin(s, type);

	sample_bytes(s, "RSD PTR ", 8);
	sample_zeros_to(s, at + 8 + len);
	tag_end(s, at);
}

void sample_multiboot2(struct sample *s)
{
	sample_u64(s, 0);
	string_tag(s, 2, "GRUB 2.06");
	string_tag(s, 1, SAMPLE_CMDLINE);
	module_tag(s);
	memory_tag(s);
	framebuffer_tag(s);
	rsdp_tag(s, 14, 20);
	rsdp_tag(s, 15, 36);
	tag_end(s, tag_begin(s, 0));
	sample_patch_u32(s, 0, (u32)s->len_bytes);
}

size_t sample_multiboot2_tag(const struct sample *s, u32 type)
{
	size_t at = 8;

	while (load_u32(s->bytes + at) != type) {
		at += ALIGN_UP(load_u32(s->bytes + at + 4), 8);
	}
	return at;
}

void sample_pvh(struct sample *s)
{
	const u32 modules = SAMPLE_PVH_BASE + 56;
	const u32 memory = modules + 32;
	const u32 cmdline = memory + 4 * 24;

	sample_u32(s, PVH_MAGIC);
	sample_u32(s, 1);
	sample_u32(s, 0);
	sample_u32(s, 1);
	sample_u64(s, modules);
	sample_u64(s, cmdline);
	sample_u64(s, 0xf5ad0);
	sample_u64(s, memory);
	sample_u32(s, 4);
	sample_u32(s, 0);

	sample_u64(s, 0x200000);
	sample_u64(s, 0x3000);
	sample_u64(s, 0);
	sample_u64(s, 0);
	memory_entries(s);
	sample_string(s, SAMPLE_CMDLINE);
}
