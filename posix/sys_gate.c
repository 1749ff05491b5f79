/* SPDX-License-Identifier: MIT */
/*
 * System calls on gates: making one, calling, serving.
 */
#include "fs/gate_file.h"
#include "lib/errno.h"
#include "posix/descriptors.h"
#include "posix/syscall.h"

SYSCALL_HANDLER(exo_gate_create)
{
	struct file *ends[GATE_SIDES];
	int err;

	if (b & ~(u64)FILE_CLOSE_ON_EXEC) {
		return -EINVAL;
	}
	err = gate_files_create(ends);
	return err ? err : handles_give(ends, uaddr(a), (u32)b);
}

/* By a handle that others may close meanwhile, or that is not right. */
static noinline long pass_counted(u64 handle, enum gate_side side)
{
	struct file_use use;
	long err = handle_use(handle, CAP_CALL, CAP_TYPE_GATE, &use);

	if (err) {
		return err;
	}
	if (gate_side_of(use.file) != side) {
		err = -EPROTOTYPE;
	} else {
		err = side == GATE_CLIENT ? gate_call(gate_of(use.file))
					  : gate_serve(gate_of(use.file));
	}
	file_use_end(use);
	return err;
}

/* The file, if nobody else can close the handle meanwhile; else NULL. */
static always_inline const struct file *end_alone(u64 handle,
						  enum gate_side side)
{
	const struct file *file = handle_alone(handle, CAP_CALL, CAP_TYPE_GATE);

	return likely(file != NULL) && likely(gate_side_of(file) == side)
		       ? file
		       : NULL;
}

SYSCALL_HANDLER(exo_call)
{
	const struct file *end = end_alone(a, GATE_CLIENT);

	return likely(end != NULL) ? gate_call(gate_of(end))
				   : pass_counted(a, GATE_CLIENT);
}

SYSCALL_HANDLER(exo_serve)
{
	const struct file *end = end_alone(a, GATE_SERVER);

	return likely(end != NULL) ? gate_serve(gate_of(end))
				   : pass_counted(a, GATE_SERVER);
}
