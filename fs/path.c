/* SPDX-License-Identifier: MIT */
/*
 * Walking paths, one part after the other, in a loop: a symbolic link puts its
 * text in front of what is left of the path.
 */
#include "fs/path.h"

#include "arch/user.h"
#include "fs/mount.h"
#include "fs/path_cache.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/kmem.h"

static void path_init(struct path *p)
{
	p->text = p->rest = p->near;
	p->size_bytes = PATH_NEAR_BYTES;
	p->root = p->vnode = p->dir = NULL;
	p->dot = p->slash = p->plain = false;
	p->links = 0;
}

/* Moves on to a buffer that holds any path; what is left goes along. */
static int path_enlarge(struct path *p, size_t rest_bytes)
{
	char *text;

	if (p->text != p->near) {
		return -ENAMETOOLONG;
	}
	text = kmalloc(PATH_BYTES_MAX + PATH_SLACK_BYTES);
	if (text == NULL) {
		return -ENOMEM;
	}
	memcpy(text, p->rest, rest_bytes);
	p->text = p->rest = text;
	p->size_bytes = PATH_BYTES_MAX;
	return 0;
}

/* It did not fit, or cannot be read: `err`. */
static noinline int path_from_user_far(struct path *p, uaddr_t text, int err)
{
	long len;

	if (err == -ENAMETOOLONG) {
		err = path_enlarge(p, 0);
	}
	if (err) {
		return err;
	}
	len = copy_string_from_user(p->text, text, p->size_bytes);
	p->len = (u32)len;
	return len < 0 ? (int)len : 0;
}

int path_from_user(struct path *p, uaddr_t text)
{
	long len;

	path_init(p);
	len = copy_string_from_user(p->near, text, PATH_NEAR_BYTES);
	p->len = (u32)len;
	return likely(len >= 0) ? 0 : path_from_user_far(p, text, (int)len);
}

