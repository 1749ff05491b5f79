/* SPDX-License-Identifier: MIT */
/*
 * A "newc" archive is a row of entries, each a header of 110 characters, the
 * name with its NUL and the data; name and data are padded so that the next
 * thing starts at a multiple of 4.  The entry "TRAILER!!!" ends an archive.
 */
#include "fs/cpio.h"

#include "lib/string.h"
#include "lib/untrusted.h"

#define MAGIC_BYTES  6u
#define DIGITS       8u
#define FIELD_COUNT  13u
#define HEADER_BYTES (MAGIC_BYTES + FIELD_COUNT * DIGITS)
#define CPIO_ALIGN   4u

#define MODE_TYPE    0170000u
#define MODE_REGULAR 0100000u

static_assert(HEADER_BYTES == 110, "the header of the newc form");

/* The header's fields in their order. */
enum field {
	FIELD_INO,
	FIELD_MODE,
	FIELD_UID,
	FIELD_GID,
	FIELD_NLINK,
	FIELD_MTIME,
	FIELD_SIZE,
	FIELD_DEV_MAJOR,
	FIELD_DEV_MINOR,
	FIELD_RDEV_MAJOR,
	FIELD_RDEV_MINOR,
	FIELD_NAME_BYTES,
	FIELD_CHECKSUM,
};

static_assert(FIELD_CHECKSUM + 1 == FIELD_COUNT, "each field is named");

/* Reads 8 hexadecimal digits; false if another character is among them. */
static bool read_field(const u8 *at, u32 *out)
{
	u32 value = 0;

	for (u32 i = 0; i < DIGITS; i++) {
		u32 digit = at[i] - (u32)'0';

		if (digit > 9) {
			digit = (at[i] | 0x20u) - 'a';
			if (digit > 5) {
				return false;
			}
			digit += 10;
		}
		value = value << 4 | digit;
	}
	*out = value;
	return true;
}

static bool magic_valid(const u8 *at)
{
	return memcmp(at, "070701", MAGIC_BYTES) == 0 ||
	       memcmp(at, "070702", MAGIC_BYTES) == 0;
}

/* Reads the header at it->at into `fields`. */
static int read_header(struct cpio *it, u32 *fields)
{
	const u8 *header = it->bytes + it->at;

	if (!range_inside(it->at, HEADER_BYTES, it->len_bytes)) {
		return refuse(&it->why, "cpio: cut off in a header");
	}
	if (it->at % CPIO_ALIGN != 0 || !magic_valid(header)) {
		return refuse(&it->why,
			      "cpio: no newc header where one is due");
	}
	for (u32 i = 0; i < FIELD_COUNT; i++) {
		if (!read_field(header + MAGIC_BYTES + i * DIGITS,
				&fields[i])) {
			return refuse(&it->why, "cpio: a header field is no "
						"number");
		}
	}
	return 0;
}

/* The name behind the header, or NULL with the reason in it->why. */
static const char *read_name(struct cpio *it, u32 name_bytes)
{
	const char *name = (const char *)it->bytes + it->at + HEADER_BYTES;

	if (!range_inside(it->at + HEADER_BYTES, name_bytes, it->len_bytes)) {
		it->why = "cpio: cut off in a name";
		return NULL;
	}
	if (name_bytes < 2 || name[0] == '\0' || name[name_bytes - 1] != '\0') {
		it->why = "cpio: a name is empty or has no end";
		return NULL;
	}
	return name;
}

static void fill_entry(struct cpio_entry *out, const u32 *fields)
{
	*out = (struct cpio_entry){
		.size_bytes = fields[FIELD_SIZE],
		.mode = fields[FIELD_MODE],
		.uid = fields[FIELD_UID],
		.gid = fields[FIELD_GID],
		.nlink = fields[FIELD_NLINK],
		.mtime = fields[FIELD_MTIME],
		.ino = fields[FIELD_INO],
		.dev_major = fields[FIELD_DEV_MAJOR],
		.dev_minor = fields[FIELD_DEV_MINOR],
		.rdev_major = fields[FIELD_RDEV_MAJOR],
		.rdev_minor = fields[FIELD_RDEV_MINOR],
	};
}

