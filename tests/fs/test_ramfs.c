/* SPDX-License-Identifier: MIT */
/*
 * Files in memory, as the kernel holds them: what they take is given back, the
 * limit holds, and what is mapped stays.
 */
#include "arch/user.h"
#include "fs/context.h"
#include "fs/file.h"
#include "fs/mount.h"
#include "fs/names.h"
#include "lib/errno.h"
#include "lib/format.h"
#include "lib/string.h"
#include "mm/frame.h"
#include "mm/object.h"
#include "tests/holdings.h"
#include "tests/ktest.h"
#include "tests/user_space.h"

#define BASE       0x40000000ul
#define BASE_BYTES (16 * PAGE_SIZE)
#define NAMES      300

/* A file system of its own over /mnt, and user memory. */
struct scene {
	struct aspace *space;
	struct fs_context *context;
	struct holdings before;
};

static bool scene_enter(struct scene *s, const char *options)
{
	struct vnode *where;

	s->before = holdings_now(threads_settled());
	s->space = user_space_enter();
	s->context = fs_context_create();
	if (s->space == NULL || s->context == NULL ||
	    user_space_map(s->space, BASE, BASE_BYTES,
			   REGION_READ | REGION_WRITE) != 0 ||
	    path_lookup("/mnt", &where) != 0) {
		return false;
	}
	if (fs_mount("tmpfs", "test", options, where, "/mnt", 0) != 0) {
		vnode_put(where);
		return false;
	}
	vnode_put(where);
	return true;
}

/* True if everything was given back. */
static bool scene_leave(struct scene *s, bool lazy)
{
	struct vnode *root;
	struct holdings after;
	int err = path_lookup("/mnt", &root);

	if (err == 0) {
		err = fs_unmount(root, lazy);
		vnode_put(root);
	}
	fs_context_put(s->context);
	user_space_leave(s->space);
	after = holdings_now(s->before.threads);
	return err == 0 && after.kmem_bytes == s->before.kmem_bytes &&
	       after.free_frames == s->before.free_frames;
}

static int open_at(struct scene *s, const char *path, u32 flags,
		   struct file **out)
{
	struct place place = { s->context, fs_root() };
	struct path p;
	int err = path_from_kernel(&p, path);

	err = err ? err : names_open(&p, place, flags, 0644, out);
	path_end(&p);
	return err;
}

static int remove_at(struct scene *s, const char *path)
{
	struct place place = { s->context, fs_root() };
	struct path p;
	int err = path_from_kernel(&p, path);

	err = err ? err : names_remove(&p, place, false);
	path_end(&p);
	return err;
}

KTEST(ramfs_gives_back, "files that are removed or unmounted hold nothing")
{
	struct scene s;
	struct file *file;
	char path[32];

	EXPECT(scene_enter(&s, ""));
	for (unsigned i = 0; i < NAMES; i++) {
		u64 at = i * 7 * PAGE_SIZE + i;

		format(path, sizeof(path), "/mnt/%u", i);
		EXPECT_EQ(open_at(&s, path, FILE_CREATE | 2, &file), 0);
		EXPECT_EQ(file_write(file, uaddr(BASE), 3 * PAGE_SIZE, &at),
			  3 * PAGE_SIZE);
		file_put(file);
		if (i % 3 == 0) {
			EXPECT_EQ(remove_at(&s, path), 0);
		}
	}
	EXPECT(scene_leave(&s, false));
}

/* Names of 16 bytes and one hash: the second half makes up for the first. */
static struct name twin(unsigned i, char text[2 * sizeof(u64) + 1])
{
	u64 wanted = name_of("name0000", sizeof(u64)).hash ^ 1;
	u64 rest;

	format(text, sizeof(u64) + 1, "name%u", 1000 + i);
	rest = name_of(text, sizeof(u64)).hash ^ wanted;
	memcpy(text + sizeof(u64), &rest, sizeof(rest));
	return name_of(text, 2 * sizeof(u64));
}

struct counting_sink {
	struct dir_sink sink;
	unsigned count;
	u64 cookie;
	bool rising;
};

static bool entry_count(struct dir_sink *sink, struct name name, u64 ino,
			u32 mode, u64 next_cookie)
{
	struct counting_sink *c =
		container_of(sink, struct counting_sink, sink);

	(void)name;
	(void)ino;
	(void)mode;
	c->count++;
	c->rising = c->rising && next_cookie > c->cookie;
	c->cookie = next_cookie;
	return true;
}

