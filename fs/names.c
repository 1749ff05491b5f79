/* SPDX-License-Identifier: MIT */
/*
 * Opening, making, removing and moving names.
 *
 * Rights are checked here, and the file system then looks the name up again
 * under its own lock: remove() answers -EAGAIN if the name has become another
 * file's, and everything is checked anew.
 */
#include "fs/names.h"

#include "fs/mount.h"
#include "lib/errno.h"

/* Errors of a walk that was to end at a free name. */
static int free_name(const struct path *p)
{
	if (p->vnode != NULL) {
		return -EEXIST;
	}
	return vnode_access(p->dir, p->cred, ACCESS_WRITE | ACCESS_EXEC);
}

/* Fills in whom the new vnode belongs to. */
static void make_own(struct vnode_make *make, const struct vnode *dir,
		     struct cred cred, struct place place)
{
	if (!vnode_is((&(struct vnode){ .mode = make->mode }), MODE_SYMLINK)) {
		make->mode &= ~READ_ONCE(place.context->umask);
	}
	make->uid = cred.uid;
	make->gid = cred.gid;
	if (dir->mode & MODE_SET_GID) {
		make->gid = dir->gid;
		if ((make->mode & MODE_TYPE) == MODE_DIRECTORY) {
			make->mode |= MODE_SET_GID;
		}
	}
}

static int make_at(struct path *p, struct place place, struct vnode_make *make,
		   struct vnode **out)
{
	int err = free_name(p);

	if (err == 0 && p->slash &&
	    (make->mode & MODE_TYPE) != MODE_DIRECTORY) {
		err = -ENOENT;
	}
	if (err == 0 && p->dir->ops->create == NULL) {
		err = -EPERM;
	}
	if (err) {
		return err;
	}
	make_own(make, p->dir, p->cred, place);
	return p->dir->ops->create(p->dir, p->last, make, out);
}

int names_make(struct path *p, struct place place, struct vnode_make *make)
{
	int err = path_walk(p, place.context, place.start,
			    PATH_MISSING | PATH_NO_FOLLOW);

	err = err == -ENOTDIR && p->vnode != NULL && p->slash && p->dir != NULL
		      ? -EEXIST
		      : err;
	return err ? err : make_at(p, place, make, &p->vnode);
}

/* What the access mode of open(2) wants. */
static unsigned wanted_of(u32 flags)
{
	static const u8 wanted[4] = { ACCESS_READ, ACCESS_WRITE,
				      ACCESS_READ | ACCESS_WRITE,
				      ACCESS_READ | ACCESS_WRITE };

	return wanted[flags & FILE_ACCESS_MODE] |
	       (flags & FILE_TRUNCATE ? ACCESS_WRITE : 0u);
}

/* An existing file may be opened like that. */
static int open_allowed(const struct vnode *v, struct cred cred, u32 flags)
{
	unsigned wanted = wanted_of(flags);

	if ((flags & FILE_DIRECTORY) && !vnode_is(v, MODE_DIRECTORY)) {
		return -ENOTDIR;
	}
	if (vnode_is(v, MODE_SYMLINK) && !(flags & FILE_PATH)) {
		return -ELOOP;
	}
	if (flags & FILE_PATH) {
		return 0;
	}
	if (vnode_is(v, MODE_DIRECTORY) &&
	    ((wanted & ACCESS_WRITE) || (flags & FILE_CREATE))) {
		return -EISDIR;
	}
	if ((wanted & ACCESS_WRITE) && READ_ONCE(v->text_users) > 0) {
		return -ETXTBSY;
	}
	if (v->fs->flags & FS_NO_DEV && vnode_is(v, MODE_CHARACTER)) {
		return -EACCES;
	}
	return vnode_access(v, cred, wanted);
}

static noinline int empty(struct vnode *v)
{
	int err = vnode_writer_enter(v);

	if (err == 0) {
		err = v->ops->truncate(v, 0);
		vnode_writer_leave(v);
	}
	return err;
}

static int open_existing(struct path *p, u32 flags, struct file **out)
{
	struct vnode *v = p->vnode;
	int err = (flags & FILE_CREATE) && (flags & FILE_EXCLUSIVE)
			  ? -EEXIST
			  : open_allowed(v, p->cred, flags);

	if (err == 0 && (flags & FILE_TRUNCATE) && !(flags & FILE_PATH) &&
	    v->ops->truncate != NULL) {
		err = empty(v);
	}
	return err ? err : file_open_vnode(vnode_get(v), flags, out);
}

static int open_new(struct path *p, struct place place, u32 flags, u32 mode,
		    struct file **out)
{
	struct vnode_make make = { .mode = MODE_REGULAR |
					   (mode & MODE_PERMISSIONS) };
	struct vnode *v;
	int err = p->slash ? -EISDIR : make_at(p, place, &make, &v);

	return err ? err : file_open_vnode(v, flags, out);
}

/* The text is walked twice if somebody else makes the file meanwhile. */
int names_open(struct path *p, struct place place, u32 flags, u32 mode,
	       struct file **out)
{
	unsigned walk = flags & FILE_CREATE ? PATH_MISSING : 0;
	int err;

	if ((flags & FILE_NO_FOLLOW) ||
	    ((flags & FILE_CREATE) && (flags & FILE_EXCLUSIVE))) {
		walk |= PATH_NO_FOLLOW;
	}
	err = path_walk(p, place.context, place.start, walk);
	if (err) {
		return err;
	}
	if (p->vnode == NULL) {
		err = open_new(p, place, flags, mode, out);
		if (err != -EEXIST || (flags & FILE_EXCLUSIVE)) {
			return err;
		}
		err = p->dir->ops->lookup(p->dir, p->last, &p->vnode);
	}
	return err ? err : open_existing(p, flags, out);
}

