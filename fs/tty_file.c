/* SPDX-License-Identifier: MIT */
/*
 * Terminals as files.  Bytes go through a piece of kernel memory, so that no
 * user memory is touched with the terminal's lock held.
 */
#include "arch/user.h"
#include "drivers/tty.h"
#include "fs/device.h"
#include "kernel/console.h"
#include "lib/errno.h"
#include "mm/kmem.h"

/* A read this small needs no memory of its own. */
#define SMALL_BYTES 128

static struct tty_opening opening_of(const struct file *file)
{
	return (struct tty_opening){ .tty = (struct tty *)file->data,
				     .hangups = (u32)file->number };
}

static long read_through(struct file *file, uaddr_t dst, u8 *piece, size_t len)
{
	struct tty_opening opening = opening_of(file);
	long got = tty_read(&opening, piece, len);

	if (got > 0 && copy_to_user(dst, piece, (size_t)got) != 0) {
		return -EFAULT;
	}
	return got;
}

static long tty_file_read(struct file *file, uaddr_t dst, size_t len_bytes)
{
	size_t len = MIN(len_bytes, LDISC_BYTES);
	u8 small[SMALL_BYTES];
	u8 *piece;
	long got;

	if (len <= sizeof(small)) {
		return len ? read_through(file, dst, small, len) : 0;
	}
	piece = kmalloc(len);
	if (piece == NULL) {
		return -ENOMEM;
	}
	got = read_through(file, dst, piece, len);
	kfree(piece);
	return got;
}

static long tty_file_write(struct file *file, uaddr_t src, size_t len_bytes)
{
	struct tty_opening opening = opening_of(file);
	u8 piece[CONSOLE_CHUNK_BYTES];
	size_t done = 0;

	while (done < len_bytes) {
		size_t len = MIN(len_bytes - done, sizeof(piece));
		long result;

		if (copy_from_user(piece, uaddr_add(src, done), len) != 0) {
			return done > 0 ? (long)done : -EFAULT;
		}
		result = tty_write(&opening, piece, len);
		if (result < 0) {
			return done > 0 ? (long)done : result;
		}
		done += len;
	}
	return (long)done;
}

static long tty_file_ioctl(struct file *file, u64 request, uaddr_t arg)
{
	struct tty_opening opening = opening_of(file);

	return tty_ioctl(&opening, request, arg);
}

static int tty_file_open(struct file *file)
{
	file->data = &console_tty;
	file->number = tty_open(&console_tty).hangups;
	return 0;
}

static const struct file_ops tty_ops = {
	.open = tty_file_open,
	.read = tty_file_read,
	.write = tty_file_write,
	.ioctl = tty_file_ioctl,
};

/* Every terminal is the one that there is; Linux's numbers of them. */
int console_file_add(void)
{
	int err = devfs_add("console", 0600, DEVICE(5, 1), &tty_ops);

	err = err ? err : devfs_add("tty", 0666, DEVICE(5, 0), &tty_ops);
	return err ? err : devfs_add("ttyS0", 0600, DEVICE(4, 64), &tty_ops);
}
