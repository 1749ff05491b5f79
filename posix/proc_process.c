/* SPDX-License-Identifier: MIT */
/*
 * /proc/PID: what a process has.  A key is the process's number; in its
 * directories fd and task that number and below it the descriptor's or the
 * thread's.
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

static s64 next_process(u64 key, u64 from)
{
	(void)key;
	return process_next_number(from);
}

/* Its effective user and group. */
static struct cred process_owner(u64 key)
{
	struct cred owner = { 0, 0 };

	WITH_PROCESSES () {
		const struct process *p = process_find_locked(key);

		if (p != NULL) {
			owner.uid = p->credentials.euid;
			owner.gid = p->credentials.egid;
		}
	}
	return owner;
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

static s64 next_task(u64 pid, u64 from)
{
	s64 next = -1;

	WITH_PROCESSES () {
		const struct process *p = process_find_locked(pid);

		if (p == NULL) {
			return -1;
		}
		list_for_each (node, &p->tasks) {
			u32 tid = list_entry(node, struct task, link)->tid;

			if (tid >= from && (next < 0 || tid < next)) {
				next = tid;
			}
		}
	}
	return next;
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
		len = format(buf, size_bytes, "/ (deleted)");
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
			      : format(buf, size_bytes, "%s:[%lu]",
				       (stat.mode & MODE_TYPE) == MODE_SOCKET
					       ? "socket"
					       : "pipe",
				       stat.ino);
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

static const struct proc_numbers fds = { &fd_entry, next_fd, NULL };

static const struct proc_entry fdinfo_entry = {
	.name = "",
	.mode = PROC_FILE(0400),
	.show = show_fdinfo,
};

static const struct proc_numbers fdinfos = { &fdinfo_entry, next_fd, NULL };

static const struct proc_entry task_children[] = {
	{ .name = "comm",
	  .mode = PROC_FILE(0644),
	  .show = proc_show_comm,
	  .write = proc_write_comm },
	{ .name = "stat", .mode = PROC_FILE(0444), .show = proc_show_stat },
	{ .name = "status", .mode = PROC_FILE(0444), .show = proc_show_status },
	{ .name = NULL },
};

static const struct proc_entry task_entry = {
	.name = "",
	.mode = PROC_DIRECTORY,
	.children = task_children,
};

static const struct proc_numbers tasks = { &task_entry, next_task, NULL };

static const struct proc_entry children[] = {
	{ .name = "auxv", .mode = PROC_FILE(0400), .show = proc_show_auxv },
	{ .name = "cmdline",
	  .mode = PROC_FILE(0444),
	  .show = proc_show_arguments },
	{ .name = "comm",
	  .mode = PROC_FILE(0644),
	  .show = proc_show_comm,
	  .write = proc_write_comm },
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
	{ .name = "limits", .mode = PROC_FILE(0444), .show = proc_show_limits },
	{ .name = "maps", .mode = PROC_FILE(0444), .show = proc_show_maps },
	{ .name = "mounts", .mode = PROC_FILE(0444), .show = proc_show_mounts },
	{ .name = "root",
	  .mode = PROC_LINK,
	  .readlink = root_link,
	  .follow = root_follow },
	{ .name = "stat", .mode = PROC_FILE(0444), .show = proc_show_stat },
	{ .name = "statm", .mode = PROC_FILE(0444), .show = proc_show_statm },
	{ .name = "status", .mode = PROC_FILE(0444), .show = proc_show_status },
	{ .name = "task", .mode = PROC_DIRECTORY, .numbers = &tasks },
	{ .name = NULL },
};

static const struct proc_entry process_entry = {
	.name = "",
	.mode = PROC_DIRECTORY,
	.children = children,
};

const struct proc_numbers proc_processes = { &process_entry, next_process,
					     process_owner };
