/* SPDX-License-Identifier: MIT */
/*
 * sendfile and copy_file_range: bytes from one descriptor to another.  They go
 * through a piece of the process's own memory that is mapped for the length of
 * the call, so that every kind of file moves them with the code that it has.
 */
#include "arch/user.h"
#include "fs/file.h"
#include "lib/errno.h"
#include "posix/abi.h"
#include "posix/descriptors.h"
#include "posix/process.h"
#include "posix/syscall.h"

#define WINDOW_BYTES 65536ul

/* As Linux does: one call moves at most this much. */
#define MOVE_MAX_BYTES 0x7ffff000ul

struct transfer {
	struct file *in;
	struct file *out;
	u64 from;
	const u64 *to; /* NULL: at the position */
	u64 len;
};

/* Errors: -ENOMEM. */
static int window_map(struct aspace *aspace, u64 len_bytes, u64 *start)
{
	int err = -ENOMEM;

	WITH_MUTEX (&aspace->mutex) {
		*start = aspace_find_free_locked(aspace, len_bytes,
						 aspace->mmap_top);
		if (*start != 0) {
			err = aspace_map_locked(aspace, *start, len_bytes,
						REGION_READ | REGION_WRITE |
							REGION_NO_FORK,
						REGION_ZEROES);
		}
	}
	return err;
}

/* One window's worth.  What was read and not written is read again. */
static long transfer_piece(struct transfer *t, uaddr_t window, u64 len)
{
	long got = file_read(t->in, window, len, &t->from);
	long put;

	if (got == -ESPIPE) {
		got = file_read(t->in, window, len, NULL);
	}
	if (got <= 0) {
		return got;
	}
	put = file_write(t->out, window, (u64)got, t->to);
	if (put > 0) {
		t->from += (u64)put;
	}
	return put;
}

static long transfer_all(struct transfer *t)
{
	struct aspace *aspace = process_current()->aspace;
	u64 want = MIN(t->len, MOVE_MAX_BYTES);
	u64 window = 0, size = ALIGN_UP(MIN(want, WINDOW_BYTES), PAGE_SIZE);
	u64 done = 0, to = t->to ? *t->to : 0;
	int err = want ? window_map(aspace, size, &window) : 0;
	long moved = err ? err : 1;

	t->to = t->to ? &to : NULL;
	while (done < want && moved > 0) {
		u64 len = MIN(want - done, size);

		moved = transfer_piece(t, uaddr(window), len);
		if (moved > 0) {
			done += (u64)moved;
			to += (u64)moved;
		}
		/* From a device without an end it would go on for long. */
		if (moved != (long)len ||
		    READ_ONCE(current_thread()->interrupted)) {
			break;
		}
	}
	if (want != 0 && err == 0) {
		err = aspace_unmap(aspace, window, size);
	}
	return done > 0 || moved > 0 ? (long)done : moved;
}

/* ---- sendfile ----------------------------------------------------------- */

/* Files that give the same bytes again, and devices that have no end. */
static bool can_send(const struct file *in)
{
	return in->ops->read_at != NULL ||
	       (in->ops->read != NULL && in->ops->seek != NULL);
}

static int sendfile_refused(const struct transfer *t, bool has_offset)
{
	if (t->in == NULL) {
		return -EBADF;
	}
	if (!can_send(t->in) && has_offset) {
		return -ESPIPE;
	}
	if (t->out == NULL) {
		return -EBADF;
	}
	if (!can_send(t->in) || (t->out->flags & FILE_APPEND) ||
	    (s64)t->from < 0) {
		return -EINVAL;
	}
	return 0;
}

static void position_set(struct file *file, u64 pos)
{
	WITH_MUTEX (&file->mutex) {
		file->pos = pos;
	}
}

