/* SPDX-License-Identifier: MIT */
/*
 * The files by which programs have the ends of a ring.
 */
#ifndef EXO_FS_RING_FILE_H
#define EXO_FS_RING_FILE_H

#include "fs/file.h"
#include "ipc/ring_object.h"

/*
 * Two files, one for each end, for a new ring.  Errors: as
 * ring_object_create().  Context: thread.
 */
must_check int ring_files_create(u32 count, u64 arena_bytes,
				 struct file *ends[RING_SIDES]);

/* Of a file of the type CAP_TYPE_RING. */
static inline struct ring_object *ring_of(const struct file *file)
{
	return file->data;
}

static inline enum ring_side ring_side_of(const struct file *file)
{
	return (enum ring_side)file->number;
}

#endif
