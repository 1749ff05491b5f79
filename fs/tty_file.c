/* SPDX-License-Identifier: MIT */
/*
 * Terminals as files.  Bytes go through a piece of kernel memory, so that no
 * user memory is touched with the terminal's lock held.
 */
#include "arch/user.h"
#include "drivers/pty.h"
#include "drivers/tty.h"
#include "fs/device.h"
#include "fs/pty_file.h"
#include "kernel/console.h"
#include "lib/errno.h"
#include "mm/kmem.h"

/* A read this small needs no memory of its own. */
#define SMALL_BYTES 128

/* As Linux numbers them. */
#define CONSOLE_RDEV DEVICE(5, 1)
#define TTY_RDEV     DEVICE(5, 0)

static struct tty_opening opening_of(const struct file *file)
{
	return (struct tty_opening){ .tty = (struct tty *)file->data,
				     .hangups = (u32)file->number,
				     .nonblock = READ_ONCE(file->flags) &
						 FILE_NONBLOCK };
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
		done += (size_t)result;
	}
	return (long)done;
}

static long tty_file_ioctl(struct file *file, u64 request, uaddr_t arg)
{
	struct tty_opening opening = opening_of(file);

	return tty_ioctl(&opening, request, arg);
}

static u32 tty_file_poll(struct file *file, struct poller *poller)
{
	struct tty_opening opening = opening_of(file);

	return tty_poll(&opening, poller);
}

static bool is_console(const struct tty *tty, u32 unused)
{
	(void)unused;
	return tty == &console_tty;
}

/* With a reference. Errors: -ENXIO, -EIO. */
static int tty_meant(u64 rdev, struct tty **out)
{
	if (rdev == TTY_RDEV) {
		*out = tty_of_session(tty_caller().session);
	} else if (rdev >> 8 == PTS_MAJOR) {
		return pty_find_slave((u32)(rdev & 0xff), out);
	} else {
		*out = tty_find(is_console, 0);
	}
	return *out ? 0 : -ENXIO;
}

/*
 * Any name but "tty" and those of pseudo-terminals means the console's, and but
 * for "console" it becomes that of a session's leader who has none.
 */
static int tty_file_open(struct file *file)
{
	u64 rdev = file->vnode->rdev;
	struct tty *tty;
	int err = tty_meant(rdev, &tty);

	if (err) {
		return err;
	}
	if (rdev != CONSOLE_RDEV && rdev != TTY_RDEV &&
	    !(file->flags & FILE_NO_TTY)) {
		tty_acquire(tty);
	}
	file->data = tty;
	file->number = tty_open(tty).hangups;
	return 0;
}

static void tty_file_close(struct file *file)
{
	tty_close(file->data);
}

static const struct file_ops tty_ops = {
	.open = tty_file_open,
	.close = tty_file_close,
	.read = tty_file_read,
	.write = tty_file_write,
	.ioctl = tty_file_ioctl,
	.poll = tty_file_poll,
};

int console_file_add(void)
{
	static const struct {
		const char *name;
		u32 permissions;
		u64 rdev;
	} devices[] = {
		{ "console", 0600, CONSOLE_RDEV },
		{ "tty", 0666, TTY_RDEV },
		{ "tty0", 0600, DEVICE(4, 0) },
		{ "tty1", 0600, DEVICE(4, 1) },
		{ "ttyS0", 0600, DEVICE(4, 64) },
	};
	int err = pty_file_add(&tty_ops);

	for (size_t i = 0; i < ARRAY_SIZE(devices) && err == 0; i++) {
		err = devfs_add(devices[i].name, devices[i].permissions,
				devices[i].rdev, &tty_ops);
	}
	return err;
}
