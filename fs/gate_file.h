/* SPDX-License-Identifier: MIT */
/*
 * The files by which programs have the ends of a gate.
 */
#ifndef EXO_FS_GATE_FILE_H
#define EXO_FS_GATE_FILE_H

#include "fs/file.h"
#include "ipc/gate.h"

/* Two files, one for each end, for a new gate. Errors: -ENOMEM. */
must_check int gate_files_create(struct file *ends[GATE_SIDES]);

/* Of a file of the type CAP_TYPE_GATE. */
static inline struct gate *gate_of(const struct file *file)
{
	return file->data;
}

static inline enum gate_side gate_side_of(const struct file *file)
{
	return (enum gate_side)file->number;
}

#endif
