/* SPDX-License-Identifier: MIT */
/*
 * From a vnode back to its path: from name to name up to the root.
 */
#include "fs/mount.h"
#include "fs/path.h"
#include "lib/errno.h"
#include "lib/string.h"

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
		vnode_put(*at);
		*at = up;
		return 0;
	}
	if ((*at)->ops->parent == NULL) {
		return -ENOENT;
	}
	err = (*at)->ops->parent(*at, &up, name);
	if (err == 0) {
		vnode_put(*at);
		*at = up;
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
