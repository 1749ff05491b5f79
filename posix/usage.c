/* SPDX-License-Identifier: MIT */
/*
 * What processes have used: processor time, and what getrusage() and times()
 * tell of it.  Time in the kernel is not told apart from time in the program.
 */
#include "arch/user.h"
#include "kernel/clock.h"
#include "lib/errno.h"
#include "posix/process.h"
#include "posix/syscall.h"

#define NS_PER_S 1000000000ul
#define TICK_NS  (NS_PER_S / 100)
#define SELF     0
#define CHILDREN (-1)
#define THREAD   1

u64 process_cycles_locked(const struct process *p)
{
	u64 cycles = p->cycles;

	list_for_each (node, &p->tasks) {
		cycles += thread_cycles(
			list_entry(node, struct task, link)->thread);
	}
	return cycles;
}

static void usage_of(u64 cycles, struct abi_rusage *out)
{
	u64 ns = clock_cycles_to_ns(cycles);

	*out = (struct abi_rusage){
		.user = { (s64)(ns / NS_PER_S), (s64)(ns % NS_PER_S / 1000) },
	};
}

void process_usage_locked(const struct process *p, struct abi_rusage *out)
{
	usage_of(process_cycles_locked(p) + p->children_cycles, out);
}

void process_usage_inherit_locked(const struct process *child)
{
	child->parent->children_cycles +=
		child->cycles + child->children_cycles;
}

SYSCALL_HANDLER(getrusage)
{
	struct process *p = process_current();
	struct abi_rusage usage;
	u64 cycles = 0;
	s32 who = (s32)a;

	if (who != SELF && who != CHILDREN && who != THREAD) {
		return -EINVAL;
	}
	WITH_PROCESSES () {
		cycles = who == SELF       ? process_cycles_locked(p)
			 : who == CHILDREN ? p->children_cycles
					   : thread_cycles(current_thread());
	}
	usage_of(cycles, &usage);
	return copy_to_user(uaddr(b), &usage, sizeof(usage));
}

SYSCALL_HANDLER(times)
{
	struct process *p = process_current();
	s64 out[4] = { 0 }; /* user, system, and those of children */
	int err = 0;

	WITH_PROCESSES () {
		out[0] = (s64)process_cycles_locked(p);
		out[2] = (s64)p->children_cycles;
	}
	out[0] = (s64)(clock_cycles_to_ns((u64)out[0]) / TICK_NS);
	out[2] = (s64)(clock_cycles_to_ns((u64)out[2]) / TICK_NS);
	if (a != 0) {
		err = copy_to_user(uaddr(a), out, sizeof(out));
	}
	return err ? err : (long)(clock_ns() / TICK_NS);
}