KTEST(ramfs_twins, "names of one hash are told from each other")
{
	struct vnode_make make = { .mode = MODE_REGULAR | 0600 };
	struct counting_sink c = { .sink.entry = entry_count, .rising = true };
	char text[2 * sizeof(u64) + 1];
	struct vnode *dir, *v;
	struct scene s;
	u64 cookie = 0;

	EXPECT(scene_enter(&s, ""));
	EXPECT_EQ(path_lookup("/mnt", &dir), 0);
	EXPECT_EQ(twin(0, text).hash, twin(1, text).hash);
	for (unsigned i = 0; i < NAMES; i++) {
		make.rdev = i;
		EXPECT_EQ(dir->ops->create(dir, twin(i, text), &make, &v), 0);
		vnode_put(v);
		EXPECT_EQ(dir->ops->create(dir, twin(i / 2, text), &make, &v),
			  -EEXIST);
	}
	EXPECT_EQ(dir->ops->list(dir, &cookie, &c.sink), 0);
	EXPECT_EQ(c.count, NAMES);
	EXPECT(c.rising);
	for (unsigned i = 0; i < NAMES; i++) {
		EXPECT_EQ(dir->ops->lookup(dir, twin(i, text), &v), 0);
		EXPECT_EQ(v->rdev, i);
		EXPECT_EQ(vnode_unname(dir, twin(i, text), v), 0);
		vnode_put(v);
		EXPECT_EQ(dir->ops->lookup(dir, twin(i, text), &v), -ENOENT);
	}
	vnode_put(dir);
	EXPECT(scene_leave(&s, false));
}

KTEST(ramfs_names, "a path leads to names of every length")
{
	char path[NAME_BYTES_MAX + 8] = "/mnt/";
	struct file *file;
	struct vnode *v;
	struct scene s;

	EXPECT(scene_enter(&s, ""));
	for (unsigned len = 1; len <= NAME_BYTES_MAX; len++) {
		path[4 + len] = (char)('a' + len % 26);
		path[5 + len] = '\0';
		EXPECT_EQ(open_at(&s, path, FILE_CREATE | 2, &file), 0);
		EXPECT_EQ(path_lookup(path, &v), 0);
		EXPECT(v == file->vnode);
		vnode_put(v);
		file_put(file);
	}
	EXPECT_EQ(path_lookup("//mnt///a", &v), -ENOENT);
	EXPECT_EQ(path_lookup("//mnt/./../mnt///b", &v), 0);
	vnode_put(v);
	EXPECT_EQ(path_lookup("/mnt/b/", &v), -ENOTDIR);
	EXPECT(scene_leave(&s, false));
}

KTEST(ramfs_busy, "what is open is not unmounted, or lives on without a name")
{
	struct scene s;
	struct holdings after;
	struct vnode *root;
	struct file *file;
	u64 at = 0;

	EXPECT(scene_enter(&s, ""));
	EXPECT_EQ(open_at(&s, "/mnt/open", FILE_CREATE | 2, &file), 0);
	EXPECT_EQ(path_lookup("/mnt", &root), 0);
	EXPECT_EQ(fs_unmount(root, false), -EBUSY);
	EXPECT_EQ(fs_unmount(root, true), 0);
	EXPECT_EQ(fs_unmount(root, true), -EINVAL);
	vnode_put(root);
	EXPECT_EQ(file_write(file, uaddr(BASE), PAGE_SIZE, &at), PAGE_SIZE);
	EXPECT_EQ(file->vnode->nlink, 0);
	file_put(file);
	fs_context_put(s.context);
	user_space_leave(s.space);
	after = holdings_now(s.before.threads);
	EXPECT_EQ(after.kmem_bytes, s.before.kmem_bytes);
	EXPECT_EQ(after.free_frames, s.before.free_frames);
}

KTEST(ramfs_abandoned, "what was unmounted below somebody takes no new names")
{
	struct vnode_make make = { .mode = MODE_REGULAR | 0644 };
	struct scene s;
	struct holdings after;
	struct vnode *root, *v;

	EXPECT(scene_enter(&s, ""));
	EXPECT_EQ(path_lookup("/mnt", &root), 0);
	EXPECT_EQ(fs_unmount(root, true), 0);
	EXPECT_EQ(root->ops->create(root, name_of("late", 4), &make, &v),
		  -ENOENT);
	vnode_put(root);
	fs_context_put(s.context);
	user_space_leave(s.space);
	after = holdings_now(s.before.threads);
	EXPECT_EQ(after.kmem_bytes, s.before.kmem_bytes);
}