static long sendfile_files(struct transfer *t, bool has_offset)
{
	long result = sendfile_refused(t, has_offset);

	if (result) {
		return result;
	}
	if (!has_offset) {
		t->from = t->in->pos;
	}
	result = transfer_all(t);
	if (result > 0 && !has_offset) {
		position_set(t->in, t->from);
	}
	return result;
}

SYSCALL_HANDLER(sendfile)
{
	struct file_use in, out;
	struct transfer t = { .len = d };
	long result;

	if (c != 0 && copy_from_user(&t.from, uaddr(c), sizeof(t.from)) != 0) {
		return -EFAULT;
	}
	in = file_use(b, CAP_READ);
	out = file_use(a, CAP_WRITE);
	t.in = in.file;
	t.out = out.file;
	result = sendfile_files(&t, c != 0);
	file_use_end(in);
	file_use_end(out);
	if (c != 0 && copy_to_user(uaddr(c), &t.from, sizeof(t.from)) != 0) {
		return -EFAULT;
	}
	return result;
}

/* ---- copy_file_range ---------------------------------------------------- */

static int copy_refused(const struct transfer *t, u64 to)
{
	const struct vnode *in = t->in->vnode, *out = t->out->vnode;
	u64 len = t->len;

	if ((in != NULL && vnode_is(in, MODE_DIRECTORY)) ||
	    (out != NULL && vnode_is(out, MODE_DIRECTORY))) {
		return -EISDIR;
	}
	if (in == NULL || out == NULL || !vnode_is(in, MODE_REGULAR) ||
	    !vnode_is(out, MODE_REGULAR)) {
		return -EINVAL;
	}
	if (t->out->flags & FILE_APPEND) {
		return -EBADF;
	}
	if ((s64)(t->from + len) < (s64)len || (s64)(to + len) < (s64)len) {
		return (s64)t->from < 0 || (s64)to < 0 ? -EINVAL : -EOVERFLOW;
	}
	/* A file is not copied over what is still to be read of it. */
	return in == out && t->from < to + len && to < t->from + len ? -EINVAL
								     : 0;
}

/* An offset that the caller names, or the file's own. */
static int offset_read(const struct file *file, u64 at, u64 *out)
{
	*out = file->pos;
	return at ? copy_from_user(out, uaddr(at), sizeof(*out)) : 0;
}

static int offset_write(struct file *file, u64 at, u64 pos)
{
	if (at != 0) {
		return copy_to_user(uaddr(at), &pos, sizeof(pos));
	}
	position_set(file, pos);
	return 0;
}

static long copy_files(struct transfer *t, u64 in_at, u64 out_at)
{
	u64 to;
	int err = offset_read(t->in, in_at, &t->from);
	long result;

	err = err ? err : offset_read(t->out, out_at, &to);
	err = err ? err : copy_refused(t, to);
	if (err) {
		return err;
	}
	t->to = &to;
	result = transfer_all(t);
	if (result > 0) {
		err = offset_write(t->in, in_at, t->from);
		err = err ? err
			  : offset_write(t->out, out_at, to + (u64)result);
	}
	return err ? err : result;
}

/* A directory that cannot be written is the lesser evil. */
static long copy_unfit(u64 fd)
{
	struct file_use use = file_use(fd, CAP_ANY);
	long err = use.file != NULL && use.file->vnode != NULL &&
				   vnode_is(use.file->vnode, MODE_DIRECTORY)
			   ? -EISDIR
			   : -EBADF;

	file_use_end(use);
	return err;
}

SYSCALL_HANDLER(copy_file_range)
{
	struct file_use in = file_use(a, CAP_READ);
	struct file_use out = file_use(c, CAP_WRITE);
	struct transfer t = { .in = in.file, .out = out.file, .len = e };
	long result;

	if (in.file == NULL || out.file == NULL) {
		result = copy_unfit(in.file ? c : a);
	} else {
		result = (u32)f ? -EINVAL : copy_files(&t, b, d);
	}
	file_use_end(in);
	file_use_end(out);
	return result;
}