int path_from_kernel(struct path *p, const char *text)
{
	size_t bytes = strlen(text) + 1;

	path_init(p);
	p->len = (u32)(bytes - 1);
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

/* These mean the name, and not only what it leads to. */
#define PATH_NAMES (PATH_NO_FOLLOW | PATH_PARENT)

/* Of a directory's mode. */
#define EVERYBODY_SEARCHES 0111u

#define BYTES_OF(b)        (0x0101010101010101ull * (b))

/* The high bit of the lowest byte that is zero, and perhaps of higher ones. */
static inline u64 zero_bytes(u64 word)
{
	return (word - BYTES_OF(1)) & ~word & BYTES_OF(0x80);
}

/*
 * The next part and its hash; false at the end.  It reads words, up to
 * PATH_SLACK_BYTES behind the text's end.
 */
static always_inline bool next_name(struct path *p, struct name *out)
{
	const char *at = p->rest;
	u64 hash = 0, word, end;

	while (*at == '/') {
		at++;
	}
	out->text = at;
	for (;;) {
		__builtin_memcpy(&word, at, sizeof(word));
		end = zero_bytes(word) | zero_bytes(word ^ BYTES_OF('/'));
		if (likely(end != 0)) {
			break;
		}
		hash = name_hash_step(hash, word);
		at += sizeof(word);
	}
	word &= ((end & -end) - 1) >> 7; /* what stands before it */
	if (likely(word != 0)) {
		hash = name_hash_step(hash, word);
		at += (unsigned)__builtin_ctzll(end) / 8;
	}
	out->len = (u32)(at - out->text);
	out->hash = hash;
	p->rest += at - p->rest;
	return at != out->text;
}

/* True if nothing but slashes is left. */
static inline bool at_end(const struct path *p)
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
static int step_up(struct path *p)
{
	struct vnode *at = p->vnode, *up;
	int err;

	while (at != p->root && at == at->fs->root) {
		up = fs_covered(at->fs);
		if (up == NULL) {
			return 0;
		}
		move(&p->vnode, up);
		at = up;
	}
	if (at == p->root) {
		return 0;
	}
	err = at->ops->parent(at, &up, NULL);
	if (err == 0) {
		move(&p->vnode, fs_cross(up));
	}
	return err;
}

/* Follows a link, whose reference it takes.  Returns 1 if the walk is over. */
static noinline int follow(struct path *p, struct vnode *link, bool last)
{
	struct vnode *to;
	int err = 0;

	p->plain = false;
	if (++p->links > PATH_LINKS_MAX) {
		err = -ELOOP;
	} else if (link->ops->follow != NULL) {
		err = link->ops->follow(link, &to);
		if (err == 0) {
			move(&p->vnode, to);
			err = last;
		}
	} else {
		err = splice(p, link);
		if (err == 0 && p->rest[0] == '/') {
			move(&p->vnode, vnode_get(p->root));
		}
	}
	vnode_put(link);
	return err;
}

/* "." and "..", if it is one of them; else it is searched for. */
static noinline bool step_dots(struct path *p, struct name name, int *err)
{
	if (name.len > 2 || (name.len == 2 && name.text[1] != '.')) {
		return false;
	}
	p->dot = true;
	p->plain = false;
	p->last = name;
	*err = name.len == 2 ? step_up(p) : 0;
	return true;
}

/* What the name leads to in `dir`, over mounts. */
static always_inline int look_up(struct vnode *dir, struct name name,
				 struct vnode **out)
{
	int err = name.len > NAME_BYTES_MAX ? -ENAMETOOLONG
					    : dir->ops->lookup(dir, name, out);

	if (err == 0 && READ_ONCE((*out)->mounted) != NULL) {
		*out = fs_cross(*out);
	}
	return err;
}

/* A link that is not meant itself. */
static always_inline bool is_followed(const struct path *p,
				      const struct vnode *v, bool last,
				      unsigned flags)
{
	return vnode_is(v, MODE_SYMLINK) &&
	       (!last || p->rest[0] == '/' || !(flags & PATH_NO_FOLLOW));
}

/* One name in the directory p->vnode.  Returns 1 if the walk is over. */
static noinline int step(struct path *p, struct name name, unsigned flags)
{
	struct vnode *dir = p->vnode, *next = NULL;
	bool last = at_end(p);
	int err = look_up(dir, name, &next);

	if (err) {
		return err;
	}
	if (is_followed(p, next, last, flags)) {
		return follow(p, next, last);
	}
	p->vnode = next;
	if (last) {
		p->dir = dir;
		p->last = name;
		return 1;
	}
	vnode_put(dir);
	return 0;
}

/* The last name is for the caller to look up. Returns 1: the walk is over. */
static always_inline int stop_at(struct path *p, struct name name)
{
	if (unlikely(name.len > NAME_BYTES_MAX)) {
		return -ENAMETOOLONG;
	}
	p->dir = p->vnode;
	p->vnode = NULL;
	p->last = name;
	return 1;
}

/* What everybody finds there stays until path_forget(). */
static inline bool dir_is_plain(const struct vnode *dir)
{
	return (dir->mode & EVERYBODY_SEARCHES) == EVERYBODY_SEARCHES &&
	       dir->ops->names_keep;
}

/* Names may be looked up in p->vnode. */
static always_inline int may_search(const struct path *p)
{
	return likely(vnode_is(p->vnode, MODE_DIRECTORY))
		       ? vnode_access(p->vnode, p->cred, ACCESS_EXEC)
		       : -ENOTDIR;
}

/* Walks from p->vnode to the end, or to the last name. */
static int walk(struct path *p, unsigned flags)
{
	struct name name;

	while (next_name(p, &name)) {
		int err = may_search(p);

		p->plain = p->plain && dir_is_plain(p->vnode);
		p->dot = false;
		if (unlikely(err != 0)) {
			return err;
		}
		if (unlikely(name.text[0] == '.') && step_dots(p, name, &err)) {
			/* Done: there may be an error. */
		} else if ((flags & PATH_PARENT) && at_end(p)) {
			err = stop_at(p, name);
		} else {
			err = step(p, name, flags);
		}
		if (err != 0) {
			return MIN(err, 0);
		}
	}
	return 0;
}

/* The high bit of each byte that is zero. */
static inline u64 all_zero_bytes(u64 word)
{
	u64 low = ~BYTES_OF(0x80);

	return ~(((word & low) + low) | word | low);
}

/* Where the last slash of an absolute path is. */
static inline u32 last_slash(const struct path *p)
{
	u32 at = ALIGN_DOWN(p->len, sizeof(u64));
	u64 behind = ~0ull << p->len % sizeof(u64) * 8, word, found;

	for (;; behind = 0, at -= (u32)sizeof(word)) {
		__builtin_memcpy(&word, p->text + at, sizeof(word));
		found = all_zero_bytes((word ^ BYTES_OF('/')) | behind);
		if (found != 0) {
			return at + (63 - (u32)__builtin_clzll(found)) / 8;
		}
	}
}

/* After a walk: a slash behind the last name asks for a directory. */
static always_inline int walk_end(struct path *p, int err)
{
	p->slash = p->rest[0] == '/';
	return unlikely(p->slash) && err == 0 && p->vnode != NULL &&
			       !vnode_is(p->vnode, MODE_DIRECTORY)
		       ? -ENOTDIR
		       : err;
}

/* From the root on. */
static noinline int walk_all(struct path *p, unsigned flags, u64 generation)
{
	int err;

	p->vnode = vnode_get(p->root);
	p->plain = true;
	err = walk(p, flags);
	if (err == 0 && p->plain && p->rest[0] != '/' && p->dir != NULL) {
		path_learn(p->root, p->text, (u32)(p->last.text - p->text) - 1,
			   p->dir, generation);
		if (!(flags & PATH_NAMES)) {
			path_learn(p->root, p->text, p->len, p->vnode,
				   generation);
		}
	}
	return walk_end(p, err);
}

/* The last name of all, `name`, in the directory p->vnode. */
static always_inline int walk_last(struct path *p, struct name name,
				   unsigned flags, u64 generation)
{
	int err = may_search(p);

	if (unlikely(err != 0)) {
		return err;
	}
	if (flags & PATH_PARENT) {
		return MIN(stop_at(p, name), 0);
	}
	p->plain = dir_is_plain(p->vnode);
	err = step(p, name, flags);
	if (err == 0) {
		err = walk(p, flags);
	} else if (err > 0 && p->plain && !(flags & PATH_NAMES)) {
		path_learn(p->root, p->text, p->len, p->vnode, generation);
	}
	return walk_end(p, MIN(err, 0));
}

/* Of a path of which not all is known. */
static noinline int walk_absolute(struct path *p, unsigned flags)
{
	u64 generation = path_generation();
	u32 known = last_slash(p), at = known + 1;

	if (p->text[at] != '.' && at != p->len) {
		p->vnode = path_known(p->root, p->text, known);
	}
	if (p->vnode == NULL) {
		return walk_all(p, flags, generation);
	}
	p->rest = p->text + p->len;
	return walk_last(p, name_before_slack(p->text + at, p->len - at), flags,
			 generation);
}

static noinline int walk_relative(struct path *p, unsigned flags)
{
	if (p->rest[0] == '\0' && !(flags & PATH_EMPTY)) {
		move(&p->vnode, NULL);
		return -ENOENT;
	}
	return walk_end(p, walk(p, flags));
}

int path_walk(struct path *p, struct fs_context *context, struct vnode *start,
	      unsigned flags)
{
	struct vnode *v = NULL;

	p->cred = unlikely(flags & PATH_REAL_USER) ? cred_real()
						   : cred_effective();
	p->root = fs_context_root(context);
	p->vnode = start;
	if (p->rest[0] != '/') {
		return walk_relative(p, flags);
	}
	if (unlikely(start != NULL)) {
		move(&p->vnode, NULL);
	}
	if (!(flags & PATH_NAMES)) {
		v = path_known(p->root, p->text, p->len);
	}
	if (v == NULL) {
		return walk_absolute(p, flags);
	}
	p->vnode = v;
	return 0;
}

int path_last(struct path *p, unsigned flags)
{
	struct vnode *v = NULL;
	bool last = !p->slash;
	int err = look_up(p->dir, p->last, &v);

	if (err) {
		return err;
	}
	if (!is_followed(p, v, true, flags)) {
		p->vnode = v;
		return 0;
	}
	p->vnode = p->dir;
	p->dir = NULL;
	err = follow(p, v, last);
	if (err == 0) {
		err = walk(p, flags | PATH_PARENT);
	}
	return walk_end(p, MIN(err, 0));
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
