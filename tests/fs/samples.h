/* SPDX-License-Identifier: MIT */
/*
 * Archives as cpio writes them, for the tests and the fuzzer of fs/cpio.c.
 */
#ifndef EXO_TESTS_FS_SAMPLES_H
#define EXO_TESTS_FS_SAMPLES_H

#include "tests/sample.h"

struct sample_file {
	const char *name;
	const char *data; /* NULL: none */
	u32 mode;
	u32 ino;
	u32 nlink;
};

/* Adds one entry; uid 1, gid 2, mtime 3, rdev 4:5. */
void sample_cpio_file(struct sample *s, const struct sample_file *file);

/* Adds the end mark. */
void sample_cpio_end(struct sample *s);

/*
 * Two archives with zeros between them: ".", "./etc", "./etc/motd" ("hello"),
 * "./a" and "./b" (one file, "linked"), a symbolic link "./sh" to "busybox";
 * then "etc/motd" again ("later") and "c", empty, with the links of "a".
 */
void sample_cpio(struct sample *s);

#endif
