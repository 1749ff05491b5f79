/* SPDX-License-Identifier: MIT */
/*
 * Walking paths, one part after the other, in a loop: a symbolic link puts its
 * text in front of what is left of the path.
 */
#include "fs/path.h"

#include "arch/user.h"
#include "fs/mount.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/kmem.h"

static void path_init(struct path *p)
{
	p->text = p->rest = p->near;
	p->size_bytes = sizeof(p->near);
	p->root = p->vnode = p->dir = NULL;
	p->last = (struct name){ NULL, 0 };
	p->dot = p->slash = false;
}

/* Moves on to a buffer that holds any path; what is left goes along. */
static int path_enlarge(struct path *p, size_t rest_bytes)
{
	char *text;

	if (p->text != p->near) {
		return -ENAMETOOLONG;
	}
	text = kmalloc(PATH_BYTES_MAX);
	if (text == NULL) {
		return -ENOMEM;
	}
	memcpy(text, p->rest, rest_bytes);
	p->text = p->rest = text;
	p->size_bytes = PATH_BYTES_MAX;
	return 0;
}

int path_from_user(struct path *p, uaddr_t text)
{
	long len;
	int err;

	path_init(p);
	len = copy_string_from_user(p->text, text, p->size_bytes);
	if (len == -ENAMETOOLONG) {
		err = path_enlarge(p, 0);
		if (err) {
			return err;
		}
		len = copy_string_from_user(p->text, text, p->size_bytes);
	}
	return len < 0 ? (int)len : 0;
}

int path_from_kernel(struct path *p, const char *text)
{
	size_t bytes = strlen(text) + 1;

	path_init(p);
	if (bytes > p->size_bytes) {
		int err = path_enlarge(p, 0);

		if (err) {
			return err;
		}
	}
	return string_copy(p->text, text, p->size_bytes) < p->size_bytes
		       ? 0
		       : -ENAMETOOLONG;
}

void path_end(struct path *p)
{
	vnode_put(p->vnode);
	vnode_put(p->dir);
	vnode_put(p->root);
	if (p->text != p->near) {
		kfree(p->text);
	}
}

/* The next part, and what stands behind it; false at the end. */
static bool next_name(struct path *p, struct name *out)
{
	const char *at = p->rest;
	u32 len = 0;

	while (*at == '/') {
		at++;
	}
	while (at[len] != '\0' && at[len] != '/') {
		len++;
	}
	p->slash = at[len] == '/' || (len == 0 && at != p->rest);
	*out = (struct name){ at, len };
	p->rest += (at - p->rest) + (long)len;
	return len > 0;
}

/* True if nothing but slashes is left. */
static bool at_end(const struct path *p)
{
	const char *at = p->rest;

	while (*at == '/') {
		at++;
	}
	return *at == '\0';
}

/*
 * Puts the link's text in front of the rest.  `rest_bytes` counts the NUL.
 * The text is read to the front of the buffer while the rest waits at its end.
 */
static int splice(struct path *p, struct vnode *link)
{
	size_t rest_bytes = strlen(p->rest) + 1;
	char *rest = p->text + p->size_bytes - rest_bytes;
	long len;

	memmove(rest, p->rest, rest_bytes);
	p->rest = rest;
	len = link->ops->readlink(link, p->text, p->size_bytes - rest_bytes);
	if (len >= 0 && (size_t)len == p->size_bytes - rest_bytes) {
		int err = path_enlarge(p, rest_bytes);

		return err ? err : splice(p, link);
	}
	if (len <= 0) {
		return len == 0 ? -ENOENT : (int)len;
	}
	memmove(p->text + len, rest, rest_bytes);
	p->rest = p->text;
	return 0;
}

/* Replaces a vnode by another whose reference is taken over. */
static void move(struct vnode **at, struct vnode *to)
{
	vnode_put(*at);
	*at = to;
}

/* The directory above, through mounts, never above the root. */
static int step_up(struct path *p, struct vnode **at)
{
	struct vnode *up;
	int err;

	while (*at != p->root && *at == (*at)->fs->root) {
		up = fs_covered((*at)->fs);
		if (up == NULL) {
			return 0;
		}
		move(at, up);
	}
	if (*at == p->root) {
		return 0;
	}
	err = (*at)->ops->parent(*at, &up, NULL);
	if (err == 0) {
		move(at, fs_cross(up));
	}
	return err;
}

/* Follows the link that is `*next`: where the walk goes on is in `*at`. */
static int follow(struct path *p, struct vnode **at, struct vnode *link,
		  bool *whole)
{
	int err;

	*whole = link->ops->follow != NULL;
	if (*whole) {
		struct vnode *to;

		err = link->ops->follow(link, &to);
		if (err == 0) {
			move(at, to);
		}
		return err;
	}
	err = splice(p, link);
	if (err == 0 && p->rest[0] == '/') {
		move(at, vnode_get(p->root));
	}
	return err;
}

