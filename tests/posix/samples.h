/* SPDX-License-Identifier: MIT */
/*
 * ELF files for the tests and the fuzzer of posix/elf.c.
 */
#ifndef EXO_TESTS_POSIX_SAMPLES_H
#define EXO_TESTS_POSIX_SAMPLES_H

#include "tests/sample.h"

/* Offsets of header fields, to write lies at. */
#define SAMPLE_ELF_TYPE        16
#define SAMPLE_ELF_MACHINE     18
#define SAMPLE_ELF_VERSION     20
#define SAMPLE_ELF_ENTRY       24
#define SAMPLE_ELF_PHOFF       32
#define SAMPLE_ELF_SIZES       52 /* of the header and of a phdr, 16 bits each */
#define SAMPLE_ELF_PHNUM       56
#define SAMPLE_ELF_PHDR(i)     (64 + 56 * (size_t)(i))
#define SAMPLE_PHDR_TYPE       0
#define SAMPLE_PHDR_FLAGS      4
#define SAMPLE_PHDR_OFFSET     8
#define SAMPLE_PHDR_VADDR      16
#define SAMPLE_PHDR_FILE_BYTES 32
#define SAMPLE_PHDR_MEM_BYTES  40
#define SAMPLE_PHDR_ALIGN      48

/* The sample's program headers. */
enum sample_phdr {
	SAMPLE_PHDR_TEXT,
	SAMPLE_PHDR_DATA,
	SAMPLE_PHDR_INTERP,
	SAMPLE_PHDR_STACK,
	SAMPLE_PHDR_COUNT,
};

#define SAMPLE_INTERP "/lib/ld.so"

/*
 * A file of 4352 bytes: text at 0x400000 (the first 4096 bytes, read and
 * execute), data at 0x401000 (256 bytes, 8192 in memory), an interpreter, no
 * executable stack, entry at 0x400200.
 */
void sample_elf(struct sample *s);

#define SAMPLE_ELF_BYTES 4352

#endif
