/* SPDX-License-Identifier: MIT */
/*
 * Unpacking the boot archive without copying a byte: names, links' targets and
 * files' contents stay where they lie.
 */
#include "fs/initramfs.h"

#include "fs/cpio.h"
#include "fs/file.h"
#include "fs/mount.h"
#include "fs/path_cache.h"
#include "fs/ramfs.h"
#include "fs/socket.h"
#include "kernel/log.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/kmem.h"

#define NS_PER_S 1000000000l

/* A file with several names, of which one was seen. */
struct hard_link {
	struct hard_link *next;
	struct cpio_entry entry;
	struct vnode *vnode;
};

struct unpacking {
	const void *archive;
	size_t len_bytes;
	struct hard_link *links;
};

int initramfs_mount(void)
{
	int err;

	file_init();
	ramfs_init();
	err = fs_mount("rootfs", "rootfs", "", NULL, "/", 0);
	return err ? err : socket_init();
}

/* The directory `name` in `*dir`, made if it is missing. */
static int enter(struct vnode **dir, struct name name)
{
	struct vnode_make make = { .mode = MODE_DIRECTORY | 0755 };
	struct vnode *next;
	int err = (*dir)->ops->lookup(*dir, name, &next);

	if (err == -ENOENT) {
		err = ramfs_create_static(*dir, name, &make,
					  (struct ramfs_bytes){ NULL, 0 },
					  &next);
	}
	if (err == 0) {
		vnode_put(*dir);
		*dir = next;
		err = vnode_is(next, MODE_DIRECTORY) ? 0 : -ENOTDIR;
	}
	return err;
}

/* Neither empty nor too long, nor "." or "..". */
static bool name_usable(struct name name)
{
	bool dots = name.text[0] == '.' &&
		    (name.len == 1 || (name.len == 2 && name.text[1] == '.'));

	return name.len > 0 && name.len <= NAME_BYTES_MAX && !dots;
}

/* The directory of a path, with a reference, and the last name. */
static int parent_of(const char *path, struct vnode **dir, struct name *last)
{
	int err = 0;

	*dir = fs_root();
	while (err == 0) {
		const char *end = strchr(path, '/');
		size_t len = end ? (size_t)(end - path) : strlen(path);
		struct name name = name_of(path, len);

		if (!name_usable(name)) {
			err = -EINVAL;
			break;
		}
		if (end == NULL) {
			*last = name;
			break;
		}
		err = enter(dir, name);
		path = end + 1;
	}
	if (err) {
		vnode_put(*dir);
	}
	return err;
}

static void attributes_set(struct vnode *v, const struct cpio_entry *e)
{
	v->mode = (v->mode & MODE_TYPE) | (e->mode & MODE_PERMISSIONS);
	v->uid = e->uid;
	v->gid = e->gid;
	v->mtime_ns = v->atime_ns = v->ctime_ns = (s64)e->mtime * NS_PER_S;
}

/* A name that is there already gives way, unless both are directories. */
static int replace(struct vnode *dir, struct name name,
		   const struct cpio_entry *e)
{
	struct vnode *old;
	int err = dir->ops->lookup(dir, name, &old);

	if (err) {
		return 0;
	}
	if (vnode_is(old, MODE_DIRECTORY) &&
	    (e->mode & MODE_TYPE) == MODE_DIRECTORY) {
		attributes_set(old, e);
		path_forget(true);
		err = -EEXIST;
	} else {
		err = vnode_unname(dir, name, old);
	}
	vnode_put(old);
	return err;
}

static struct hard_link *link_find(const struct unpacking *u,
				   const struct cpio_entry *e)
{
	struct hard_link *link = u->links;

	while (link != NULL && !cpio_same_file(&link->entry, e)) {
		link = link->next;
	}
	return link;
}

/* Remembers a file that will get more names; without memory it gets none. */
static void link_note(struct unpacking *u, const struct cpio_entry *e,
		      struct vnode *v)
{
	struct hard_link *link = kmalloc(sizeof(*link));

	if (link != NULL) {
		*link = (struct hard_link){ u->links, *e, vnode_get(v) };
		u->links = link;
	}
}

static int entry_make(struct unpacking *u, struct vnode *dir, struct name name,
		      struct cpio_entry *e)
{
	struct vnode_make make = {
		.mode = e->mode & (MODE_TYPE | MODE_PERMISSIONS),
		.rdev = (u64)e->rdev_major << 8 | e->rdev_minor,
		.target = { (const char *)e->data, e->size_bytes, 0 },
	};
	bool several = e->nlink > 1 && (e->mode & MODE_TYPE) == MODE_REGULAR;
	struct hard_link *link = several ? link_find(u, e) : NULL;
	struct vnode *v;
	int err;

	if (link != NULL) {
		return dir->ops->link(dir, name, link->vnode);
	}
	err = cpio_resolve_link(u->archive, u->len_bytes, e);
	err = err ? err
		  : ramfs_create_static(
			    dir, name, &make,
			    (struct ramfs_bytes){ e->data, e->size_bytes }, &v);
	if (err) {
		return err;
	}
	attributes_set(v, e);
	if (several) {
		link_note(u, e, v);
	}
	vnode_put(v);
	return 0;
}

static int entry_unpack(struct unpacking *u, struct cpio_entry *e)
{
	const char *path = cpio_path(e->name);
	struct vnode *dir;
	struct name name;
	int err;

	if (path[0] == '\0') {
		dir = fs_root();
		attributes_set(dir, e);
		vnode_put(dir);
		return 0;
	}
	err = parent_of(path, &dir, &name);
	if (err) {
		return err;
	}
	err = replace(dir, name, e);
	err = err ? err : entry_make(u, dir, name, e);
	vnode_put(dir);
	return err == -EEXIST ? 0 : err;
}

static void links_forget(struct unpacking *u)
{
	while (u->links != NULL) {
		struct hard_link *link = u->links;

		u->links = link->next;
		vnode_put(link->vnode);
		kfree(link);
	}
}

int initramfs_unpack(const void *archive, size_t len_bytes)
{
	struct unpacking u = { archive, len_bytes, NULL };
	struct cpio_entry entry;
	struct cpio it;
	unsigned count = 0;
	int more;

	cpio_open(&it, archive, len_bytes);
	while ((more = cpio_next(&it, &entry)) > 0) {
		int err = entry_unpack(&u, &entry);

		count++;
		if (err) {
			log_warn("archive: %s left out: %s", entry.name,
				 errno_name(err));
		}
	}
	links_forget(&u);
	if (more < 0) {
		log_error("archive: damaged after %u entries, at byte %zu: %s",
			  count, it.at, it.why);
		return more;
	}
	log_info("archive: %u entries in %zu KB", count, len_bytes / 1024);
	return 0;
}
