/* SPDX-License-Identifier: MIT */
/*
 * The scene of tests of names.
 */
#include "tests/fs/scene.h"

#include "fs/mount.h"
#include "fs/names.h"
#include "fs/path_cache.h"
#include "lib/string.h"

int scene_mount(const char *path)
{
	struct vnode *where;
	int err = path_lookup(path, &where);

	if (err == 0) {
		err = fs_mount("tmpfs", "test", "mode=755", where, path, 0);
		vnode_put(where);
	}
	return err;
}

int scene_unmount(const char *path)
{
	struct vnode *root;
	int err = path_lookup(path, &root);

	if (err == 0) {
		err = fs_unmount(root, false);
		vnode_put(root);
	}
	return err;
}

bool scene_enter(struct scene *s)
{
	s->before = holdings_now(threads_settled());
	s->context = fs_context_create();
	return s->context != NULL && scene_mount("/mnt") == 0;
}

bool scene_leave(struct scene *s)
{
	int err = scene_unmount("/mnt");
	struct holdings after;

	fs_context_put(s->context);
	after = holdings_now(s->before.threads);
	return err == 0 && after.kmem_bytes == s->before.kmem_bytes &&
	       after.free_frames == s->before.free_frames;
}

s64 scene_make_numbered(struct scene *s, const char *path, u32 mode,
			const char *target)
{
	struct place place = { s->context, NULL };
	struct vnode_make make = { .mode = mode };
	struct path p;
	int err = path_from_kernel(&p, path);
	s64 ino;

	if (target != NULL) {
		make.target = name_of(target, strlen(target));
	}
	err = err ? err : names_make(&p, place, &make);
	ino = err ? err : (s64)p.vnode->ino;
	path_end(&p);
	return ino;
}

int scene_make(struct scene *s, const char *path, u32 mode, const char *target)
{
	return (int)MIN(scene_make_numbered(s, path, mode, target), 0);
}

int scene_remove(struct scene *s, const char *path, bool directory)
{
	struct place place = { s->context, NULL };
	struct path p;
	int err = path_from_kernel(&p, path);

	err = err ? err : names_remove(&p, place, directory);
	path_end(&p);
	return err;
}

int scene_move(struct scene *s, const char *from, const char *to)
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

bool scene_knows(struct scene *s, const char *path)
{
	struct vnode *root = fs_context_root(s->context);
	struct vnode *v = path_known(root, path, (u32)strlen(path));
	bool known = v != NULL;

	vnode_put(root);
	vnode_put(v);
	return known;
}
