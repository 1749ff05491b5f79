/* SPDX-License-Identifier: MIT */
/*
 * Each open(2) of /dev/ptmx makes a pseudo-terminal, whose slave has a name in
 * /dev/pts for as long as the master is open.
 */
#include "fs/pty_file.h"

#include "arch/user.h"
#include "drivers/pty.h"
#include "fs/device.h"
#include "lib/errno.h"
#include "lib/format.h"

#define PTMX_RDEV  DEVICE(5, 2)
#define NAME_BYTES 8

/* Bytes go through a piece of this size. */
#define PIECE_BYTES 256

static struct vnode *pts; /* the directory; written by the boot alone */

static struct name pts_name(const struct tty *tty, char text[NAME_BYTES])
{
	return name_of(text,
		       (size_t)format(text, NAME_BYTES, "%u", pty_number(tty)));
}

static int name_make(const struct tty *tty)
{
	char text[NAME_BYTES];
	struct cred cred = cred_effective();
	struct vnode_make make = {
		.mode = MODE_CHARACTER | 0620,
		.uid = cred.uid,
		.gid = cred.gid,
		.rdev = DEVICE(PTS_MAJOR, pty_number(tty)),
	};
	struct vnode *v;
	int err = pts->ops->create(pts, pts_name(tty, text), &make, &v);

	if (err == 0) {
		vnode_put(v);
	}
	return err;
}

static void name_remove(const struct tty *tty)
{
	char text[NAME_BYTES];
	struct name name = pts_name(tty, text);
	struct vnode *v;

	if (pts->ops->lookup(pts, name, &v) == 0) {
		/* -ENOENT: somebody has removed or replaced it. */
		int err = vnode_unname(pts, name, v);

		vnode_put(v);
		(void)err;
	}
}

static int ptmx_open(struct file *file)
{
	struct tty *tty;
	int err = pty_create(&tty);

	if (err) {
		return err;
	}
	err = name_make(tty);
	if (err) {
		pty_close(tty);
		return err;
	}
	file->data = tty;
	return 0;
}

static void ptmx_close(struct file *file)
{
	name_remove(file->data);
	pty_close(file->data);
}

static bool nonblock(const struct file *file)
{
	return READ_ONCE(file->flags) & FILE_NONBLOCK;
}

static long ptmx_read(struct file *file, uaddr_t dst, size_t len_bytes)
{
	u8 piece[PIECE_BYTES];
	long got = len_bytes == 0 ? 0
				  : pty_read(file->data, piece,
					     MIN(len_bytes, sizeof(piece)),
					     nonblock(file));

	if (got > 0 && copy_to_user(dst, piece, (size_t)got) != 0) {
		return -EFAULT;
	}
	return got;
}

static long ptmx_write(struct file *file, uaddr_t src, size_t len_bytes)
{
	u8 piece[PIECE_BYTES];
	size_t done = 0;

	while (done < len_bytes) {
		size_t len = MIN(len_bytes - done, sizeof(piece));
		long put = -EFAULT;

		if (copy_from_user(piece, uaddr_add(src, done), len) == 0) {
			put = pty_write(file->data, piece, len, nonblock(file));
		}
		if (put < 0) {
			return done > 0 ? (long)done : put;
		}
		done += (size_t)put;
	}
	return (long)done;
}

static u32 ptmx_poll(struct file *file, struct poller *poller)
{
	return pty_poll(file->data, poller);
}

static long ptmx_ioctl(struct file *file, u64 request, uaddr_t arg)
{
	return pty_ioctl(file->data, request, arg);
}

int pty_file_add(const struct file_ops *slave_ops)
{
	static const struct file_ops ptmx_ops = {
		.open = ptmx_open,
		.close = ptmx_close,
		.read = ptmx_read,
		.write = ptmx_write,
		.poll = ptmx_poll,
		.ioctl = ptmx_ioctl,
	};
	int err = devfs_add_directory("pts", 0755, &pts);

	err = err ? err : devfs_add("ptmx", 0666, PTMX_RDEV, &ptmx_ops);
	return err ? err : device_add_major(DEVICE(PTS_MAJOR, 0), slave_ops);
}
