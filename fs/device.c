/* SPDX-License-Identifier: MIT */
/*
 * The registry of character devices, and /dev: a file system in memory whose
 * first files are the registered devices.
 */
#include "fs/device.h"

#include "arch/user.h"
#include "fs/mem_devices.h"
#include "fs/mount.h"
#include "fs/path.h"
#include "fs/pipe.h"
#include "lib/errno.h"
#include "lib/string.h"

#define DEVICES_MAX 32

/* Written by the boot alone. */
static struct {
	u32 count;
	struct {
		u64 rdev;
		bool all_minors;
		const struct file_ops *ops;
	} entries[DEVICES_MAX];
	struct vnode *root; /* of /dev */
} devices;

static const struct file_ops *device_find(u64 rdev)
{
	for (u32 i = 0; i < devices.count; i++) {
		u64 differs = devices.entries[i].rdev ^ rdev;

		if (differs == 0 ||
		    (devices.entries[i].all_minors && differs >> 8 == 0)) {
			return devices.entries[i].ops;
		}
	}
	return NULL;
}

int device_open(struct vnode *v, struct file *file)
{
	const struct file_ops *ops;

	if (vnode_is(v, MODE_FIFO)) {
		return fifo_open(v, file);
	}
	if (!vnode_is(v, MODE_CHARACTER)) {
		return -ENXIO;
	}
	ops = READ_ONCE(v->special);
	if (ops == NULL) {
		ops = device_find(v->rdev);
		WRITE_ONCE(v->special, (void *)ops);
	}
	if (ops == NULL) {
		return -ENXIO;
	}
	file->ops = ops;
	return ops->open ? ops->open(file) : 0;
}

static int node_add(const char *name, const struct vnode_make *make)
{
	struct vnode *v;
	int err = devices.root->ops->create(
		devices.root, name_of(name, strlen(name)), make, &v);

	if (err == 0) {
		vnode_put(v);
	}
	return err;
}

int devfs_add(const char *name, u32 permissions, u64 rdev,
	      const struct file_ops *ops)
{
	struct vnode_make make = { .mode = MODE_CHARACTER | permissions,
				   .rdev = rdev };

	if (devices.count == DEVICES_MAX) {
		return -ENOMEM;
	}
	if (device_find(rdev) == NULL) {
		devices.entries[devices.count].rdev = rdev;
		devices.entries[devices.count++].ops = ops;
	}
	return name[0] != '\0' ? node_add(name, &make) : 0;
}

int device_add_major(u64 rdev, const struct file_ops *ops)
{
	int err = devfs_add("", 0, rdev, ops);

	if (err == 0) {
		devices.entries[devices.count - 1].all_minors = true;
	}
	return err;
}

int devfs_add_directory(const char *name, u32 permissions, struct vnode **out)
{
	struct vnode_make make = { .mode = MODE_DIRECTORY | permissions };

	return devices.root->ops->create(
		devices.root, name_of(name, strlen(name)), &make, out);
}

static int link_add(const char *name, const char *target)
{
	struct vnode_make make = {
		.mode = MODE_SYMLINK | 0777,
		.target = name_of(target, strlen(target)),
	};

	return node_add(name, &make);
}

static int dev_mount(void)
{
	struct vnode_make make = { .mode = MODE_DIRECTORY | 0755 };
	struct vnode *root = fs_root(), *dir;
	int err = root->ops->create(root, name_of("dev", 3), &make, &dir);

	if (err == -EEXIST) {
		err = path_lookup("/dev", &dir);
	}
	vnode_put(root);
	if (err == 0) {
		err = fs_mount("devtmpfs", "dev", "", dir, "/dev", 0);
		vnode_put(dir);
	}
	return err ? err : path_lookup("/dev", &devices.root);
}

/* The next name of a directory: two are not locked at once. */
struct next_name {
	struct dir_sink sink;
	u32 len; /* 0: none yet */
	char text[NAME_BYTES_MAX];
};

static bool next_name_take(struct dir_sink *sink, struct name name,
			   u64 unused_ino, u32 unused_mode, u64 unused_cookie)
{
	struct next_name *next = container_of(sink, struct next_name, sink);

	(void)unused_ino, (void)unused_mode, (void)unused_cookie;
	if (next->len > 0) {
		return false;
	}
	next->len = name.len;
	memcpy(next->text, name.text, name.len);
	return true;
}

/* A device or a link of /dev gets the same name there. */
static int name_copy(struct vnode *to, struct name name)
{
	struct vnode_make make = { 0 };
	char target[64]; /* longer ones are users' own, and stay here */
	long len = 0;
	struct vnode *from, *made;
	int err = devices.root->ops->lookup(devices.root, name, &from);

	if (err) {
		return 0; /* it is gone */
	}
	make.mode = from->mode;
	make.rdev = from->rdev;
	if (vnode_is(from, MODE_SYMLINK)) {
		len = from->ops->readlink(from, target, sizeof(target));
		make.target = name_of(target, (size_t)MAX(len, 0l));
	}
	if ((len > 0 && len < (long)sizeof(target)) ||
	    vnode_is(from, MODE_CHARACTER)) {
		err = to->ops->create(to, name, &make, &made);
		if (err == 0) {
			vnode_put(made);
		}
	}
	vnode_put(from);
	return err;
}

int devfs_fill(struct vnode *root)
{
	struct vnode *dev = devices.root;
	struct next_name next = { .sink.entry = next_name_take };
	u64 cookie = 0;
	int err = 0;

	while (dev != NULL && err == 0) {
		next.len = 0;
		err = dev->ops->list(dev, &cookie, &next.sink);
		if (next.len == 0) {
			break;
		}
		err = err ? err : name_copy(root, name_of(next.text, next.len));
	}
	return err;
}

int devfs_init(void)
{
	struct vnode *shm;
	int err = dev_mount();

	/* Where shm_open(3) and sem_open(3) make their files. */
	err = err ? err : devfs_add_directory("shm", MODE_STICKY | 0777, &shm);
	if (err == 0) {
		vnode_put(shm);
	}

	err = err ? err : link_add("fd", "/proc/self/fd");
	err = err ? err : link_add("stdin", "/proc/self/fd/0");
	err = err ? err : link_add("stdout", "/proc/self/fd/1");
	err = err ? err : link_add("stderr", "/proc/self/fd/2");
	return err ? err : mem_devices_add();
}
