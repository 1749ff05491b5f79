/* SPDX-License-Identifier: MIT */
/*
 * Look-up in the boot archive.
 */
#include "fs/initramfs.h"

#include "kernel/log.h"
#include "lib/errno.h"
#include "lib/string.h"

/* Symbolic links before a path counts as a loop. */
#define LINKS_MAX 8
/* The longest path that a link may lead to. */
#define LINK_PATH_BYTES 256

#define MODE_TYPE       0170000
#define MODE_SYMLINK    0120000

static struct {
	const void *archive;
	size_t len_bytes;
} initramfs;

int initramfs_init(const void *archive, size_t len_bytes)
{
	struct cpio_entry entry;
	struct cpio it;
	unsigned count = 0;
	int more;

	cpio_open(&it, archive, len_bytes);
	while ((more = cpio_next(&it, &entry)) > 0) {
		count++;
	}
	if (more < 0) {
		log_error("archive: damaged after %u entries, at byte %zu: %s",
			  count, it.at, it.why);
		return more;
	}
	initramfs.archive = archive;
	initramfs.len_bytes = len_bytes;
	log_info("archive: %u entries in %zu KB", count, len_bytes / 1024);
	return 0;
}

/* Replaces the last part of `path` (or all, by an absolute link). */
static int link_follow(char *path, const struct cpio_entry *link)
{
	size_t keep = 0, len = link->size_bytes;

	for (size_t i = 0; path[i] != '\0'; i++) {
		keep = path[i] == '/' ? i + 1 : keep;
	}
	if (len > 0 && link->data[0] == '/') {
		keep = 0;
	}
	if (len == 0 || keep + len >= LINK_PATH_BYTES) {
		return -ENAMETOOLONG;
	}
	memcpy(path + keep, link->data, len);
	path[keep + len] = '\0';
	return 0;
}

int initramfs_lookup(const char *path, struct cpio_entry *out)
{
	char now[LINK_PATH_BYTES];
	int err = 0;

	if (string_copy(now, path, sizeof(now)) >= sizeof(now)) {
		return -ENAMETOOLONG;
	}
	for (unsigned i = 0; i < LINKS_MAX; i++) {
		err = initramfs.archive
			      ? cpio_find(initramfs.archive,
					  initramfs.len_bytes, now, out)
			      : -ENOENT;
		if (err || (out->mode & MODE_TYPE) != MODE_SYMLINK) {
			return err;
		}
		err = link_follow(now, out);
		if (err) {
			return err;
		}
	}
	return -ELOOP;
}
