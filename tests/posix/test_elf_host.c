/* SPDX-License-Identifier: MIT */
/*
 * The ELF reader beside the host's own <elf.h>: real programs of this machine
 * are accepted, and every number that is read is the one that it names.
 */
#include "posix/elf.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/assert.h"
#include "lib/string.h"
#include "tests/ktest.h"

static_assert(ELF_EXEC == PF_X && ELF_WRITE == PF_W && ELF_READ == PF_R,
	      "rights are p_flags");

static struct elf_image image;

/* The whole file in a block of its size, or NULL if there is none. */
static u8 *read_file(const char *path, size_t *len_bytes)
{
	FILE *file = fopen(path, "rb");
	u8 *bytes = NULL;
	long end;

	if (file == NULL) {
		return NULL;
	}
	fseek(file, 0, SEEK_END);
	end = ftell(file);
	rewind(file);
	if (end > 0) {
		bytes = malloc((size_t)end);
		ASSERT(bytes != NULL);
		*len_bytes = fread(bytes, 1, (size_t)end, file);
	}
	fclose(file);
	return bytes;
}

/* True if the image says of each program header what <elf.h> says. */
static bool image_agrees(const u8 *bytes)
{
	const Elf64_Ehdr *header = (const void *)bytes;
	const Elf64_Phdr *phdrs = (const void *)(bytes + header->e_phoff);
	u32 loads = 0;

	for (u32 i = 0; i < header->e_phnum; i++) {
		const Elf64_Phdr *p = &phdrs[i];
		const struct elf_segment *s = &image.segments[loads];

		if (p->p_type == PT_LOAD) {
			loads++;
			if (s->vaddr != p->p_vaddr || s->rights != p->p_flags ||
			    s->file_offset != p->p_offset ||
			    s->file_bytes != p->p_filesz ||
			    s->mem_bytes != p->p_memsz) {
				return false;
			}
		}
		if (p->p_type == PT_INTERP &&
		    (image.interp_offset != p->p_offset ||
		     image.interp_bytes != p->p_filesz)) {
			return false;
		}
		if (p->p_type == PT_PHDR && image.phdr_vaddr != p->p_vaddr) {
			return false;
		}
	}
	return loads == image.segment_count && image.entry == header->e_entry &&
	       image.movable == (header->e_type == ET_DYN) &&
	       image.phdr_count == header->e_phnum;
}

KTEST(elf_real_programs, "this machine's programs are read as <elf.h> does")
{
	static const char *const paths[] = {
		"/proc/self/exe",
		"/bin/sh",
		"/bin/busybox",
		"/sbin/ldconfig",
		"/lib64/ld-linux-x86-64.so.2",
	};

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		const char *why = NULL;
		size_t len = 0;
		u8 *bytes = read_file(paths[i], &len);
		int err;

		if (bytes == NULL) {
			continue;
		}
		err = elf_parse(bytes, len, &image, &why);
		if (memcmp(bytes, ELFMAG, SELFMAG) == 0) {
			EXPECT_EQ(err, 0);
			EXPECT(image_agrees(bytes));
		} else {
			EXPECT(err != 0 && why != NULL);
		}
		free(bytes);
	}
}
