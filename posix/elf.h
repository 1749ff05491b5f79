/* SPDX-License-Identifier: MIT */
/*
 * Reads what exec must know of an ELF file (System V gABI, chapters 4 and 5;
 * x86-64 psABI): 64-bit programs for x86_64, at fixed addresses (ET_EXEC) or
 * movable (ET_DYN: static-PIE, PIE, the dynamic linker).  The file is
 * untrusted.  An accepted image keeps these promises to the loader:
 *
 *  E1  segments stand in rising order and no two share a page;
 *  E2  they lie in the user range, after moving too if the base is in it and
 *      leaves room for end;
 *  E3  the file holds each segment's file bytes, of which there are no more
 *      than memory bytes, at the same offset within a page;
 *  E4  the entry lies in an executable segment.
 */
#ifndef EXO_POSIX_ELF_H
#define EXO_POSIX_ELF_H

#include "lib/types.h"

#define ELF_SEGMENTS_MAX 16
#define ELF_HEADERS_MAX  64
#define ELF_INTERP_MAX   4096 /* bytes of the interpreter's path with NUL */

/* Where programs may lie: above the NULL page's kin, below the hole. */
#define ELF_USER_START 0x10000ull
#define ELF_USER_END   0x7ffffffff000ull

/* Rights of a segment, as in p_flags. */
#define ELF_EXEC  1u
#define ELF_WRITE 2u
#define ELF_READ  4u

/* One part to load; all else of it up to mem_bytes is zero. */
struct elf_segment {
	u64 vaddr;
	u64 mem_bytes;
	u64 file_offset;
	u64 file_bytes;
	u32 rights; /* both WRITE and EXEC is possible: the loader decides */
};

/* Addresses of a movable image are relative to wherever it will be put. */
struct elf_image {
	bool movable;
	bool exec_stack; /* it asks for an executable stack */
	struct elf_segment segments[ELF_SEGMENTS_MAX];
	u32 segment_count; /* one at least */
	u64 start;         /* of the first segment, rounded down to a page */
	u64 end;           /* of the last segment, to the byte: brk's start */
	u64 align_bytes;   /* that a movable image asks for: 4096 to 1 GB */
	u64 entry;

	u64 interp_offset; /* of the interpreter's path in the file */
	u64 interp_bytes;  /* with its NUL; 0: no interpreter */

	u64 phdr_vaddr; /* AT_PHDR, 0 if it is not loaded */
	u32 phdr_count; /* AT_PHNUM */
	u32 phdr_bytes; /* AT_PHENT */
};

/*
 * Reads the file of `len_bytes`, all in memory, which must not change
 * meanwhile; `out` keeps no pointer into it.
 * Errors: -ENOEXEC with the reason in `*why`.
 */
must_check int elf_parse(const void *file, size_t len_bytes,
			 struct elf_image *out, const char **why);

/*
 * The same with only the first `head_bytes` of the file in memory: headers and
 * the interpreter's path must lie there.
 */
must_check int elf_parse_head(const void *head, size_t head_bytes,
			      u64 len_bytes, struct elf_image *out,
			      const char **why);

#endif
