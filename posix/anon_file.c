/* SPDX-License-Identifier: MIT */
/*
 * What files have in common that are only a descriptor and an object.
 */
#include "posix/anon_file.h"

#include "lib/errno.h"
#include "posix/descriptors.h"
#include "posix/process.h"

int file_install(struct file *file, u32 flags)
{
	int fd = descriptors_add(process_current()->descriptors, file, 0,
				 process_limit(ABI_RLIMIT_NOFILE),
				 flags & FILE_CLOSE_ON_EXEC);

	if (fd < 0) {
		file_put(file);
	}
	return fd;
}

int anon_file_open(const struct file_ops *ops, void *data, u32 access,
		   u32 flags)
{
	struct file *file = data ? file_create(ops, access) : NULL;
	struct file lost = { .data = data };

	if (file == NULL) {
		if (data != NULL) {
			ops->close(&lost);
		}
		return -ENOMEM;
	}
	file->data = data;
	file->flags = flags & FILE_NONBLOCK;
	return file_install(file, flags);
}

int file_use_kind(u64 fd, const struct file_ops *ops, struct file_use *use)
{
	*use = file_use(fd, CAP_ANY);
	if (use->file == NULL) {
		return -EBADF;
	}
	if (use->file->ops != ops) {
		file_use_end(*use);
		return -EINVAL;
	}
	return 0;
}
