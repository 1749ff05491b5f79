/* SPDX-License-Identifier: MIT */
/*
 * Known paths: what is learned, and that nothing is found where it is no more.
 */
#include "fs/context.h"
#include "fs/file.h"
#include "fs/mount.h"
#include "fs/names.h"
#include "fs/path_cache.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "tests/holdings.h"
#include "tests/ktest.h"

struct scene {
	struct fs_context *context;
	struct holdings before;
};

static int mount_over(const char *path)
{
	struct vnode *where;
	int err = path_lookup(path, &where);

	if (err == 0) {
		err = fs_mount("tmpfs", "test", "mode=755", where, path, 0);
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

static bool scene_enter(struct scene *s)
{
	s->before = holdings_now(threads_settled());
	s->context = fs_context_create();
	return s->context != NULL && mount_over("/mnt") == 0;
}

static bool scene_leave(struct scene *s)
{
	int err = unmount("/mnt");
	struct holdings after;

	fs_context_put(s->context);
	after = holdings_now(s->before.threads);
	return err == 0 && after.kmem_bytes == s->before.kmem_bytes &&
	       after.free_frames == s->before.free_frames;
}

static int make(struct scene *s, const char *path, u32 mode, const char *target)
{
	struct place place = { s->context, NULL };
	struct vnode_make make = { .mode = mode };
	struct path p;
	int err = path_from_kernel(&p, path);

	if (target != NULL) {
		make.target = name_of(target, strlen(target));
	}
	err = err ? err : names_make(&p, place, &make);
	path_end(&p);
	return err;
}

static int remove_at(struct scene *s, const char *path, bool directory)
{
	struct place place = { s->context, NULL };
	struct path p;
	int err = path_from_kernel(&p, path);

	err = err ? err : names_remove(&p, place, directory);
	path_end(&p);
	return err;
}

static int move_to(struct scene *s, const char *from, const char *to)
{
	struct place place = { s->context, NULL };
	struct path p, q;
	int err = path_from_kernel(&p, from);

	err = path_from_kernel(&q, to) ?: err;
	err = err ? err : names_rename(&p, place, &q, place, false, false);
	path_end(&p);
	path_end(&q);
	return err;
}

/* The inode that the path leads to; an error, also if two walks disagree. */
static s64 walk(struct scene *s, const char *path)
{
	s64 ino[2];

	for (unsigned i = 0; i < 2; i++) {
		struct path p;
		int err = path_from_kernel(&p, path);

		err = err ? err : path_walk(&p, s->context, NULL, 0);
		ino[i] = err ? err : (s64)p.vnode->ino;
		path_end(&p);
	}
	return ino[0] == ino[1] ? ino[0] : -EIO;
}

static bool is_known(struct scene *s, const char *path)
{
	struct vnode *root = fs_context_root(s->context);
	struct vnode *v = path_known(root, path, (u32)strlen(path));
	bool known = v != NULL;

	vnode_put(root);
	vnode_put(v);
	return known;
}

KTEST(path_cache_forgets, "what is removed, moved or replaced is not found")
{
	struct scene s;
	s64 first;

	EXPECT(scene_enter(&s));
	EXPECT_EQ(make(&s, "/mnt/dir", MODE_DIRECTORY | 0755, NULL), 0);
	EXPECT_EQ(make(&s, "/mnt/dir/file", MODE_REGULAR | 0644, NULL), 0);
	EXPECT(!is_known(&s, "/mnt/dir/file"));
	first = walk(&s, "/mnt/dir/file");
	EXPECT(first > 0);
	EXPECT(is_known(&s, "/mnt/dir/file") && is_known(&s, "/mnt/dir"));

	EXPECT_EQ(remove_at(&s, "/mnt/dir/file", false), 0);
	EXPECT(!is_known(&s, "/mnt/dir/file") && is_known(&s, "/mnt/dir"));
	EXPECT_EQ(walk(&s, "/mnt/dir/file"), -ENOENT);
	EXPECT_EQ(make(&s, "/mnt/dir/file", MODE_REGULAR | 0644, NULL), 0);
	EXPECT(walk(&s, "/mnt/dir/file") > first);

	EXPECT_EQ(make(&s, "/mnt/new", MODE_REGULAR | 0644, NULL), 0);
	first = walk(&s, "/mnt/new");
	EXPECT_EQ(move_to(&s, "/mnt/new", "/mnt/dir/file"), 0);
	EXPECT_EQ(walk(&s, "/mnt/dir/file"), first);
	EXPECT_EQ(walk(&s, "/mnt/new"), -ENOENT);

	EXPECT_EQ(move_to(&s, "/mnt/dir", "/mnt/other"), 0);
	EXPECT_EQ(walk(&s, "/mnt/dir/file"), -ENOENT);
	EXPECT_EQ(walk(&s, "/mnt/other/file"), first);
	EXPECT_EQ(make(&s, "/mnt/dir", MODE_DIRECTORY | 0755, NULL), 0);
	EXPECT_EQ(walk(&s, "/mnt/dir/file"), -ENOENT);
	EXPECT(walk(&s, "/mnt/dir") > 0);
	EXPECT_EQ(remove_at(&s, "/mnt/dir", true), 0);
	EXPECT_EQ(walk(&s, "/mnt/dir"), -ENOENT);
	EXPECT(scene_leave(&s));
}

KTEST(path_cache_mounts, "what is mounted covers what was known")
{
	struct scene s;
	s64 below;

	EXPECT(scene_enter(&s));
	EXPECT_EQ(make(&s, "/mnt/dir", MODE_DIRECTORY | 0755, NULL), 0);
	EXPECT_EQ(make(&s, "/mnt/dir/file", MODE_REGULAR | 0644, NULL), 0);
	below = walk(&s, "/mnt/dir/file");
	EXPECT_EQ(mount_over("/mnt/dir"), 0);
	EXPECT_EQ(walk(&s, "/mnt/dir/file"), -ENOENT);
	EXPECT_EQ(make(&s, "/mnt/dir/file", MODE_REGULAR | 0644, NULL), 0);
	EXPECT(walk(&s, "/mnt/dir/file") != below);
	EXPECT_EQ(unmount("/mnt/dir"), 0);
	EXPECT_EQ(walk(&s, "/mnt/dir/file"), below);
	EXPECT(scene_leave(&s));
}

KTEST(path_cache_plain, "links, dots, closed and made-up ways are not kept")
{
	struct scene s;

	EXPECT(scene_enter(&s));
	EXPECT_EQ(make(&s, "/mnt/dir", MODE_DIRECTORY | 0755, NULL), 0);
	EXPECT_EQ(make(&s, "/mnt/dir/file", MODE_REGULAR | 0644, NULL), 0);
	EXPECT_EQ(make(&s, "/mnt/link", MODE_SYMLINK | 0777, "dir"), 0);
	EXPECT(walk(&s, "/mnt/link/file") > 0 && walk(&s, "/mnt/link") > 0);
	EXPECT(!is_known(&s, "/mnt/link/file") && !is_known(&s, "/mnt/link"));
	EXPECT(walk(&s, "/mnt/dir/../dir/file") > 0);
	EXPECT(!is_known(&s, "/mnt/dir/../dir/file"));
	EXPECT(!is_known(&s, "/mnt/dir/../dir"));
	EXPECT_EQ(make(&s, "/mnt/shut", MODE_DIRECTORY | 0750, NULL), 0);
	EXPECT_EQ(make(&s, "/mnt/shut/file", MODE_REGULAR | 0644, NULL), 0);
	EXPECT(walk(&s, "/mnt/shut/file") > 0);
	EXPECT(!is_known(&s, "/mnt/shut/file"));
	EXPECT(walk(&s, "/proc/uptime") > 0);
	EXPECT(!is_known(&s, "/proc/uptime"));
	/* A way through a file, and one that asks for a directory. */
	EXPECT(walk(&s, "/mnt/dir/file") > 0);
	EXPECT_EQ(walk(&s, "/mnt/dir/file/more"), -ENOTDIR);
	EXPECT_EQ(walk(&s, "/mnt/dir/file/"), -ENOTDIR);
	EXPECT(walk(&s, "/mnt/dir/") > 0);
	EXPECT_EQ(remove_at(&s, "/mnt/shut/file", false), 0);
	EXPECT_EQ(remove_at(&s, "/mnt/shut/", true), 0);
	EXPECT(scene_leave(&s));
}
