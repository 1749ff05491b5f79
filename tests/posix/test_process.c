/* SPDX-License-Identifier: MIT */
/*
 * Processes side by side and one after the other: what one does neither shows
 * in another nor stays behind.  The programs are those of tests/user/.
 */
#include "posix/process.h"

#include "fs/file.h"
#include "fs/path.h"
#include "lib/string.h"
#include "mm/frame.h"
#include "sched/thread.h"
#include "tests/holdings.h"
#include "tests/ktest.h"

#define TOGETHER  4
#define FAULTS    "/tests/faults"
#define REGISTERS "/tests/registers"

/* Allocations after which memory runs out: all of an exec's. */
#define FAIL_MAX 120

/* Takes what the programs print and shows nothing. */
static long swallow(struct file *file, uaddr_t src, size_t len_bytes)
{
	(void)file;
	(void)src;
	return (long)len_bytes;
}

static const struct file_ops silent_ops = { .write = swallow };

struct run {
	struct process_start start;
	const char *argv[3];
};

/* Starts the program; false if there is no memory. */
static bool launch(struct run *run, const char *path, const char *arg)
{
	static const char *const envp[] = { NULL };

	*run = (struct run){ .argv = { path, arg, NULL } };
	run->start.path = path;
	run->start.argv = run->argv;
	run->start.envp = envp;
	run->start.stdio = file_create(&silent_ops, FILE_READ | FILE_WRITE);
	return run->start.stdio != NULL && process_start(&run->start) == 0;
}

/* The status of a program that runs alone, -1 if it was not started. */
static int status_of(const char *path, const char *arg)
{
	struct run run;

	return launch(&run, path, arg) ? process_wait(run.start.process) : -1;
}

static bool have(const char *path)
{
	struct vnode *v;
	bool found = path_lookup(path, &v) == 0;

	if (found) {
		vnode_put(v);
	}
	return found;
}

KTEST(process_side_by_side,
      "programs at once find their registers and vectors as they left them")
{
	struct run runs[TOGETHER];
	int wrong = 0;

	if (!have(REGISTERS)) {
		ktest_skip("the archive has no test programs");
		return;
	}
	for (unsigned i = 0; i < TOGETHER; i++) {
		EXPECT(launch(&runs[i], REGISTERS, NULL));
	}
	for (unsigned i = 0; i < TOGETHER; i++) {
		wrong += process_wait(runs[i].start.process) != 0;
	}
	EXPECT_EQ(wrong, 0);
}

KTEST(process_faults_leave_nothing,
      "a process that a fault ends gives back all that it held")
{
	static const struct {
		const char *what;
		int status;
	} faults[] = {
		{ "null_read", 139 },      { "illegal", 132 },
		{ "divide", 136 },         { "breakpoint", 133 },
		{ "stack_overflow", 139 }, { "end_of_space", 139 },
		{ "kernel_jump", 139 },    { "hole_read", 139 },
		{ "odd_flags", 0 },        { "single_step", 133 },
	};
	struct holdings before, after;
	u64 threads = threads_settled();

	if (!have(FAULTS)) {
		ktest_skip("the archive has no test programs");
		return;
	}
	EXPECT_EQ(status_of(FAULTS, "null_read"), 139);
	before = holdings_now(threads);
	for (unsigned i = 0; i < ARRAY_SIZE(faults); i++) {
		EXPECT_EQ(status_of(FAULTS, faults[i].what), faults[i].status);
		after = holdings_now(threads);
		EXPECT_EQ(after.threads, before.threads);
		EXPECT_EQ(after.kmem_bytes, before.kmem_bytes);
		EXPECT_EQ(after.free_frames, before.free_frames);
	}
}

KTEST(process_out_of_memory,
      "wherever memory runs out for a program, all is given back")
{
	struct holdings before, after;
	u64 threads = threads_settled();
	unsigned started = 0;

	if (!have(FAULTS)) {
		ktest_skip("the archive has no test programs");
		return;
	}
	EXPECT_EQ(status_of(FAULTS, "odd_flags"), 0);
	before = holdings_now(threads);
	for (u64 n = 0; n < FAIL_MAX; n++) {
		frame_fail_after(n);
		started += status_of(FAULTS, "odd_flags") == 0;
		frame_fail_after(FRAME_FAIL_NEVER);
		after = holdings_now(threads);
		EXPECT_EQ(after.threads, before.threads);
		EXPECT_EQ(after.kmem_bytes, before.kmem_bytes);
		EXPECT_EQ(after.free_frames, before.free_frames);
	}
	EXPECT(started > 0);
	EXPECT(started < FAIL_MAX);
}
