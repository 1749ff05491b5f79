/* SPDX-License-Identifier: MIT */
/*
 * /proc/PID: what is told about a process.  A key is the process's number, in
 * its directory fd that number and below it the descriptor's.
 */
#include "drivers/tty.h"
#include "fs/pipe.h"
#include "fs/context.h"
#include "fs/device.h"
#include "fs/path.h"
#include "kernel/clock.h"
#include "lib/errno.h"
#include "lib/format.h"
#include "lib/string.h"
#include "posix/descriptors.h"
#include "posix/proc.h"
#include "posix/process.h"

/* proc(5) counts processor time in ticks of 1/100 s. */
#define NS_PER_TICK 10000000ul

static s64 next_process(u64 key, u64 from)
{
	(void)key;
	return process_next_number(from);
}

/* What the process has open, with a reference; NULL: nothing any more. */
static struct descriptors *descriptors_of(u64 pid)
{
	struct process *p = process_find_get(pid);
	struct descriptors *d = NULL;

	if (p == NULL) {
		return NULL;
	}
	WITH_MUTEX (&p->mutex) {
		d = p->descriptors ? descriptors_get(p->descriptors) : NULL;
	}
	process_put(p);
	return d;
}

static struct fs_context *context_of(u64 pid)
{
	struct process *p = process_find_get(pid);
	struct fs_context *fs = NULL;

	if (p == NULL) {
		return NULL;
	}
	WITH_MUTEX (&p->mutex) {
		fs = p->fs ? fs_context_get(p->fs) : NULL;
	}
	process_put(p);
	return fs;
}

static s64 next_fd(u64 pid, u64 from)
{
	struct descriptors *d = descriptors_of(pid);
	s64 fd = -1;

	if (d != NULL) {
		fd = descriptors_next(d, from);
		descriptors_put(d);
	}
	return fd;
}

static struct file *fd_file(u64 key)
{
	struct descriptors *d = descriptors_of(key >> 32);
	struct file *file = NULL;

	if (d != NULL) {
		file = descriptors_file(d, (u32)key, CAP_ANY);
		descriptors_put(d);
	}
	return file;
}

/* The path of a vnode as the reader sees it, not ended by a NUL. */
static long path_text(struct vnode *v, char *buf, size_t size_bytes)
{
	long len = path_of(v, fs_context_current(), buf, size_bytes);

	if (len == -ENOENT) {
		len = format(buf, size_bytes, "(deleted)");
	}
	return len == -ERANGE ? (long)size_bytes : len;
}

static long fd_link(u64 key, char *buf, size_t size_bytes)
{
	struct file *file = fd_file(key);
	struct file_stat stat;
	long len;

	if (file == NULL) {
		return -ENOENT;
	}
	if (file->vnode != NULL) {
		len = path_text(file->vnode, buf, size_bytes);
	} else {
		file_stat(file, &stat);
		len = file->ops->name
			      ? format(buf, size_bytes, "anon_inode:%s",
				       file->ops->name)
			      : format(buf, size_bytes, "pipe:[%lu]", stat.ino);
	}
	file_put(file);
	return MIN(len, (long)size_bytes);
}

static int fd_follow(u64 key, struct vnode **out)
{
	struct file *file = fd_file(key);
	int err = file ? -ENXIO : -ENOENT;

	if (file != NULL && file->vnode != NULL) {
		*out = vnode_get(file->vnode);
		err = 0;
	}
	if (file != NULL) {
		file_put(file);
	}
	return err;
}

static int fd_open(u64 key, struct file *file)
{
	struct file *end = fd_file(key);
	int err = end ? pipe_reopen(end, file) : -ENOENT;

	if (end != NULL) {
		file_put(end);
	}
	return err;
}

static int show_fdinfo(struct text *out, u64 key)
{
	struct file *file = fd_file(key);

	if (file == NULL) {
		return -ESRCH;
	}
	text_add(out, "pos:\t%lu\nflags:\t0%o\n", READ_ONCE(file->pos),
		 (u32)file_flags(file));
	if (file->ops->describe != NULL) {
		file->ops->describe(file, out);
	}
	file_put(file);
	return 0;
}

static int directory_of(u64 pid, bool root, struct vnode **out)
{
	struct fs_context *fs = context_of(pid);

	if (fs == NULL) {
		return -ENOENT;
	}
	*out = root ? fs_context_root(fs) : fs_context_cwd(fs);
	fs_context_put(fs);
	return 0;
}

static int cwd_follow(u64 key, struct vnode **out)
{
	return directory_of(key, false, out);
}

static int root_follow(u64 key, struct vnode **out)
{
	return directory_of(key, true, out);
}

