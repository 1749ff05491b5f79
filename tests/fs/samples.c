/* SPDX-License-Identifier: MIT */
/*
 * The archives of tests/fs/samples.h.
 */
#include "tests/fs/samples.h"

#include "lib/format.h"

static void hex_field(struct sample *s, u32 value)
{
	char text[9];

	format(text, sizeof(text), "%08X", value);
	sample_bytes(s, text, 8);
}

void sample_cpio_file(struct sample *s, const struct sample_file *file)
{
	size_t size = file->data == NULL ? 0 : strlen(file->data);
	const u32 fields[] = {
		file->ino,   file->mode, 1,         2,
		file->nlink, 3,          (u32)size, 0,
		0,           4,          5,         (u32)strlen(file->name) + 1,
		0,
	};

	sample_bytes(s, "070701", 6);
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		hex_field(s, fields[i]);
	}
	sample_string(s, file->name);
	sample_align(s, 4);
	sample_bytes(s, file->data == NULL ? "" : file->data, size);
	sample_align(s, 4);
}

void sample_cpio_end(struct sample *s)
{
	sample_cpio_file(s,
			 &(struct sample_file){ "TRAILER!!!", NULL, 0, 0, 1 });
}

void sample_cpio(struct sample *s)
{
	static const struct sample_file first[] = {
		{ ".", NULL, 0040755, 1, 3 },
		{ "./etc", NULL, 0040755, 2, 2 },
		{ "./etc/motd", "hello", 0100644, 3, 1 },
		{ "./a", NULL, 0100600, 4, 2 },
		{ "./b", "linked", 0100600, 4, 2 },
		{ "./sh", "busybox", 0120777, 5, 1 },
	};
	static const struct sample_file second[] = {
		{ "etc/motd", "later", 0100644, 1, 1 },
		{ "c", NULL, 0100600, 4, 2 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(first); i++) {
		sample_cpio_file(s, &first[i]);
	}
	sample_cpio_end(s);
	sample_align(s, 512);
	for (size_t i = 0; i < ARRAY_SIZE(second); i++) {
		sample_cpio_file(s, &second[i]);
	}
	sample_cpio_end(s);
}
