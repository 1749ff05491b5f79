/* SPDX-License-Identifier: MIT */
/*
 * Reads initrd archives: cpio in the "newc" form (magic 070701, or 070702
 * whose checksums are not looked at), one or several in a row with zeros
 * between them, as Linux's "buffer format" allows.  Nothing is copied: entries
 * point into the archive.  The archive is untrusted; no byte behind its end
 * is read.
 */
#ifndef EXO_FS_CPIO_H
#define EXO_FS_CPIO_H

#include "lib/types.h"

/* An iterator; start it with cpio_open(). */
struct cpio {
	const u8 *bytes;
	size_t len_bytes;
	size_t at;       /* where the next header is */
	u32 archive;     /* archives finished so far */
	bool in_archive; /* entries were seen since the last end mark */
	const char *why; /* the reason of the last -EINVAL */
};

/* One file, directory, link or device. */
struct cpio_entry {
	const char *name; /* in the archive, ended by NUL, not empty */
	const u8 *data;   /* a file's bytes or a symbolic link's target */
	u32 size_bytes;
	u32 mode; /* type and permissions, as in struct stat */
	u32 uid;
	u32 gid;
	u32 nlink;
	u32 mtime; /* seconds since 1970 */
	u32 ino;   /* a file's identity, with dev_*, in its archive alone */
	u32 dev_major;
	u32 dev_minor;
	u32 rdev_major;
	u32 rdev_minor;
	u32 archive; /* the number of the archive that holds it, from 0 */
};

/* Starts `it` at the first entry of [bytes, bytes + len_bytes). */
void cpio_open(struct cpio *it, const void *bytes, size_t len_bytes);

/*
 * Takes the next entry; end marks are passed over.
 * Returns 1, 0 at the end, -EINVAL if the archive is damaged or cut off
 * (it->why tells how); after that only -EINVAL.
 */
must_check int cpio_next(struct cpio *it, struct cpio_entry *out);

/*
 * Gives an empty regular file the bytes of the hard link that carries them:
 * of several names of one file only the last in the archive has data.
 * Errors: -EINVAL if the archive is damaged.
 */
must_check int cpio_resolve_link(const void *bytes, size_t len_bytes,
				 struct cpio_entry *entry);

/*
 * Finds a path; "/" and "./" in front do not count on either side, and of
 * several entries of one path the last one holds.  Hard links are resolved.
 * Errors: -ENOENT, -EINVAL if the archive is damaged anywhere.
 */
must_check int cpio_find(const void *bytes, size_t len_bytes, const char *path,
			 struct cpio_entry *out);

/* They are names of one file. */
bool cpio_same_file(const struct cpio_entry *a, const struct cpio_entry *b);

/* `name` without any "/" and "./" in front; "" for the root itself. */
const char *cpio_path(const char *name);

#endif
