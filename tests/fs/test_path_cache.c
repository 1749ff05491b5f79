/* SPDX-License-Identifier: MIT */
/*
 * Known paths: what is learned, and that nothing is found where it is no more.
 */
#include "fs/names.h"
#include "lib/errno.h"
#include "tests/fs/scene.h"
#include "tests/ktest.h"

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

KTEST(path_cache_forgets, "what is removed, moved or replaced is not found")
{
	struct scene s;
	s64 first;

	EXPECT(scene_enter(&s));
	EXPECT_EQ(scene_make(&s, "/mnt/dir", MODE_DIRECTORY | 0755, NULL), 0);
	EXPECT_EQ(scene_make(&s, "/mnt/dir/file", MODE_REGULAR | 0644, NULL),
		  0);
	EXPECT(!scene_knows(&s, "/mnt/dir/file"));
	first = walk(&s, "/mnt/dir/file");
	EXPECT(first > 0);
	EXPECT(scene_knows(&s, "/mnt/dir/file") && scene_knows(&s, "/mnt/dir"));

	EXPECT_EQ(scene_remove(&s, "/mnt/dir/file", false), 0);
	EXPECT(!scene_knows(&s, "/mnt/dir/file") &&
	       scene_knows(&s, "/mnt/dir"));
	EXPECT_EQ(walk(&s, "/mnt/dir/file"), -ENOENT);
	EXPECT_EQ(scene_make(&s, "/mnt/dir/file", MODE_REGULAR | 0644, NULL),
		  0);
	EXPECT(walk(&s, "/mnt/dir/file") > first);

	EXPECT_EQ(scene_make(&s, "/mnt/new", MODE_REGULAR | 0644, NULL), 0);
	first = walk(&s, "/mnt/new");
	EXPECT_EQ(scene_move(&s, "/mnt/new", "/mnt/dir/file"), 0);
	EXPECT_EQ(walk(&s, "/mnt/dir/file"), first);
	EXPECT_EQ(walk(&s, "/mnt/new"), -ENOENT);

	EXPECT_EQ(scene_move(&s, "/mnt/dir", "/mnt/other"), 0);
	EXPECT_EQ(walk(&s, "/mnt/dir/file"), -ENOENT);
	EXPECT_EQ(walk(&s, "/mnt/other/file"), first);
	EXPECT_EQ(scene_make(&s, "/mnt/dir", MODE_DIRECTORY | 0755, NULL), 0);
	EXPECT_EQ(walk(&s, "/mnt/dir/file"), -ENOENT);
	EXPECT(walk(&s, "/mnt/dir") > 0);
	EXPECT_EQ(scene_remove(&s, "/mnt/dir", true), 0);
	EXPECT_EQ(walk(&s, "/mnt/dir"), -ENOENT);
	EXPECT(scene_leave(&s));
}

KTEST(path_cache_mounts, "what is mounted covers what was known")
{
	struct scene s;
	s64 below;

	EXPECT(scene_enter(&s));
	EXPECT_EQ(scene_make(&s, "/mnt/dir", MODE_DIRECTORY | 0755, NULL), 0);
	EXPECT_EQ(scene_make(&s, "/mnt/dir/file", MODE_REGULAR | 0644, NULL),
		  0);
	below = walk(&s, "/mnt/dir/file");
	EXPECT_EQ(scene_mount("/mnt/dir"), 0);
	EXPECT_EQ(walk(&s, "/mnt/dir/file"), -ENOENT);
	EXPECT_EQ(scene_make(&s, "/mnt/dir/file", MODE_REGULAR | 0644, NULL),
		  0);
	EXPECT(walk(&s, "/mnt/dir/file") != below);
	EXPECT_EQ(scene_unmount("/mnt/dir"), 0);
	EXPECT_EQ(walk(&s, "/mnt/dir/file"), below);
	EXPECT(scene_leave(&s));
}

KTEST(path_cache_plain, "links, dots, closed and made-up ways are not kept")
{
	struct scene s;

	EXPECT(scene_enter(&s));
	EXPECT_EQ(scene_make(&s, "/mnt/dir", MODE_DIRECTORY | 0755, NULL), 0);
	EXPECT_EQ(scene_make(&s, "/mnt/dir/file", MODE_REGULAR | 0644, NULL),
		  0);
	EXPECT_EQ(scene_make(&s, "/mnt/link", MODE_SYMLINK | 0777, "dir"), 0);
	EXPECT(walk(&s, "/mnt/link/file") > 0 && walk(&s, "/mnt/link") > 0);
	EXPECT(!scene_knows(&s, "/mnt/link/file") &&
	       !scene_knows(&s, "/mnt/link"));
	EXPECT(walk(&s, "/mnt/dir/../dir/file") > 0);
	EXPECT(!scene_knows(&s, "/mnt/dir/../dir/file"));
	EXPECT(!scene_knows(&s, "/mnt/dir/../dir"));
	EXPECT_EQ(scene_make(&s, "/mnt/shut", MODE_DIRECTORY | 0750, NULL), 0);
	EXPECT_EQ(scene_make(&s, "/mnt/shut/file", MODE_REGULAR | 0644, NULL),
		  0);
	EXPECT(walk(&s, "/mnt/shut/file") > 0);
	EXPECT(!scene_knows(&s, "/mnt/shut/file"));
	EXPECT(walk(&s, "/proc/uptime") > 0);
	EXPECT(!scene_knows(&s, "/proc/uptime"));
	/* A way through a file, and one that asks for a directory. */
	EXPECT(walk(&s, "/mnt/dir/file") > 0);
	EXPECT_EQ(walk(&s, "/mnt/dir/file/more"), -ENOTDIR);
	EXPECT_EQ(walk(&s, "/mnt/dir/file/"), -ENOTDIR);
	EXPECT(walk(&s, "/mnt/dir/") > 0);
	EXPECT_EQ(scene_remove(&s, "/mnt/shut/file", false), 0);
	EXPECT_EQ(scene_remove(&s, "/mnt/shut/", true), 0);
	EXPECT(scene_leave(&s));
}
