/* SPDX-License-Identifier: MIT */
/*
 * /proc/PID: what is told about a process.  A key is the process's number, in
 * its directory fd that number and below it the descriptor's.
 */
#include "fs/context.h"
#include "fs/path.h"
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
		file = descriptors_file(d, (u32)key);
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
		len = format(buf, size_bytes, "%s:[%lu]",
			     (stat.mode & MODE_TYPE) == MODE_FIFO ? "pipe"
								  : "anon",
			     stat.ino);
	}
	file_put(file);
	return MIN(len, (long)size_bytes);
}

static int fd_follow(u64 key, struct vnode **out)
{
	struct file *file = fd_file(key);
	int err = -ENOENT;

	if (file != NULL && file->vnode != NULL) {
		*out = vnode_get(file->vnode);
		err = 0;
	}
	if (file != NULL) {
		file_put(file);
	}
	return err;
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

static long exe_link(u64 key, char *buf, size_t size_bytes)
{
	struct process *p = process_find_get(key);
	long len = -ENOENT;

	if (p == NULL) {
		return len;
	}
	WITH_MUTEX (&p->mutex) {
		if (p->exe[0] != '\0') {
			len = (long)MIN(strlen(p->exe), size_bytes);
			memcpy(buf, p->exe, (size_t)len);
		}
	}
	process_put(p);
	return len;
}

static int exe_follow(u64 key, struct vnode **out)
{
	char path[PROCESS_PATH_BYTES];
	long len = exe_link(key, path, sizeof(path) - 1);

	if (len < 0) {
		return (int)len;
	}
	path[len] = '\0';
	return path_lookup(path, out);
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

static const struct proc_entry fd_entry = {
	.name = "",
	.mode = MODE_SYMLINK | 0700,
	.readlink = fd_link,
	.follow = fd_follow,
};

static const struct proc_numbers fds = { &fd_entry, next_fd };

static const struct proc_entry children[] = {
	{ .name = "comm", .mode = PROC_FILE(0444), .show = show_comm },
	{ .name = "cwd",
	  .mode = PROC_LINK,
	  .readlink = cwd_link,
	  .follow = cwd_follow },
	{ .name = "exe",
	  .mode = PROC_LINK,
	  .readlink = exe_link,
	  .follow = exe_follow },
	{ .name = "fd", .mode = MODE_DIRECTORY | 0500, .numbers = &fds },
	{ .name = "mounts", .mode = PROC_FILE(0444), .show = proc_show_mounts },
	{ .name = "root",
	  .mode = PROC_LINK,
	  .readlink = root_link,
	  .follow = root_follow },
	{ .name = NULL },
};

static const struct proc_entry process_entry = {
	.name = "",
	.mode = PROC_DIRECTORY,
	.children = children,
};

const struct proc_numbers proc_processes = { &process_entry, next_process };