/* Takes the entry at it->at, end marks too, and moves on behind it. */
static int take_entry(struct cpio *it, struct cpio_entry *out)
{
	u32 fields[FIELD_COUNT];
	size_t data_at;
	int err = read_header(it, fields);

	if (err != 0) {
		return err;
	}
	fill_entry(out, fields);
	out->archive = it->archive;
	out->name = read_name(it, fields[FIELD_NAME_BYTES]);
	if (out->name == NULL) {
		return -EINVAL;
	}
	data_at = ALIGN_UP(it->at + HEADER_BYTES + fields[FIELD_NAME_BYTES],
			   CPIO_ALIGN);
	if (out->size_bytes == 0) {
		data_at = MIN(data_at, it->len_bytes);
	}
	if (!range_inside(data_at, out->size_bytes, it->len_bytes)) {
		return refuse(&it->why, "cpio: cut off in a file's data");
	}
	out->data = it->bytes + data_at;
	it->at = MIN(ALIGN_UP(data_at + out->size_bytes, CPIO_ALIGN),
		     it->len_bytes);
	return 1;
}

void cpio_open(struct cpio *it, const void *bytes, size_t len_bytes)
{
	*it = (struct cpio){ .bytes = bytes, .len_bytes = len_bytes };
}

static void skip_zeros(struct cpio *it)
{
	while (it->at < it->len_bytes && it->bytes[it->at] == 0) {
		it->at++;
	}
}

int cpio_next(struct cpio *it, struct cpio_entry *out)
{
	for (;;) {
		int got;

		if (!it->in_archive) {
			skip_zeros(it);
			if (it->at == it->len_bytes) {
				return 0;
			}
		}
		got = take_entry(it, out);
		if (got < 0) {
			return got;
		}
		it->in_archive = strcmp(out->name, "TRAILER!!!") != 0;
		if (it->in_archive) {
			return 1;
		}
		it->archive++;
	}
}

bool cpio_same_file(const struct cpio_entry *a, const struct cpio_entry *b)
{
	return a->archive == b->archive && a->ino == b->ino &&
	       a->dev_major == b->dev_major && a->dev_minor == b->dev_minor;
}

int cpio_resolve_link(const void *bytes, size_t len_bytes,
		      struct cpio_entry *entry)
{
	struct cpio it;
	struct cpio_entry other;
	int got;

	if (entry->size_bytes != 0 || entry->nlink < 2 ||
	    (entry->mode & MODE_TYPE) != MODE_REGULAR) {
		return 0;
	}
	cpio_open(&it, bytes, len_bytes);
	while ((got = cpio_next(&it, &other)) > 0) {
		if (cpio_same_file(entry, &other) && other.size_bytes != 0) {
			entry->data = other.data;
			entry->size_bytes = other.size_bytes;
			return 0;
		}
	}
	return got;
}

const char *cpio_path(const char *name)
{
	while (name[0] == '/' ||
	       (name[0] == '.' && (name[1] == '/' || name[1] == '\0'))) {
		name++;
	}
	return name;
}

int cpio_find(const void *bytes, size_t len_bytes, const char *path,
	      struct cpio_entry *out)
{
	struct cpio it;
	struct cpio_entry entry;
	bool found = false;
	int got;

	path = cpio_path(path);
	cpio_open(&it, bytes, len_bytes);
	while ((got = cpio_next(&it, &entry)) > 0) {
		if (strcmp(cpio_path(entry.name), path) == 0) {
			*out = entry;
			found = true;
		}
	}
	if (got < 0) {
		return got;
	}
	return found ? cpio_resolve_link(bytes, len_bytes, out) : -ENOENT;
}