static bool is_dots(struct name name)
{
	return name.text[0] == '.' &&
	       (name.len == 1 || (name.len == 2 && name.text[1] == '.'));
}

static int search_allowed(const struct vnode *dir, struct cred cred)
{
	if (!vnode_is(dir, MODE_DIRECTORY)) {
		return -ENOTDIR;
	}
	return vnode_access(dir, cred, ACCESS_EXEC);
}

/* One name in the directory `*at`.  Returns 1 if the walk is over. */
static int step(struct path *p, struct vnode **at, struct name name,
		unsigned flags, u32 *links)
{
	struct vnode *next = NULL;
	bool last = at_end(p), whole;
	int err = name.len > NAME_BYTES_MAX
			  ? -ENAMETOOLONG
			  : (*at)->ops->lookup(*at, name, &next);

	if (err) {
		if (err != -ENOENT || !last || !(flags & PATH_MISSING)) {
			return err;
		}
		p->dir = *at;
		p->last = name;
		*at = NULL;
		return 1;
	}
	next = fs_cross(next);
	if (vnode_is(next, MODE_SYMLINK) &&
	    (!last || p->slash || !(flags & PATH_NO_FOLLOW))) {
		err = ++*links > PATH_LINKS_MAX ? -ELOOP
						: follow(p, at, next, &whole);
		vnode_put(next);
		return err ? err : whole && last;
	}
	if (last) {
		p->dir = *at;
		p->last = name;
		*at = next;
		return 1;
	}
	move(at, next);
	return 0;
}

/* Walks from `*at` to the end. */
static int walk(struct path *p, struct vnode **at, unsigned flags)
{
	struct cred cred =
		flags & PATH_REAL_USER ? cred_real() : cred_effective();
	struct name name;
	u32 links = 0;

	while (next_name(p, &name)) {
		int err = search_allowed(*at, cred);

		p->dot = err == 0 && is_dots(name);
		if (p->dot) {
			p->last = name;
			err = name.len == 2 ? step_up(p, at) : 0;
		} else if (err == 0) {
			err = step(p, at, name, flags, &links);
		}
		if (err != 0) {
			return MIN(err, 0);
		}
	}
	return 0;
}

int path_walk(struct path *p, struct fs_context *context, struct vnode *start,
	      unsigned flags)
{
	struct vnode *at = start;
	int err;

	p->root = fs_context_root(context);
	if (p->rest[0] == '/') {
		move(&at, vnode_get(p->root));
	} else if (p->rest[0] == '\0' && !(flags & PATH_EMPTY)) {
		vnode_put(at);
		return -ENOENT;
	}
	err = walk(p, &at, flags);
	p->vnode = at;
	if (err == 0 && p->slash && at != NULL &&
	    !vnode_is(at, MODE_DIRECTORY)) {
		err = -ENOTDIR;
	}
	return err;
}

int path_lookup(const char *text, struct vnode **out)
{
	struct fs_context *context = fs_context_create();
	struct path p;
	int err = -ENOMEM;

	if (context == NULL) {
		return err;
	}
	err = path_from_kernel(&p, text);
	if (err == 0) {
		err = path_walk(&p, context, fs_root(), 0);
	}
	if (err == 0) {
		*out = vnode_get(p.vnode);
	}
	path_end(&p);
	fs_context_put(context);
	return err;
}

/* Writes "/name" in front of what is in [*start, size). */
static int prepend(char *buf, size_t *start, const char *name)
{
	size_t len = strlen(name);

	if (len + 1 > *start) {
		return -ERANGE;
	}
	*start -= len + 1;
	buf[*start] = '/';
	memcpy(buf + *start + 1, name, len);
	return 0;
}

/* One step up from `*at`, whose name is put in front. */
static int climb(struct vnode **at, char *buf, size_t *start)
{
	char name[NAME_BYTES_MAX + 1];
	struct vnode *up = NULL;
	int err;

	if (*at == (*at)->fs->root) {
		up = fs_covered((*at)->fs);
		if (up == NULL) {
			return -ENOENT;
		}
		move(at, up);
		return 0;
	}
	if ((*at)->ops->parent == NULL) {
		return -ENOENT;
	}
	err = (*at)->ops->parent(*at, &up, name);
	if (err == 0) {
		move(at, up);
		err = prepend(buf, start, name);
	}
	return err;
}

long path_of(struct vnode *v, struct fs_context *context, char *buf,
	     size_t size_bytes)
{
	struct vnode *root = fs_context_root(context), *at = vnode_get(v);
	size_t start = size_bytes - 1;
	int err = size_bytes < 2 ? -ERANGE : 0;

	while (err == 0 && at != root) {
		err = climb(&at, buf, &start);
	}
	vnode_put(at);
	vnode_put(root);
	if (err) {
		return err;
	}
	buf[size_bytes - 1] = '\0';
	if (start == size_bytes - 1) {
		buf[--start] = '/';
	}
	memmove(buf, buf + start, size_bytes - start);
	return (long)(size_bytes - 1 - start);
}
