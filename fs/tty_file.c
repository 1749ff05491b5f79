/* SPDX-License-Identifier: MIT */
/*
 * Terminals as files.  Bytes go through a piece of kernel memory, so that no
 * user memory is touched with the terminal's lock held.
 */
#include "arch/user.h"
#include "drivers/tty.h"
#include "fs/file.h"
#include "kernel/console.h"
#include "lib/errno.h"
#include "mm/kmem.h"

/* A read this small needs no memory of its own. */
#define SMALL_BYTES    128

#define MODE_CHARACTER 0020000
/* Linux numbers the console (5, 1). */
#define CONSOLE_RDEV (5u << 8 | 1)

static struct tty_opening opening_of(const struct file *file)
{
	return (struct tty_opening){ .tty = (struct tty *)file->data,
				     .hangups = (u32)file->size_bytes };
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

static void tty_file_stat(struct file *file, struct file_stat *out)
{
	(void)file;
	*out = (struct file_stat){ .mode = MODE_CHARACTER | 0600,
				   .nlink = 1,
				   .rdev = CONSOLE_RDEV };
}

static const struct file_ops tty_ops = {
	.read = tty_file_read,
	.write = tty_file_write,
	.ioctl = tty_file_ioctl,
	.stat = tty_file_stat,
};

struct file *console_file_open(u32 access)
{
	struct file *file = file_create(&tty_ops, access);

	if (file != NULL) {
		file->data = &console_tty;
		file->size_bytes = tty_open(&console_tty).hangups;
	}
	return file;
}
