/* SPDX-License-Identifier: MIT */
/*
 * A damaged ELF file is survived, and an image that is still accepted keeps
 * the promises E1 to E4 of posix/elf.h.
 */
#include "lib/assert.h"
#include "posix/elf.h"
#include "tests/host/fuzz.h"
#include "tests/ktest.h"
#include "tests/posix/samples.h"

static u8 buffer[SAMPLE_ELF_BYTES];

static void check_segment(const struct elf_image *image, u32 i, size_t file_len)
{
	const struct elf_segment *s = &image->segments[i];
	u64 start = image->movable ? 0 : ELF_USER_START;

	ASSERT(s->vaddr >= start && s->vaddr < ELF_USER_END);
	ASSERT(s->mem_bytes <= ELF_USER_END - s->vaddr);
	ASSERT(s->file_bytes <= s->mem_bytes && s->file_bytes <= file_len);
	if (s->file_bytes != 0) {
		ASSERT(s->file_offset <= file_len - s->file_bytes);
		ASSERT(s->file_offset % 4096 == s->vaddr % 4096);
	}
	if (i > 0) {
		ASSERT((s[-1].vaddr + s[-1].mem_bytes - 1) / 4096 <
		       s->vaddr / 4096);
	}
}

static void feed(const u8 *bytes, size_t len_bytes)
{
	struct elf_image image;
	const char *why = NULL;
	bool entry_found = false;

	if (elf_parse(bytes, len_bytes, &image, &why) != 0) {
		ASSERT(why != NULL);
		return;
	}
	ASSERT(image.segment_count >= 1);
	for (u32 i = 0; i < image.segment_count; i++) {
		const struct elf_segment *s = &image.segments[i];

		check_segment(&image, i, len_bytes);
		entry_found |= (s->rights & ELF_EXEC) != 0 &&
			       image.entry - s->vaddr < s->mem_bytes;
	}
	ASSERT(entry_found);
	if (image.interp_bytes != 0) {
		ASSERT(strlen((const char *)bytes + image.interp_offset) <
		       image.interp_bytes);
	}
}

/*
 * The second sample needs nothing but its headers, so that all damage goes
 * where it is read.
 */
KTEST(fuzz_elf, "a damaged ELF file is survived")
{
	const size_t headers = SAMPLE_ELF_PHDR(SAMPLE_PHDR_COUNT) + 16;
	struct sample s = SAMPLE(buffer);

	sample_elf(&s);
	fuzz_run(&(struct fuzz){ s.bytes, s.len_bytes, 20000, feed });
	sample_patch_u64(
		&s, SAMPLE_ELF_PHDR(SAMPLE_PHDR_TEXT) + SAMPLE_PHDR_FILE_BYTES,
		headers);
	sample_patch_u64(
		&s, SAMPLE_ELF_PHDR(SAMPLE_PHDR_DATA) + SAMPLE_PHDR_FILE_BYTES,
		0);
	fuzz_run(&(struct fuzz){ s.bytes, headers, 60000, feed });
}
