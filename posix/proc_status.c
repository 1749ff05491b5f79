/* SPDX-License-Identifier: MIT */
/*
 * /proc/PID/{comm,stat,statm,status} and the same of /proc/PID/task/TID: what
 * is told about a process or one of its threads.  A thread's key is its number
 * below the process's.
 */
#include "drivers/tty.h"
#include "fs/device.h"
#include "kernel/clock.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "posix/proc.h"
#include "posix/process.h"

/* proc(5) counts processor time in ticks of 1/100 s. */
#define NS_PER_TICK 10000000ul

/* What it calls the priority of nice 0. */
#define PRIORITY_NICE_0 20

/* What stat and status tell. */
struct summary {
	char name[PROCESS_NAME_BYTES];
	char state;
	u32 parent;
	u32 group;
	u32 session;
	u32 threads;
	s32 nice;
	u64 start_ns;
	struct usage usage; /* times and faults of the thread */
	struct usage children_usage;
	u64 mapped_pages;
	u64 resident_pages;
};

static u64 pid_of(u64 key)
{
	return key >> 32 ? key >> 32 : key;
}

/* The thread's number, 0 for a process's key. */
static u32 tid_of(u64 key)
{
	return key >> 32 ? (u32)key : 0;
}

/* The thread of that number, or any for 0; NULL if there is none. */
static const struct task *task_of_locked(const struct process *p, u32 tid)
{
	list_for_each (node, &p->tasks) {
		const struct task *task = list_entry(node, struct task, link);

		if (tid == 0 || task->tid == tid) {
			return task;
		}
	}
	return NULL;
}

static char state_letter(const struct process *p, const struct task *task)
{
	if (p->state != PROCESS_RUNNING || task == NULL) {
		return 'Z';
	}
	if (p->signals.stopped) {
		return 'T';
	}
	switch (READ_ONCE(task->thread->state)) {
	case THREAD_INTERRUPTIBLE: return 'S';
	case THREAD_SLEEPING: return 'D';
	default: return 'R';
	}
}

/* False if it is of a thread that is gone. */
static bool summarise_locked(struct summary *s, const struct process *p,
			     u32 tid)
{
	const struct task *task = task_of_locked(p, tid);

	if (tid != 0 && task == NULL) {
		return false;
	}
	s->state = state_letter(p, task);
	s->parent = p->parent ? p->parent->pid : 0;
	s->group = pid_number(p->group);
	s->session = pid_number(p->session);
	s->threads = p->task_count;
	s->nice = p->nice;
	s->start_ns = clock_at(p->born_cycles);
	process_usage_locked(p, &s->usage);
	s->children_usage = p->children_usage;
	if (tid != 0) {
		s->usage.threads = (struct thread_usage){ 0 };
		thread_usage_add(task->thread, &s->usage.threads);
		string_copy(s->name, task->thread->name, sizeof(s->name));
	}
	return true;
}

static int summary_make(struct summary *s, u64 key)
{
	struct process *p = process_find_get(pid_of(key));
	struct aspace *aspace = p ? proc_aspace(p) : NULL;
	bool found = false;

	if (p == NULL) {
		return -ESRCH;
	}
	*s = (struct summary){ .state = 'Z' };
	WITH_MUTEX (&p->mutex) {
		memcpy(s->name, p->name, sizeof(s->name));
	}
	WITH_PROCESSES () {
		found = summarise_locked(s, p, tid_of(key));
	}
	if (aspace != NULL) {
		s->mapped_pages = aspace->mapped_pages;
		s->resident_pages = aspace->resident_pages;
		aspace_put(aspace);
	}
	process_put(p);
	return found ? 0 : -ESRCH;
}

int proc_show_comm(struct text *out, u64 key)
{
	struct summary s;
	int err = summary_make(&s, key);

	if (err == 0) {
		text_add(out, "%s\n", s.name);
	}
	return err;
}

