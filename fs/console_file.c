/* SPDX-License-Identifier: MIT */
/*
 * /dev/console: bytes to every console, bytes from any input device.
 */
#include "arch/user.h"
#include "fs/file.h"
#include "kernel/console.h"
#include "kernel/waitq.h"
#include "lib/errno.h"

/* Bytes moved through the kernel's stack at a time. */
#define PIECE_BYTES    CONSOLE_CHUNK_BYTES

#define MODE_CHARACTER 0020000
/* Linux numbers the console (5, 1). */
#define CONSOLE_RDEV (5u << 8 | 1)

/* ioctl(2) of terminals; the structure is struct winsize. */
#define TIOCGWINSZ 0x5413

static struct waitq input_waitq = WAITQ_INIT(input_waitq);

void console_input_ready(void)
{
	waitq_wake_all(&input_waitq);
}

static long console_file_read(struct file *file, uaddr_t dst, size_t len_bytes)
{
	char piece[PIECE_BYTES];
	size_t want = MIN(len_bytes, sizeof(piece));
	size_t got = 0;
	u64 flags;

	(void)file;
	if (want == 0) {
		return 0;
	}
	flags = waitq_lock(&input_waitq);
	while ((got = console_input_take(piece, want)) == 0) {
		waitq_sleep(&input_waitq, WAITQ_FOREVER);
	}
	waitq_unlock(&input_waitq, flags);
	return copy_to_user(dst, piece, got) ? -EFAULT : (long)got;
}

static long console_file_write(struct file *file, uaddr_t src, size_t len_bytes)
{
	char piece[PIECE_BYTES];
	size_t done = 0;

	(void)file;
	while (done < len_bytes) {
		size_t len = MIN(len_bytes - done, sizeof(piece));

		if (copy_from_user(piece, uaddr_add(src, done), len) != 0) {
			return done > 0 ? (long)done : -EFAULT;
		}
		console_write(piece, len);
		done += len;
	}
	return (long)done;
}

static long console_file_ioctl(struct file *file, u64 request, uaddr_t arg)
{
	static const u16 rows_columns[4] = { 25, 80 };

	(void)file;
	if (request != TIOCGWINSZ) {
		return -ENOTTY;
	}
	return copy_to_user(arg, rows_columns, sizeof(rows_columns));
}

static void console_file_stat(struct file *file, struct file_stat *out)
{
	(void)file;
	*out = (struct file_stat){ .mode = MODE_CHARACTER | 0600,
				   .nlink = 1,
				   .rdev = CONSOLE_RDEV };
}

static const struct file_ops console_ops = {
	.read = console_file_read,
	.write = console_file_write,
	.ioctl = console_file_ioctl,
	.stat = console_file_stat,
};

struct file *console_file_open(u32 access)
{
	return file_create(&console_ops, access);
}
