/* SPDX-License-Identifier: MIT */
/*
 * The ELF reader: a good file arrives whole, the promises E1 to E4 of
 * posix/elf.h hold, and each header that lies is refused.
 */
#include "posix/elf.h"

#include "lib/errno.h"
#include "tests/ktest.h"
#include "tests/posix/samples.h"

static u8 buffer[SAMPLE_ELF_BYTES] aligned(8);
static struct elf_image image;
static const char *why;

static struct sample fresh_sample(void)
{
	struct sample s = SAMPLE(buffer);

	sample_elf(&s);
	why = NULL;
	return s;
}

static int parse(const struct sample *s)
{
	return elf_parse(s->bytes, s->len_bytes, &image, &why);
}

static size_t field(u32 phdr, size_t offset)
{
	return SAMPLE_ELF_PHDR(phdr) + offset;
}

static int parse_with_u32(size_t at, u32 value)
{
	struct sample s = fresh_sample();

	sample_patch_u32(&s, at, value);
	return parse(&s);
}

static int parse_with_u64(size_t at, u64 value)
{
	struct sample s = fresh_sample();

	sample_patch_u64(&s, at, value);
	return parse(&s);
}

static bool refused_u32(size_t at, u32 value)
{
	return parse_with_u32(at, value) == -ENOEXEC && why != NULL;
}

static bool refused_u64(size_t at, u64 value)
{
	return parse_with_u64(at, value) == -ENOEXEC && why != NULL;
}

KTEST(elf_whole, "what a good file says arrives in the image")
{
	struct sample s = fresh_sample();

	EXPECT_EQ(parse(&s), 0);
	EXPECT(!image.movable);
	EXPECT(!image.exec_stack);
	EXPECT_EQ(image.entry, 0x400200);
	EXPECT_EQ(image.segment_count, 2);
	EXPECT_EQ(image.segments[0].rights, ELF_READ | ELF_EXEC);
	EXPECT_EQ(image.segments[1].vaddr, 0x401000);
	EXPECT_EQ(image.segments[1].file_offset, 4096);
	EXPECT_EQ(image.segments[1].file_bytes, 256);
	EXPECT_EQ(image.segments[1].mem_bytes, 8192);
	EXPECT_EQ(image.segments[1].rights, ELF_READ | ELF_WRITE);
	EXPECT_EQ(image.start, 0x400000);
	EXPECT_EQ(image.end, 0x403000);
	EXPECT_EQ(image.align_bytes, 4096);
	EXPECT_EQ(image.phdr_vaddr, 0x400040);
	EXPECT_EQ(image.phdr_count, SAMPLE_PHDR_COUNT);
	EXPECT_EQ(image.phdr_bytes, 56);
	EXPECT_EQ(image.interp_bytes, sizeof(SAMPLE_INTERP));
	EXPECT(strcmp((char *)buffer + image.interp_offset, SAMPLE_INTERP) ==
	       0);
}

KTEST(elf_movable, "a movable file may start at 0 and say its alignment")
{
	struct sample s = fresh_sample();

	s.bytes[SAMPLE_ELF_TYPE] = 3;
	sample_patch_u64(&s, SAMPLE_ELF_ENTRY, 0x200);
	sample_patch_u64(&s, field(SAMPLE_PHDR_TEXT, SAMPLE_PHDR_VADDR), 0);
	sample_patch_u64(&s, field(SAMPLE_PHDR_DATA, SAMPLE_PHDR_ALIGN),
			 0x200000);
	EXPECT_EQ(parse(&s), 0);
	EXPECT(image.movable);
	EXPECT_EQ(image.start, 0);
	EXPECT_EQ(image.phdr_vaddr, 64);
	EXPECT_EQ(image.align_bytes, 0x200000);
	sample_patch_u64(&s, field(SAMPLE_PHDR_DATA, SAMPLE_PHDR_VADDR),
			 ELF_USER_END - 8192);
	EXPECT_EQ(parse(&s), -ENOEXEC);
}

KTEST(elf_cut, "a file cut at any length is refused")
{
	struct sample s = fresh_sample();

	while (s.len_bytes-- > 0) {
		EXPECT_EQ(parse(&s), -ENOEXEC);
		EXPECT(why != NULL);
	}
}