/* Threads of a process name each other, but no one else's. */
long proc_write_comm(u64 key, const char *bytes, size_t len)
{
	struct process *p = process_current();
	u64 tid = tid_of(key) ? tid_of(key) : pid_of(key);
	char name[PROCESS_NAME_BYTES] = { 0 };
	bool found = false;

	if (pid_of(key) != p->pid) {
		return -EINVAL;
	}
	memcpy(name, bytes, MIN(len, sizeof(name) - 1));
	WITH_PROCESSES () {
		struct task *task = task_find_locked(tid);

		found = task != NULL && task->process == p;
		if (found) {
			memcpy(task->thread->name, name, sizeof(name));
		}
	}
	if (tid == p->pid) {
		WITH_MUTEX (&p->mutex) {
			memcpy(p->name, name, sizeof(name));
		}
	}
	return found || tid == p->pid ? (long)len : -ESRCH;
}

static void show_limit(struct text *out, u64 value)
{
	if (value == ABI_RLIM_INFINITY) {
		text_add(out, "%-20s ", "unlimited");
	} else {
		text_add(out, "%-20lu ", value);
	}
}

int proc_show_limits(struct text *out, u64 key)
{
	static const struct {
		char name[24], unit[11];
	} limits[ABI_RLIM_NLIMITS] = {
		{ "Max cpu time", "seconds" },
		{ "Max file size", "bytes" },
		{ "Max data size", "bytes" },
		{ "Max stack size", "bytes" },
		{ "Max core file size", "bytes" },
		{ "Max resident set", "bytes" },
		{ "Max processes", "processes" },
		{ "Max open files", "files" },
		{ "Max locked memory", "bytes" },
		{ "Max address space", "bytes" },
		{ "Max file locks", "locks" },
		{ "Max pending signals", "signals" },
		{ "Max msgqueue size", "bytes" },
		{ "Max nice priority", "" },
		{ "Max realtime priority", "" },
		{ "Max realtime timeout", "us" },
	};
	struct process *p = process_find_get(pid_of(key));

	if (p == NULL) {
		return -ESRCH;
	}
	text_add(out, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit",
		 "Hard Limit", "Units");
	for (unsigned i = 0; i < ABI_RLIM_NLIMITS; i++) {
		text_add(out, "%-25s ", limits[i].name);
		show_limit(out, READ_ONCE(p->limits[i].current));
		show_limit(out, READ_ONCE(p->limits[i].max));
		text_add(out, "%-10s\n", limits[i].unit);
	}
	process_put(p);
	return 0;
}

/* The fields of proc(5); those that are not known here are 0. */
int proc_show_stat(struct text *out, u64 key)
{
	struct summary s;
	int err = summary_make(&s, key);

	if (err) {
		return err;
	}
	text_add(out, "%u (%s) %c %u %u %u %u -1 0 %lu %lu 0 0 ", (u32)key,
		 s.name, s.state, s.parent, s.group, s.session,
		 tty_session_has_one(s.session) ? (u32)DEVICE(5, 1) : 0,
		 s.usage.threads.faults, s.children_usage.threads.faults);
	text_add(out, "%lu %lu %lu %lu %d %d %u 0 %lu %lu %lu",
		 usage_user_ns(&s.usage) / NS_PER_TICK,
		 usage_kernel_ns(&s.usage) / NS_PER_TICK,
		 usage_user_ns(&s.children_usage) / NS_PER_TICK,
		 usage_kernel_ns(&s.children_usage) / NS_PER_TICK,
		 PRIORITY_NICE_0 + s.nice, s.nice, s.threads,
		 s.start_ns / NS_PER_TICK, s.mapped_pages * PAGE_SIZE,
		 s.resident_pages);
	for (unsigned field = 25; field <= 52; field++) {
		text_add(out, " 0");
	}
	text_add(out, "\n");
	return 0;
}