static long follow_text(int err, struct vnode *v, char *buf, size_t size_bytes)
{
	long len;

	if (err) {
		return err;
	}
	len = path_text(v, buf, size_bytes);
	vnode_put(v);
	return len;
}

static long cwd_link(u64 key, char *buf, size_t size_bytes)
{
	struct vnode *v = NULL;
	int err = cwd_follow(key, &v);

	return follow_text(err, v, buf, size_bytes);
}

static long root_link(u64 key, char *buf, size_t size_bytes)
{
	struct vnode *v = NULL;
	int err = root_follow(key, &v);

	return follow_text(err, v, buf, size_bytes);
}

static int exe_follow(u64 key, struct vnode **out)
{
	struct process *p = process_find_get(key);
	struct vnode *exe = NULL;

	if (p == NULL) {
		return -ENOENT;
	}
	WITH_MUTEX (&p->mutex) {
		exe = p->exe ? vnode_get(p->exe) : NULL;
	}
	process_put(p);
	*out = exe;
	return exe ? 0 : -ENOENT;
}

static long exe_link(u64 key, char *buf, size_t size_bytes)
{
	struct vnode *v = NULL;
	int err = exe_follow(key, &v);

	return follow_text(err, v, buf, size_bytes);
}

static int show_comm(struct text *out, u64 key)
{
	struct process *p = process_find_get(key);

	if (p == NULL) {
		return -ESRCH;
	}
	text_add(out, "%s\n", p->name);
	process_put(p);
	return 0;
}

/* What stat and status tell. */
struct summary {
	char name[PROCESS_NAME_BYTES];
	char state;
	u32 parent;
	u32 group;
	u32 session;
	u32 threads;
	u64 ticks;
	u64 mapped_pages;
	u64 resident_pages;
};

static char state_letter(const struct process *p)
{
	const struct task *task;

	if (p->state != PROCESS_RUNNING || list_empty(&p->tasks)) {
		return 'Z';
	}
	if (p->signals.stopped) {
		return 'T';
	}
	task = list_first(&p->tasks, struct task, link);
	switch (READ_ONCE(task->thread->state)) {
	case THREAD_INTERRUPTIBLE: return 'S';
	case THREAD_SLEEPING: return 'D';
	default: return 'R';
	}
}

static int summary_make(struct summary *s, u64 pid)
{
	struct process *p = process_find_get(pid);
	struct aspace *aspace = p ? proc_aspace(p) : NULL;

	if (p == NULL) {
		return -ESRCH;
	}
	*s = (struct summary){ .state = 'Z' };
	WITH_MUTEX (&p->mutex) {
		memcpy(s->name, p->name, sizeof(s->name));
	}
	WITH_PROCESSES () {
		s->state = state_letter(p);
		s->parent = p->parent ? p->parent->pid : 0;
		s->group = pid_number(p->group);
		s->session = pid_number(p->session);
		s->threads = p->task_count;
		s->ticks = process_cycles_locked(p);
	}
	s->ticks = clock_cycles_to_ns(s->ticks) / NS_PER_TICK;
	if (aspace != NULL) {
		s->mapped_pages = aspace->mapped_pages;
		s->resident_pages = aspace->resident_pages;
		aspace_put(aspace);
	}
	process_put(p);
	return 0;
}

/* The fields of proc(5); those that are not known here are 0. */
static int show_stat(struct text *out, u64 key)
{
	struct summary s;
	int err = summary_make(&s, key);

	if (err) {
		return err;
	}
	text_add(out, "%u (%s) %c %u %u %u %u -1 0 0 0 0 0 %lu 0 0 0 20 0 %u ",
		 (u32)key, s.name, s.state, s.parent, s.group, s.session,
		 tty_session_has_one(s.session) ? (u32)DEVICE(5, 1) : 0,
		 s.ticks, s.threads);
	text_add(out, "0 0 %lu %lu", s.mapped_pages * PAGE_SIZE,
		 s.resident_pages);
	for (unsigned field = 25; field <= 52; field++) {
		text_add(out, " 0");
	}
	text_add(out, "\n");
	return 0;
}

static int show_statm(struct text *out, u64 key)
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
	u64 pending; /* of the first thread */
	u64 process_pending;
	u64 blocked; /* of the first thread */
	u64 ignored;
	u64 caught;
};