KTEST(elf_header_lies, "headers of another kind or size are refused")
{
	EXPECT(refused_u32(0, 0x464c4500));
	EXPECT(refused_u32(4, 0x00010101)); /* 32-bit */
	EXPECT(refused_u32(4, 0x00010202)); /* big-endian */
	EXPECT(refused_u32(SAMPLE_ELF_TYPE, 0x003e0001));
	EXPECT(refused_u32(SAMPLE_ELF_TYPE, 0x003e0004));
	EXPECT(refused_u32(SAMPLE_ELF_TYPE, 0x00b70002));
	EXPECT(refused_u32(SAMPLE_ELF_VERSION, 2));
	EXPECT(refused_u64(SAMPLE_ELF_PHOFF, SAMPLE_ELF_BYTES - 100));
	EXPECT(refused_u64(SAMPLE_ELF_PHOFF, ~0ull - 55));
	EXPECT(refused_u32(SAMPLE_ELF_SIZES, 0x00380034));
	EXPECT(refused_u32(SAMPLE_ELF_SIZES, 0x00200040));
	EXPECT(refused_u32(SAMPLE_ELF_PHNUM, 0));
	EXPECT(refused_u32(SAMPLE_ELF_PHNUM, ELF_HEADERS_MAX + 1));
	EXPECT(refused_u32(SAMPLE_ELF_PHNUM, 0xffff));
}

KTEST(elf_segment_lies, "segments that break E1, E2 or E3 are refused")
{
	const u32 data = SAMPLE_PHDR_DATA;

	EXPECT(refused_u64(field(data, SAMPLE_PHDR_FILE_BYTES), 8193));
	EXPECT(refused_u64(field(data, SAMPLE_PHDR_FILE_BYTES), 257));
	EXPECT(refused_u64(field(data, SAMPLE_PHDR_MEM_BYTES), 255));
	EXPECT(refused_u64(field(data, SAMPLE_PHDR_OFFSET), 4095));
	EXPECT(refused_u64(field(data, SAMPLE_PHDR_OFFSET), 8192));
	EXPECT(refused_u64(field(data, SAMPLE_PHDR_OFFSET), 1ull << 63));
	EXPECT(refused_u64(field(data, SAMPLE_PHDR_OFFSET), -4096ull));
	EXPECT(refused_u64(field(data, SAMPLE_PHDR_VADDR), 0x401800));
	EXPECT(refused_u64(field(data, SAMPLE_PHDR_VADDR), 0x400000));
	EXPECT(refused_u64(field(data, SAMPLE_PHDR_VADDR), 0x300000));
	EXPECT(refused_u64(field(SAMPLE_PHDR_TEXT, SAMPLE_PHDR_VADDR), 0));
	EXPECT(refused_u64(field(data, SAMPLE_PHDR_VADDR), ELF_USER_END));
	EXPECT(refused_u64(field(data, SAMPLE_PHDR_VADDR),
			   ELF_USER_END - 4096));
	EXPECT(refused_u64(field(data, SAMPLE_PHDR_VADDR), 0xffffffff80000000));
	EXPECT(refused_u64(field(data, SAMPLE_PHDR_MEM_BYTES), ~0ull));
	EXPECT(refused_u64(field(data, SAMPLE_PHDR_MEM_BYTES),
			   0ull - 0x401000));
	EXPECT_EQ(parse_with_u64(field(data, SAMPLE_PHDR_VADDR),
				 ELF_USER_END - 8192),
		  0);
}

KTEST(elf_page_shared, "two segments in one page are refused")
{
	struct sample s = fresh_sample();

	sample_patch_u64(&s, field(SAMPLE_PHDR_TEXT, SAMPLE_PHDR_FILE_BYTES),
			 0x800);
	sample_patch_u64(&s, field(SAMPLE_PHDR_TEXT, SAMPLE_PHDR_MEM_BYTES),
			 0x800);
	sample_patch_u64(&s, field(SAMPLE_PHDR_DATA, SAMPLE_PHDR_OFFSET),
			 0x800);
	sample_patch_u64(&s, field(SAMPLE_PHDR_DATA, SAMPLE_PHDR_VADDR),
			 0x401800);
	EXPECT_EQ(parse(&s), 0);
	sample_patch_u64(&s, field(SAMPLE_PHDR_DATA, SAMPLE_PHDR_VADDR),
			 0x400800);
	EXPECT_EQ(parse(&s), -ENOEXEC);
}

KTEST(elf_segment_count, "more segments than there is room for are refused")
{
	static u8 many[64 + 56 * (ELF_SEGMENTS_MAX + 1)];
	struct sample s = fresh_sample();

	memcpy(many, s.bytes, 64 + 56);
	s = (struct sample){ many, sizeof(many), sizeof(many) };
	for (u64 i = 0; i <= ELF_SEGMENTS_MAX; i++) {
		memmove(many + field((u32)i, 0), many + field(0, 0), 56);
		sample_patch_u64(&s, field((u32)i, SAMPLE_PHDR_FILE_BYTES), 0);
		sample_patch_u64(&s, field((u32)i, SAMPLE_PHDR_VADDR),
				 0x400000 + 4096 * i);
	}
	sample_patch_u32(&s, SAMPLE_ELF_PHNUM, ELF_SEGMENTS_MAX);
	EXPECT_EQ(parse(&s), 0);
	EXPECT_EQ(image.segment_count, ELF_SEGMENTS_MAX);
	EXPECT_EQ(image.phdr_vaddr, 0);
	sample_patch_u32(&s, SAMPLE_ELF_PHNUM, ELF_SEGMENTS_MAX + 1);
	EXPECT_EQ(parse(&s), -ENOEXEC);
}