int proc_show_statm(struct text *out, u64 key)
{
	struct summary s;
	int err = summary_make(&s, key);

	if (err == 0) {
		text_add(out, "%lu %lu 0 0 0 %lu 0\n", s.mapped_pages,
			 s.resident_pages, s.mapped_pages);
	}
	return err;
}

static const char *state_word(char letter)
{
	switch (letter) {
	case 'R': return "running";
	case 'S': return "sleeping";
	case 'D': return "disk sleep";
	case 'T': return "stopped";
	default: return "zombie";
	}
}

/* What status tells of signals: sets, bit n - 1 for signal n. */
struct signal_summary {
	u64 pending; /* of the thread, or the first */
	u64 process_pending;
	u64 blocked; /* likewise */
	u64 ignored;
	u64 caught;
};

static void signals_sum(struct process *p, u32 tid, struct signal_summary *s)
{
	struct process_signals *ps = &p->signals;

	*s = (struct signal_summary){ 0 };
	WITH_SPINLOCK_IRQ (&ps->lock) {
		s->process_pending = ps->pending.set;
		list_for_each (node, &ps->threads) {
			const struct thread_signals *own =
				list_entry(node, struct thread_signals, link);

			if (tid == 0 || own->task->tid == tid) {
				s->pending = own->pending.set;
				s->blocked = own->blocked;
				break;
			}
		}
		for (int i = 1; ps->actions != NULL && i <= ABI_NSIG; i++) {
			u64 handler = ps->actions[i - 1].handler;

			s->ignored |=
				handler == ABI_SIG_IGN ? signal_bit(i) : 0;
			s->caught |= handler > ABI_SIG_IGN ? signal_bit(i) : 0;
		}
	}
}

/* These two apart: what they show takes much of the stack. */
static noinline void show_signals(struct text *out, struct process *p, u32 tid)
{
	struct signal_summary s;

	signals_sum(p, tid, &s);
	text_add(out,
		 "SigPnd:\t%016lx\nShdPnd:\t%016lx\nSigBlk:\t%016lx\n"
		 "SigIgn:\t%016lx\nSigCgt:\t%016lx\n",
		 s.pending, s.process_pending, s.blocked, s.ignored, s.caught);
}

static noinline void show_identity(struct text *out, const struct process *p)
{
	struct credentials c = { 0 };

	WITH_PROCESSES () {
		c = p->credentials;
	}
	text_add(out, "Uid:\t%u\t%u\t%u\t%u\nGid:\t%u\t%u\t%u\t%u\nGroups:\t",
		 c.uid, c.euid, c.suid, c.fsuid, c.gid, c.egid, c.sgid,
		 c.fsgid);
	for (u32 i = 0; i < c.group_count; i++) {
		text_add(out, "%u ", c.groups[i]);
	}
	text_add(out, "\n");
}

int proc_show_status(struct text *out, u64 key)
{
	struct process *p = process_find_get(pid_of(key));
	struct summary s;
	int err = summary_make(&s, key);
	u64 kb = PAGE_SIZE / 1024;

	if (p == NULL || err) {
		if (p != NULL) {
			process_put(p);
		}
		return -ESRCH;
	}
	text_add(out,
		 "Name:\t%s\nState:\t%c (%s)\nTgid:\t%u\nPid:\t%u\n"
		 "PPid:\t%u\n",
		 s.name, s.state, state_word(s.state), (u32)pid_of(key),
		 (u32)key, s.parent);
	show_identity(out, p);
	text_add(out,
		 "VmSize:\t%8lu kB\nVmHWM:\t%8lu kB\nVmRSS:\t%8lu kB\n"
		 "Threads:\t%u\n",
		 s.mapped_pages * kb, s.usage.peak_pages * kb,
		 s.resident_pages * kb, s.threads);
	show_signals(out, p, tid_of(key));
	process_put(p);
	text_add(out,
		 "voluntary_ctxt_switches:\t%lu\n"
		 "nonvoluntary_ctxt_switches:\t%lu\n",
		 s.usage.threads.sleeps, s.usage.threads.preemptions);
	return 0;
}