static void signals_sum(struct process *p, struct signal_summary *s)
{
	struct process_signals *ps = &p->signals;

	*s = (struct signal_summary){ 0 };
	WITH_SPINLOCK_IRQ (&ps->lock) {
		s->process_pending = ps->pending.set;
		if (!list_empty(&ps->threads)) {
			const struct thread_signals *first = list_first(
				&ps->threads, struct thread_signals, link);

			s->pending = first->pending.set;
			s->blocked = first->blocked;
		}
		for (int i = 1; ps->actions != NULL && i <= ABI_NSIG; i++) {
			u64 handler = ps->actions[i - 1].handler;

			s->ignored |=
				handler == ABI_SIG_IGN ? signal_bit(i) : 0;
			s->caught |= handler > ABI_SIG_IGN ? signal_bit(i) : 0;
		}
	}
}

static void show_identity(struct text *out, const struct credentials *c)
{
	text_add(out, "Uid:\t%u\t%u\t%u\t%u\nGid:\t%u\t%u\t%u\t%u\nGroups:\t",
		 c->uid, c->euid, c->suid, c->fsuid, c->gid, c->egid, c->sgid,
		 c->fsgid);
	for (u32 i = 0; i < c->group_count; i++) {
		text_add(out, "%u ", c->groups[i]);
	}
	text_add(out, "\n");
}

static void show_signals(struct text *out, const struct signal_summary *s)
{
	text_add(out,
		 "SigPnd:\t%016lx\nShdPnd:\t%016lx\nSigBlk:\t%016lx\n"
		 "SigIgn:\t%016lx\nSigCgt:\t%016lx\n",
		 s->pending, s->process_pending, s->blocked, s->ignored,
		 s->caught);
}

static int show_status(struct text *out, u64 key)
{
	struct process *p = process_find_get(key);
	struct credentials credentials = { 0 };
	struct signal_summary signals;
	struct summary s;
	int err = summary_make(&s, key);
	u64 kb = PAGE_SIZE / 1024;

	if (p == NULL || err) {
		if (p != NULL) {
			process_put(p);
		}
		return -ESRCH;
	}
	WITH_PROCESSES () {
		credentials = p->credentials;
	}
	signals_sum(p, &signals);
	process_put(p);
	text_add(out,
		 "Name:\t%s\nState:\t%c (%s)\nTgid:\t%u\nPid:\t%u\n"
		 "PPid:\t%u\n",
		 s.name, s.state, state_word(s.state), (u32)key, (u32)key,
		 s.parent);
	show_identity(out, &credentials);
	text_add(out, "VmSize:\t%8lu kB\nVmRSS:\t%8lu kB\nThreads:\t%u\n",
		 s.mapped_pages * kb, s.resident_pages * kb, s.threads);
	show_signals(out, &signals);
	return 0;
}

static const struct proc_entry fd_nameless = {
	.name = "",
	.mode = MODE_FIFO | 0600,
	.open = fd_open,
};

static const struct proc_entry fd_entry = {
	.name = "",
	.mode = MODE_SYMLINK | 0700,
	.readlink = fd_link,
	.follow = fd_follow,
	.nameless = &fd_nameless,
};

static const struct proc_numbers fds = { &fd_entry, next_fd };

static const struct proc_entry fdinfo_entry = {
	.name = "",
	.mode = PROC_FILE(0400),
	.show = show_fdinfo,
};

static const struct proc_numbers fdinfos = { &fdinfo_entry, next_fd };

static const struct proc_entry children[] = {
	{ .name = "cmdline",
	  .mode = PROC_FILE(0444),
	  .show = proc_show_arguments },
	{ .name = "comm", .mode = PROC_FILE(0444), .show = show_comm },
	{ .name = "cwd",
	  .mode = PROC_LINK,
	  .readlink = cwd_link,
	  .follow = cwd_follow },
	{ .name = "environ",
	  .mode = PROC_FILE(0400),
	  .show = proc_show_environment },
	{ .name = "exe",
	  .mode = PROC_LINK,
	  .readlink = exe_link,
	  .follow = exe_follow },
	{ .name = "fd", .mode = MODE_DIRECTORY | 0500, .numbers = &fds },
	{ .name = "fdinfo",
	  .mode = MODE_DIRECTORY | 0500,
	  .numbers = &fdinfos },
	{ .name = "maps", .mode = PROC_FILE(0444), .show = proc_show_maps },
	{ .name = "mounts", .mode = PROC_FILE(0444), .show = proc_show_mounts },
	{ .name = "root",
	  .mode = PROC_LINK,
	  .readlink = root_link,
	  .follow = root_follow },
	{ .name = "stat", .mode = PROC_FILE(0444), .show = show_stat },
	{ .name = "statm", .mode = PROC_FILE(0444), .show = show_statm },
	{ .name = "status", .mode = PROC_FILE(0444), .show = show_status },
	{ .name = NULL },
};

static const struct proc_entry process_entry = {
	.name = "",
	.mode = PROC_DIRECTORY,
	.children = children,
};

const struct proc_numbers proc_processes = { &process_entry, next_process };
