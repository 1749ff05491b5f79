/* SPDX-License-Identifier: MIT */
/*
 * System calls on gates: making one, calling, serving.
 */
#include "arch/trap.h"
#include "fs/gate_file.h"
#include "lib/errno.h"
#include "posix/descriptors.h"
#include "posix/syscall.h"
#include "sched/thread.h"

static_assert(GATE_WORDS == ARCH_RESULT_WORDS, "arch/trap.h");

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

static always_inline long pass(u64 handle, enum gate_side side,
			       struct gate_message *m)
{
	struct file_use use;
	long err = handle_use(handle, CAP_CALL, CAP_TYPE_GATE, &use);

	if (unlikely(err)) {
		return err;
	}
	if (unlikely(gate_side_of(use.file) != side)) {
		err = -EPROTOTYPE;
	} else {
		err = side == GATE_CLIENT ? gate_call(gate_of(use.file), m)
					  : gate_serve(gate_of(use.file), m);
	}
	file_use_end(use);
	if (likely(err == GATE_GIVEN)) {
		return 0;
	}
	if (err == 0) {
		arch_syscall_give(current_thread(), m->words);
	}
	return err;
}

SYSCALL_HANDLER(exo_call)
{
	struct gate_message m = { { b, c, d, e, f } };

	return pass(a, GATE_CLIENT, &m);
}

SYSCALL_HANDLER(exo_serve)
{
	struct gate_message m = { { b, c, d, e, f } };

	return pass(a, GATE_SERVER, &m);
}
