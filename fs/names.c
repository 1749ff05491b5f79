/* SPDX-License-Identifier: MIT */
/*
 * Opening, making, removing and moving names.
 *
 * Rights are checked here.  A name that is to be made or removed is looked up
 * once, by the file system under its own lock: create() says that it is there,
 * remove() asks names_may_remove() about whose name it is.
 */
#include "fs/names.h"

#include "fs/mount.h"
#include "lib/errno.h"

/*
 * What the last name of a walk with PATH_PARENT leads to; p->vnode stays NULL
 * if it is free.
 */
static int look(struct path *p, unsigned flags)
{
	int err = 0;

	while (err == 0 && p->vnode == NULL) {
		err = path_last(p, flags);
	}
	return err == -ENOENT && p->vnode == NULL ? 0 : err;
}

/* Where a name cannot be made: that it is there already counts most. */
static noinline int refuse(struct path *p, int err)
{
	if (p->vnode == NULL && err != -EEXIST) {
		int found = look(p, PATH_NO_FOLLOW);

		err = found == 0 && p->vnode == NULL ? err : -EEXIST;
	}
	return err;
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

/*
 * May names in that directory be made and removed?  The first user may,
 * wherever anybody can.  Errors: -EACCES, -EROFS.
 */
static inline int may_change(const struct vnode *dir, struct cred cred)
{
	return cred.uid == 0 && !(dir->fs->flags & FS_READ_ONLY)
		       ? 0
		       : vnode_access(dir, cred, ACCESS_WRITE | ACCESS_EXEC);
}

static int make_at(struct path *p, struct place place, struct vnode_make *make,
		   struct vnode **out)
{
	int err = may_change(p->dir, p->cred);

	if (err == 0 && p->slash &&
	    (make->mode & MODE_TYPE) != MODE_DIRECTORY) {
		err = -ENOENT;
	}
	if (err == 0 && p->dir->ops->create == NULL) {
		err = -EPERM;
	}
	if (likely(err == 0)) {
		make_own(make, p->dir, p->cred, place);
		err = p->dir->ops->create(p->dir, p->last, make, out);
	}
	return likely(err == 0) ? 0 : refuse(p, err);
}

int names_make(struct path *p, struct place place, struct vnode_make *make)
{
	int err = path_walk(p, place.context, place.start, PATH_PARENT);

	if (err == 0) {
		err = p->vnode != NULL ? -EEXIST
				       : make_at(p, place, make, &p->vnode);
	}
	return err;
}

/* What the access mode of open(2) wants. */
static inline unsigned wanted_of(u32 flags)
{
	static const u8 wanted[4] = { ACCESS_READ, ACCESS_WRITE,
				      ACCESS_READ | ACCESS_WRITE,
				      ACCESS_READ | ACCESS_WRITE };

	return wanted[flags & FILE_ACCESS_MODE] |
	       (flags & FILE_TRUNCATE ? ACCESS_WRITE : 0u);
}

/* What only some flags ask for; 1: nothing else is to be asked. */
static noinline int open_as_asked(const struct vnode *v, u32 flags)
{
	if ((flags & FILE_DIRECTORY) && !vnode_is(v, MODE_DIRECTORY)) {
		return -ENOTDIR;
	}
	if (vnode_is(v, MODE_SYMLINK) && !(flags & FILE_PATH)) {
		return -ELOOP;
	}
	return flags & FILE_PATH ? 1 : 0;
}

/* An existing file may be opened like that; a link comes with NO_FOLLOW. */
static inline int open_allowed(const struct vnode *v, struct cred cred,
			       u32 flags)
{
	unsigned wanted = wanted_of(flags);

	if (unlikely(flags & (FILE_DIRECTORY | FILE_NO_FOLLOW | FILE_PATH))) {
		int err = open_as_asked(v, flags);

		if (err) {
			return MIN(err, 0);
		}
	}
	if ((wanted & ACCESS_WRITE) || (flags & FILE_CREATE)) {
		if (vnode_is(v, MODE_DIRECTORY)) {
			return -EISDIR;
		}
		if ((wanted & ACCESS_WRITE) && READ_ONCE(v->text_users) > 0) {
			return -ETXTBSY;
		}
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

static always_inline int open_existing(struct path *p, u32 flags,
				       struct file **out)
{
	struct vnode *v = p->vnode;
	int err = open_allowed(v, p->cred, flags);

	if (err == 0 && (flags & FILE_TRUNCATE) && !(flags & FILE_PATH) &&
	    v->ops->truncate != NULL) {
		err = empty(v);
	}
	if (likely(err == 0)) {
		p->vnode = NULL; /* its reference goes over */
		err = file_open_vnode(v, flags, out);
	}
	return err;
}

static noinline int open_new(struct path *p, struct place place, u32 flags,
			     u32 mode, struct file **out)
{
	struct vnode_make make = { .mode = MODE_REGULAR |
					   (mode & MODE_PERMISSIONS) };
	struct vnode *v;
	int err = p->slash ? -EISDIR : make_at(p, place, &make, &v);

	return err ? err : file_open_vnode(v, flags, out);
}

/* What is not there is made; who is late finds what another has made. */
static noinline int open_or_make(struct path *p, struct place place, u32 flags,
				 u32 mode, struct file **out)
{
	bool exclusive = flags & FILE_EXCLUSIVE;
	unsigned walk =
		flags & FILE_NO_FOLLOW || exclusive ? PATH_NO_FOLLOW : 0;
	int err;

	for (;;) {
		err = exclusive ? 0 : look(p, walk);
		if (err) {
			return err;
		}
		if (p->vnode != NULL) {
			return exclusive ? -EEXIST
					 : open_existing(p, flags, out);
		}
		err = open_new(p, place, flags, mode, out);
		if (err != -EEXIST || exclusive) {
			return err;
		}
	}
}

int names_open(struct path *p, struct place place, u32 flags, u32 mode,
	       struct file **out)
{
	unsigned walk = flags & FILE_CREATE      ? PATH_PARENT
			: flags & FILE_NO_FOLLOW ? PATH_NO_FOLLOW
						 : 0;
	int err = path_walk(p, place.context, place.start, walk);

	if (unlikely(err != 0)) {
		return err;
	}
	return walk == PATH_PARENT ? open_or_make(p, place, flags, mode, out)
				   : open_existing(p, flags, out);
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
	err = err ? err : may_change(p->vnode, p->cred);
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
static int remove_allowed(const struct vnode *dir, const struct vnode *v,
			  struct cred cred)
{
	int err = may_change(dir, cred);

	if (err == 0 && (dir->mode & MODE_STICKY) && cred.uid != 0 &&
	    cred.uid != v->uid && cred.uid != dir->uid) {
		err = -EPERM;
	}
	return err;
}

/* Nothing is mounted there, and it is the root of no mount. */
static int not_busy(const struct vnode *v)
{
	return READ_ONCE(v->mounted) != NULL || v == v->fs->root ? -EBUSY : 0;
}

/* A name that can be removed or moved: not "." or "..", not the root. */
static int real_name(const struct path *p, int for_dots)
{
	if (p->dir == NULL) {
		return p->dot ? for_dots : -EBUSY;
	}
	return 0;
}

int names_may_remove(const struct vnode *dir, const struct vnode *v,
		     const struct vnode_remove *r)
{
	bool is_dir = vnode_is(v, MODE_DIRECTORY);
	int err = unlikely(r->slash) && !is_dir
			  ? -ENOTDIR
			  : remove_allowed(dir, v, r->cred);

	if (err == 0 && is_dir != r->directory) {
		err = is_dir ? -EISDIR : -ENOTDIR;
	}
	return err ? err : not_busy(v);
}

/* Of a directory whose names stay: but first, is it there at all? */
static noinline int remove_never(struct path *p)
{
	int err = path_last(p, PATH_NO_FOLLOW);

	return err ? err : -EPERM;
}

int names_remove(struct path *p, struct place place, bool directory)
{
	int err = path_walk(p, place.context, place.start, PATH_PARENT);

	if (err == 0 && p->dir == NULL) {
		/* The root as much as ".". */
		err = directory ? real_name(p, p->last.len == 2 ? -ENOTEMPTY
								: -EINVAL)
				: -EISDIR;
	}
	if (err) {
		return err;
	}
	if (p->dir->ops->remove == NULL) {
		return remove_never(p);
	}
	return p->dir->ops->remove(
		p->dir, &(struct vnode_remove){ .name = p->last,
						.cred = p->cred,
						.directory = directory,
						.slash = p->slash });
}

int names_link(struct path *p, struct place place, struct vnode *target)
{
	int err = path_walk(p, place.context, place.start, PATH_PARENT);

	if (err) {
		return err;
	}
	if (p->vnode != NULL) {
		return -EEXIST;
	}
	err = may_change(p->dir, p->cred);
	if (err == 0 && target->fs != p->dir->fs) {
		err = -EXDEV;
	}
	if (err == 0 &&
	    (vnode_is(target, MODE_DIRECTORY) || p->dir->ops->link == NULL)) {
		err = -EPERM;
	}
	if (err == 0) {
		err = p->slash ? -ENOENT
			       : p->dir->ops->link(p->dir, p->last, target);
	}
	return err ? refuse(p, err) : 0;
}

static int rename_allowed(const struct path *from, const struct path *to,
			  bool exchange)
{
	int err = remove_allowed(from->dir, from->vnode, from->cred);

	if (err == 0) {
		err = to->vnode ? remove_allowed(to->dir, to->vnode, to->cred)
				: may_change(to->dir, to->cred);
	}
	err = err ? err : not_busy(from->vnode);
	if (err == 0 && to->vnode != NULL) {
		err = not_busy(to->vnode);
	}
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
	int to_err =
		path_walk(to, to_place.context, to_place.start, PATH_PARENT);

	err = err ? err : to_err;
	err = err ? err : look(to, PATH_NO_FOLLOW);
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
