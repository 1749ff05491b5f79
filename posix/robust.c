/* SPDX-License-Identifier: MIT */
/*
 * Robust locks: those that a thread holds at its end are marked, and who waits
 * for them is woken.  The list of them is the thread's own memory: nothing of
 * it is believed but addresses, and it is followed only so far.
 */
#include "arch/user.h"
#include "lib/errno.h"
#include "posix/futex.h"
#include "posix/process.h"
#include "posix/syscall.h"

/* Of a robust lock's word. */
#define OWNER_DIED 0x40000000u
#define WAITERS    0x80000000u
#define TID_MASK   0x3fffffffu
#define ROBUST_MAX 2048 /* locks of one list */

/* One lock of the list: its word says whether we own it. */
static void robust_lock_end(u64 va)
{
	u32 tid = task_current()->tid;
	u32 word;

	if (!IS_ALIGNED(va, sizeof(u32)) || user_load(uaddr(va), &word) != 0) {
		return;
	}
	while ((word & TID_MASK) == tid) {
		u32 old = word;
		u32 dead = (word & WAITERS) | OWNER_DIED;

		if (user_compare_swap(uaddr(va), &word, dead) != 0) {
			return;
		}
		if (word == old) {
			if (old & WAITERS) {
				futex_wake_one(va);
			}
			return;
		}
	}
}

void futex_robust_end(u64 head)
{
	u64 list[3]; /* first entry, offset of the words, entry in progress */
	u64 at;

	if (copy_from_user(list, uaddr(head), sizeof(list)) != 0) {
		return;
	}
	at = list[0] & ~1ul;
	for (unsigned i = 0; at != head && i < ROBUST_MAX; i++) {
		u64 next;

		if (copy_from_user(&next, uaddr(at), sizeof(next)) != 0) {
			return;
		}
		if (at != (list[2] & ~1ul)) {
			robust_lock_end(at + list[1]);
		}
		at = next & ~1ul;
	}
	if (list[2] != 0) {
		robust_lock_end((list[2] & ~1ul) + list[1]);
	}
}

SYSCALL_HANDLER(set_robust_list)
{
	if (b != 3 * sizeof(u64)) {
		return -EINVAL;
	}
	task_current()->robust_list = a;
	return 0;
}

SYSCALL_HANDLER(get_robust_list)
{
	u64 out[2] = { 0, 3 * sizeof(u64) };
	int err = -ESRCH;

	WITH_PROCESSES () {
		const struct task *task =
			task_find_locked(a ? (u32)a : task_current()->tid);

		if (task != NULL) {
			out[0] = task->robust_list;
			err = 0;
		}
	}
	err = err ? err : copy_to_user(uaddr(b), &out[0], sizeof(u64));
	return err ? err : copy_to_user(uaddr(c), &out[1], sizeof(u64));
}