KTEST(ramfs_torn_write, "what a write left behind the end is never seen")
{
	struct scene s;
	struct file *file;
	u64 at = 10;
	u8 bytes[200];

	EXPECT(scene_enter(&s, ""));
	EXPECT_EQ(open_at(&s, "/mnt/torn", FILE_CREATE | 2, &file), 0);
	memset(bytes, 'x', sizeof(bytes));
	EXPECT_EQ(copy_to_user(uaddr(BASE + BASE_BYTES - 50), bytes, 50), 0);
	EXPECT_EQ(file_write(file, uaddr(BASE + BASE_BYTES - 50), 100, &at),
		  -EFAULT);
	EXPECT_EQ(file->vnode->ops->truncate(file->vnode, sizeof(bytes)), 0);
	EXPECT_EQ(file->vnode->ops->read(file->vnode, bytes, sizeof(bytes), 0),
		  sizeof(bytes));
	for (unsigned i = 0; i < sizeof(bytes); i++) {
		EXPECT_EQ(bytes[i], 0);
	}
	file_put(file);
	EXPECT(scene_leave(&s, false));
}

KTEST(ramfs_limit, "a full file system says so and can be emptied")
{
	struct scene s;
	struct file *file;
	u64 at = 0;

	EXPECT(scene_enter(&s, "size=64K"));
	EXPECT_EQ(open_at(&s, "/mnt/big", FILE_CREATE | 2, &file), 0);
	EXPECT_EQ(file_write(file, uaddr(BASE), BASE_BYTES, &at), BASE_BYTES);
	at = BASE_BYTES;
	EXPECT_EQ(file_write(file, uaddr(BASE), 1, &at), -ENOSPC);
	EXPECT_EQ(file->vnode->ops->truncate(file->vnode, PAGE_SIZE + 1), 0);
	at = BASE_BYTES - PAGE_SIZE;
	EXPECT_EQ(file_write(file, uaddr(BASE), PAGE_SIZE, &at), PAGE_SIZE);
	file_put(file);
	EXPECT(scene_leave(&s, false));
}

KTEST(ramfs_object, "a mapped page is the file's, also when that is cut")
{
	struct scene s;
	struct mem_object *object;
	struct file *file;
	phys_t frame, again;
	u64 at = 0;
	u32 flags = 0;
	char byte = 0;

	EXPECT(scene_enter(&s, ""));
	EXPECT_EQ(open_at(&s, "/mnt/mapped", FILE_CREATE | 2, &file), 0);
	EXPECT_EQ(clear_user(uaddr(BASE), 2 * PAGE_SIZE), 0);
	EXPECT_EQ(file_write(file, uaddr(BASE), PAGE_SIZE + 5, &at),
		  PAGE_SIZE + 5);
	EXPECT_EQ(file->ops->object(file, &flags, &object), 0);
	EXPECT_EQ(object->ops->page(object, 1, OBJECT_SHARED, &frame), 0);
	EXPECT_EQ(object->ops->page(object, 2, OBJECT_SHARED, &again), -ENXIO);
	memset(phys_to_virt(frame), 'm', PAGE_SIZE);
	EXPECT_EQ(file->vnode->ops->read(file->vnode, &byte, 1, PAGE_SIZE + 4),
		  1);
	EXPECT_EQ(byte, 'm');
	EXPECT_EQ(file->vnode->ops->truncate(file->vnode, 0), 0);
	EXPECT_EQ(*(char *)phys_to_virt(frame), 'm');
	EXPECT_EQ(object->ops->page(object, 1, OBJECT_SHARED, &again), -ENXIO);
	frame_put(frame);
	mem_object_put(object);
	file_put(file);
	EXPECT(scene_leave(&s, false));
}

KTEST(ramfs_out_of_memory, "a write that finds no memory leaves what was")
{
	struct scene s;
	struct file *file;
	u64 at = 0, written = 0;

	EXPECT(scene_enter(&s, ""));
	EXPECT_EQ(open_at(&s, "/mnt/file", FILE_CREATE | 2, &file), 0);
	EXPECT_EQ(clear_user(uaddr(BASE), BASE_BYTES), 0);
	for (u64 n = 0; n < 12; n++) {
		long got;

		at = 100 * n * PAGE_SIZE;
		frame_drain();
		frame_fail_after(n);
		got = file_write(file, uaddr(BASE), 8 * PAGE_SIZE, &at);
		frame_fail_after(FRAME_FAIL_NEVER);
		EXPECT(got == -ENOMEM || got > 0);
		written += got > 0;
	}
	EXPECT(written > 0);
	file_put(file);
	EXPECT(scene_leave(&s, false));
}
