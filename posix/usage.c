/* SPDX-License-Identifier: MIT */
/*
 * What processes have used, and what getrusage() and times() tell of it.
 */
#include "posix/usage.h"

#include "arch/user.h"
#include "kernel/clock.h"
#include "lib/errno.h"
#include "posix/process.h"
#include "posix/syscall.h"
#include "posix/time.h"

#define TICK_NS  ((u64)NS_PER_S / 100)
#define SELF     0
#define CHILDREN (-1)
#define THREAD   1

static void usage_add(const struct usage *usage, struct usage *sum)
{
	thread_usage_sum(&usage->threads, &sum->threads);
	sum->peak_pages = MAX(sum->peak_pages, usage->peak_pages);
}

void process_usage_locked(const struct process *p, struct usage *out)
{
	*out = p->usage;
	list_for_each (node, &p->tasks) {
		thread_usage_add(list_entry(node, struct task, link)->thread,
				 &out->threads);
	}
	if (p->aspace != NULL) {
		out->peak_pages = MAX(out->peak_pages, aspace_peak(p->aspace));
	}
}

void process_usage_all_locked(const struct process *p, struct usage *out)
{
	process_usage_locked(p, out);
	usage_add(&p->children_usage, out);
}

void process_usage_inherit_locked(const struct process *child,
				  const struct usage *all)
{
	usage_add(all, &child->parent->children_usage);
}

u64 usage_user_ns(const struct usage *usage)
{
	return clock_cycles_to_ns(usage->threads.cycles -
				  usage->threads.kernel_cycles);
}

u64 usage_kernel_ns(const struct usage *usage)
{
	return clock_cycles_to_ns(usage->threads.kernel_cycles);
}

static struct abi_timeval timeval_of(u64 ns)
{
	return (struct abi_timeval){ (s64)(ns / NS_PER_S),
				     (s64)(ns % NS_PER_S / NS_PER_US) };
}

struct abi_rusage usage_tell(const struct usage *usage)
{
	return (struct abi_rusage){
		.user = timeval_of(usage_user_ns(usage)),
		.system = timeval_of(usage_kernel_ns(usage)),
		.max_rss_kb = (s64)(usage->peak_pages * (PAGE_SIZE / 1024)),
		.minor_faults = (s64)usage->threads.faults,
		.voluntary_switches = (s64)usage->threads.sleeps,
		.involuntary_switches = (s64)usage->threads.preemptions,
	};
}

SYSCALL_HANDLER(getrusage)
{
	struct process *p = process_current();
	struct usage usage = { .peak_pages = 0 };
	struct abi_rusage out;
	s32 who = (s32)a;

	if (who != SELF && who != CHILDREN && who != THREAD) {
		return -EINVAL;
	}
	WITH_PROCESSES () {
		if (who == CHILDREN) {
			usage = p->children_usage;
		} else {
			process_usage_locked(p, &usage);
		}
	}
	if (who == THREAD) {
		usage.threads = (struct thread_usage){ 0 };
		thread_usage_add(current_thread(), &usage.threads);
	}
	out = usage_tell(&usage);
	return copy_to_user(uaddr(b), &out, sizeof(out));
}

SYSCALL_HANDLER(times)
{
	struct process *p = process_current();
	struct usage own, children;
	s64 out[4]; /* user, system, and those of children */
	int err = 0;

	WITH_PROCESSES () {
		process_usage_locked(p, &own);
		children = p->children_usage;
	}
	out[0] = (s64)(usage_user_ns(&own) / TICK_NS);
	out[1] = (s64)(usage_kernel_ns(&own) / TICK_NS);
	out[2] = (s64)(usage_user_ns(&children) / TICK_NS);
	out[3] = (s64)(usage_kernel_ns(&children) / TICK_NS);
	if (a != 0) {
		err = copy_to_user(uaddr(a), out, sizeof(out));
	}
	return err ? err : (long)(clock_ns() / TICK_NS);
}
