/* SPDX-License-Identifier: MIT */
/*
 * /dev, and what else is mounted as devtmpfs.
 */
#include "fs/file.h"
#include "fs/mount.h"
#include "fs/path.h"
#include "lib/errno.h"
#include "tests/holdings.h"
#include "tests/ktest.h"

static int mount_devices(const char *path)
{
	struct vnode *where;
	int err = path_lookup(path, &where);

	if (err == 0) {
		err = fs_mount("devtmpfs", "test", "", where, path, 0);
		vnode_put(where);
	}
	return err;
}

static int unmount(const char *path)
{
	struct vnode *root;
	int err = path_lookup(path, &root);

	if (err == 0) {
		err = fs_unmount(root, false);
		vnode_put(root);
	}
	return err;
}

static bool same_device(const char *one, const char *two)
{
	struct vnode *a = NULL, *b = NULL;
	bool same = path_lookup(one, &a) == 0 && path_lookup(two, &b) == 0 &&
		    a->rdev == b->rdev && a->mode == b->mode && a != b;

	vnode_put(a);
	vnode_put(b);
	return same;
}

KTEST(devtmpfs_elsewhere, "devtmpfs mounted elsewhere has the devices, too")
{
	struct holdings before = holdings_now(threads_settled()), after;

	EXPECT_EQ(mount_devices("/mnt"), 0);
	EXPECT(same_device("/dev/null", "/mnt/null"));
	EXPECT(same_device("/dev/console", "/mnt/console"));
	EXPECT_EQ(unmount("/mnt"), 0);
	after = holdings_now(before.threads);
	EXPECT_EQ(after.kmem_bytes, before.kmem_bytes);
	EXPECT_EQ(after.free_frames, before.free_frames);
}

KTEST(devtmpfs_over_itself, "nothing hides the devices of /dev by mistake")
{
	EXPECT_EQ(mount_devices("/dev"), -EBUSY);
}

KTEST(dev_shm, "everybody may make shared memory")
{
	struct vnode *shm = NULL;

	EXPECT_EQ(path_lookup("/dev/shm", &shm), 0);
	if (shm != NULL) {
		EXPECT_EQ(shm->mode, MODE_DIRECTORY | MODE_STICKY | 0777);
	}
	vnode_put(shm);
}
