/* SPDX-License-Identifier: MIT */
/*
 * The ELF file of tests/posix/samples.h, field by field.
 */
#include "tests/posix/samples.h"

struct range {
	u64 offset;
	u64 vaddr;
	u64 file_bytes;
	u64 mem_bytes;
};

static void program_header(struct sample *s, u32 type, u32 flags,
			   const struct range *range)
{
	sample_u32(s, type);
	sample_u32(s, flags);
	sample_u64(s, range->offset);
	sample_u64(s, range->vaddr);
	sample_u64(s, range->vaddr);
	sample_u64(s, range->file_bytes);
	sample_u64(s, range->mem_bytes);
	sample_u64(s, 4096);
}

static void file_header(struct sample *s)
{
	static const u8 ident[16] = { 0x7f, 'E', 'L', 'F', 2, 1, 1 };

	sample_bytes(s, ident, sizeof(ident));
	sample_u16(s, 2);
	sample_u16(s, 62);
	sample_u32(s, 1);
	sample_u64(s, 0x400200);
	sample_u64(s, 64);
	sample_u64(s, 0);
	sample_u32(s, 0);
	sample_u16(s, 64);
	sample_u16(s, 56);
	sample_u16(s, SAMPLE_PHDR_COUNT);
	sample_u16(s, 0);
	sample_u16(s, 0);
	sample_u16(s, 0);
}

void sample_elf(struct sample *s)
{
	const u64 interp_at = SAMPLE_ELF_PHDR(SAMPLE_PHDR_COUNT);
	const u64 interp_bytes = sizeof(SAMPLE_INTERP);

	file_header(s);
	program_header(s, 1, 5, &(struct range){ 0, 0x400000, 4096, 4096 });
	program_header(s, 1, 6, &(struct range){ 4096, 0x401000, 256, 8192 });
	program_header(s, 3, 4,
		       &(struct range){ interp_at, 0x400000 + interp_at,
					interp_bytes, interp_bytes });
	program_header(s, 0x6474e551, 6, &(struct range){ 0, 0, 0, 0 });
	sample_string(s, SAMPLE_INTERP);
	sample_zeros_to(s, SAMPLE_ELF_BYTES);
}
