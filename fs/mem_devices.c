/* SPDX-License-Identifier: MIT */
/*
 * null, zero, full, random, urandom.
 */
#include "fs/mem_devices.h"

#include "arch/user.h"
#include "fs/device.h"
#include "kernel/random.h"
#include "lib/errno.h"
#include "mm/object.h"

#define RANDOM_PIECE_BYTES 256

static long null_read(struct file *file, uaddr_t dst, size_t len_bytes)
{
	(void)file;
	(void)dst;
	(void)len_bytes;
	return 0;
}

/* What is written is gone. */
static long null_write(struct file *file, uaddr_t src, size_t len_bytes)
{
	(void)file;
	(void)src;
	return (long)len_bytes;
}

static long zero_read(struct file *file, uaddr_t dst, size_t len_bytes)
{
	(void)file;
	return clear_user(dst, len_bytes) ? -EFAULT : (long)len_bytes;
}

static long full_write(struct file *file, uaddr_t src, size_t len_bytes)
{
	(void)file;
	(void)src;
	(void)len_bytes;
	return -ENOSPC;
}

static long random_read(struct file *file, uaddr_t dst, size_t len_bytes)
{
	u8 piece[RANDOM_PIECE_BYTES];
	size_t done = 0;

	(void)file;
	while (done < len_bytes) {
		size_t len = MIN(len_bytes - done, sizeof(piece));

		random_bytes(piece, len);
		if (copy_to_user(uaddr_add(dst, done), piece, len) != 0) {
			return done > 0 ? (long)done : -EFAULT;
		}
		done += len;
	}
	return (long)done;
}

/* Every place is the first. */
static long no_seek(struct file *file, s64 offset, int whence)
{
	(void)file;
	(void)offset;
	(void)whence;
	return 0;
}

/* Private mappings of /dev/zero are fresh memory. */
static int zero_object(struct file *file, u32 *flags, struct mem_object **out)
{
	(void)file;
	(void)flags;
	*out = mem_object_zeroes();
	return *out ? 0 : -ENOMEM;
}

static const struct file_ops null_ops = {
	.read = null_read,
	.write = null_write,
	.seek = no_seek,
};

static const struct file_ops zero_ops = {
	.read = zero_read,
	.write = null_write,
	.seek = no_seek,
	.object = zero_object,
};

static const struct file_ops full_ops = {
	.read = zero_read,
	.write = full_write,
	.seek = no_seek,
};

static const struct file_ops random_ops = {
	.read = random_read,
	.write = null_write,
	.seek = no_seek,
};

int mem_devices_add(void)
{
	static const struct {
		const char *name;
		u32 minor;
		const struct file_ops *ops;
	} list[] = {
		{ "null", 3, &null_ops },      { "zero", 5, &zero_ops },
		{ "full", 7, &full_ops },      { "random", 8, &random_ops },
		{ "urandom", 9, &random_ops },
	};
	int err = 0;

	for (u32 i = 0; i < ARRAY_SIZE(list) && err == 0; i++) {
		err = devfs_add(list[i].name, 0666, DEVICE(1, list[i].minor),
				list[i].ops);
	}
	return err;
}