int names_open_nameless(struct path *p, struct place place, u32 flags, u32 mode,
			struct file **out)
{
	struct vnode_make make = { .mode = MODE_REGULAR |
					   (mode & MODE_PERMISSIONS) };
	struct vnode *v;
	int err = path_walk(p, place.context, place.start, 0);

	if (err == 0 && !vnode_is(p->vnode, MODE_DIRECTORY)) {
		err = -ENOTDIR;
	}
	err = err ? err
		  : vnode_access(p->vnode, p->cred, ACCESS_WRITE | ACCESS_EXEC);
	if (err == 0 && p->vnode->ops->create_nameless == NULL) {
		err = -EOPNOTSUPP;
	}
	if (err) {
		return err;
	}
	make_own(&make, p->vnode, p->cred, place);
	err = p->vnode->ops->create_nameless(p->vnode, &make,
					     !(flags & FILE_EXCLUSIVE), &v);
	return err ? err : file_open_vnode(v, flags & ~FILE_TEMPORARY, out);
}

/* May the caller take the name of `v` out of the directory? */
static int remove_allowed(const struct path *p)
{
	const struct vnode *dir = p->dir, *v = p->vnode;
	int err = vnode_access(dir, p->cred, ACCESS_WRITE | ACCESS_EXEC);

	if (err == 0 && (dir->mode & MODE_STICKY) && p->cred.uid != 0 &&
	    p->cred.uid != v->uid && p->cred.uid != dir->uid) {
		err = -EPERM;
	}
	if (err == 0 && (READ_ONCE(v->mounted) != NULL || v == v->fs->root)) {
		err = -EBUSY;
	}
	return err;
}

/* A name that can be removed or moved: not "." or "..", not the root. */
static int real_name(const struct path *p, int for_dots)
{
	if (p->dir == NULL) {
		return p->dot ? for_dots : -EBUSY;
	}
	return 0;
}

static int remove_at(const struct path *p, bool directory)
{
	struct vnode *v = p->vnode;
	bool is_dir = vnode_is(v, MODE_DIRECTORY);
	int err = remove_allowed(p);

	if (err == 0 && is_dir != directory) {
		err = directory ? -ENOTDIR : -EISDIR;
	}
	if (err == 0 && p->dir->ops->remove == NULL) {
		err = -EPERM;
	}
	return err ? err : p->dir->ops->remove(p->dir, p->last, v);
}

int names_remove(struct path *p, struct place place, bool directory)
{
	int err = path_walk(p, place.context, place.start, PATH_NO_FOLLOW);

	if (err == 0 && p->dir == NULL && !directory) {
		err = -EISDIR; /* the root as much as "." */
	} else if (err == 0) {
		err = real_name(p, p->last.len == 2 ? -ENOTEMPTY : -EINVAL);
	}
	if (err) {
		return err;
	}
	while ((err = remove_at(p, directory)) == -EAGAIN) {
		vnode_put(p->vnode);
		p->vnode = NULL;
		err = p->dir->ops->lookup(p->dir, p->last, &p->vnode);
		if (err) {
			break;
		}
	}
	return err;
}

int names_link(struct path *p, struct place place, struct vnode *target)
{
	int err = path_walk(p, place.context, place.start,
			    PATH_MISSING | PATH_NO_FOLLOW);

	err = err ? err : free_name(p);
	if (err) {
		return err;
	}
	if (target->fs != p->dir->fs) {
		return -EXDEV;
	}
	if (vnode_is(target, MODE_DIRECTORY) || p->dir->ops->link == NULL) {
		return -EPERM;
	}
	return p->slash ? -ENOENT : p->dir->ops->link(p->dir, p->last, target);
}

static int rename_allowed(const struct path *from, const struct path *to,
			  bool exchange)
{
	int err = remove_allowed(from);

	if (err) {
		return err;
	}
	err = to->vnode ? remove_allowed(to)
			: vnode_access(to->dir, to->cred,
				       ACCESS_WRITE | ACCESS_EXEC);
	if (err == 0 && (from->slash || (to->slash && !exchange)) &&
	    !vnode_is(from->vnode, MODE_DIRECTORY)) {
		err = -ENOTDIR;
	}
	return err;
}

int names_rename(struct path *from, struct place from_place, struct path *to,
		 struct place to_place, bool no_replace, bool exchange)
{
	struct vnode_rename r = { .no_replace = no_replace,
				  .exchange = exchange };
	int err = path_walk(from, from_place.context, from_place.start,
			    PATH_NO_FOLLOW);
	int to_err = path_walk(to, to_place.context, to_place.start,
			       PATH_NO_FOLLOW | PATH_MISSING);

	err = err ? err : to_err;
	err = err ? err : real_name(from, -EBUSY);
	err = err ? err : real_name(to, -EBUSY);
	if (err) {
		return err;
	}
	if (from->dir->fs != to->dir->fs) {
		return -EXDEV;
	}
	err = rename_allowed(from, to, exchange);
	if (err) {
		return err;
	}
	r.from_dir = from->dir;
	r.from = from->last;
	r.to_dir = to->dir;
	r.to = to->last;
	return r.to_dir->ops->rename ? r.to_dir->ops->rename(&r) : -EPERM;
}
