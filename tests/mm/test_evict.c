/* SPDX-License-Identifier: MIT */
/*
 * The end of an address space that processors still have loaded, for nobody
 * has needed another one there.
 */
#include "arch/cpu.h"
#include "lib/errno.h"
#include "mm/aspace.h"
#include "sched/sched.h"
#include "sched/thread.h"
#include "tests/ktest.h"
#include "tests/user_space.h"

#define ROUNDS   20
#define SLEEP_NS 100000ul

/* The running thread goes on there. */
static int move_to(unsigned cpu)
{
	int err = thread_set_affinity(current_thread(), 1ull << cpu);

	while (err == 0 && cpu_id() != cpu) {
		sched_sleep_ns(SLEEP_NS);
	}
	return err;
}

static int life_of_a_space(void)
{
	struct aspace *aspace;
	int err = move_to(0);

	aspace = err ? NULL : user_space_enter();
	if (aspace == NULL) {
		return err ? err : -ENOMEM;
	}
	err = move_to(1);
	current_thread()->aspace = NULL;
	aspace_leave();
	err = err ? err : move_to(0);
	aspace_put(aspace);
	return err;
}

KTEST(aspace_ends_where_it_is_loaded,
      "a space that its thread left elsewhere ends on a processor that has it")
{
	int err = 0;

	if (!sched_online(1)) {
		ktest_skip("one processor");
		return;
	}
	for (unsigned i = 0; i < ROUNDS && err == 0; i++) {
		err = life_of_a_space();
	}
	EXPECT_EQ(thread_set_affinity(current_thread(), UINT64_MAX), 0);
	EXPECT_EQ(err, 0);
}