KTEST(elf_segment_empty, "an empty segment is passed over")
{
	struct sample s = fresh_sample();

	sample_patch_u64(&s, field(SAMPLE_PHDR_DATA, SAMPLE_PHDR_FILE_BYTES),
			 0);
	sample_patch_u64(&s, field(SAMPLE_PHDR_DATA, SAMPLE_PHDR_MEM_BYTES), 0);
	sample_patch_u64(&s, field(SAMPLE_PHDR_DATA, SAMPLE_PHDR_VADDR), 0);
	EXPECT_EQ(parse(&s), 0);
	EXPECT_EQ(image.segment_count, 1);
	EXPECT_EQ(image.end, 0x401000);
}

KTEST(elf_entry, "the entry must lie in an executable segment")
{
	EXPECT(refused_u64(SAMPLE_ELF_ENTRY, 0));
	EXPECT(refused_u64(SAMPLE_ELF_ENTRY, 0x3fffff));
	EXPECT(refused_u64(SAMPLE_ELF_ENTRY, 0x401000));
	EXPECT(refused_u64(SAMPLE_ELF_ENTRY, 0xffffffff80100000));
	EXPECT(refused_u32(field(SAMPLE_PHDR_TEXT, SAMPLE_PHDR_FLAGS), 4));
	EXPECT_EQ(parse_with_u64(SAMPLE_ELF_ENTRY, 0x400fff), 0);
}

KTEST(elf_interp, "an interpreter's path lies in the file and has an end")
{
	const u32 interp = SAMPLE_PHDR_INTERP;
	size_t len = sizeof(SAMPLE_INTERP);

	EXPECT(refused_u64(field(interp, SAMPLE_PHDR_FILE_BYTES), len - 1));
	EXPECT(refused_u64(field(interp, SAMPLE_PHDR_FILE_BYTES), 0));
	EXPECT(refused_u64(field(interp, SAMPLE_PHDR_FILE_BYTES), 1));
	EXPECT(refused_u64(field(interp, SAMPLE_PHDR_FILE_BYTES), ~0ull));
	EXPECT(refused_u64(field(interp, SAMPLE_PHDR_FILE_BYTES), 4097));
	EXPECT(refused_u64(field(interp, SAMPLE_PHDR_OFFSET), ~0ull));
	EXPECT(refused_u64(field(interp, SAMPLE_PHDR_OFFSET), 0x800));
	EXPECT_EQ(parse_with_u32(field(interp, SAMPLE_PHDR_TYPE), 4), 0);
	EXPECT_EQ(image.interp_bytes, 0);
}

KTEST(elf_interp_twice, "a second interpreter is refused")
{
	struct sample s = fresh_sample();

	memcpy(s.bytes + field(SAMPLE_PHDR_STACK, 0),
	       s.bytes + field(SAMPLE_PHDR_INTERP, 0), 56);
	EXPECT_EQ(parse(&s), -ENOEXEC);
}

KTEST(elf_interp_long, "an interpreter's path has at most 4096 bytes")
{
	static u8 longer[2 * SAMPLE_ELF_BYTES];
	const size_t size_at =
		field(SAMPLE_PHDR_INTERP, SAMPLE_PHDR_FILE_BYTES);
	struct sample s = SAMPLE(longer);

	sample_elf(&s);
	sample_zeros_to(&s, sizeof(longer));
	memset(longer + SAMPLE_ELF_BYTES, 'x', ELF_INTERP_MAX - 1);
	sample_patch_u64(&s, field(SAMPLE_PHDR_INTERP, SAMPLE_PHDR_OFFSET),
			 SAMPLE_ELF_BYTES);
	sample_patch_u64(&s, size_at, ELF_INTERP_MAX);
	EXPECT_EQ(parse(&s), 0);
	sample_patch_u64(&s, size_at, ELF_INTERP_MAX + 1);
	EXPECT_EQ(parse(&s), -ENOEXEC);
}

KTEST(elf_stack, "a wish for an executable stack is told")
{
	EXPECT_EQ(
		parse_with_u32(field(SAMPLE_PHDR_STACK, SAMPLE_PHDR_FLAGS), 7),
		0);
	EXPECT(image.exec_stack);
}
