/* SPDX-License-Identifier: MIT */
/*
 * Sockets and their names: a path's vnode leads to the socket that was bound to
 * it.  So does an abstract name: it is one in a directory that no path leads
 * to, behind a letter for the kind of socket, each of which has names of its
 * own.  See fs/socket_private.h.
 */
#include "fs/mount.h"
#include "fs/names.h"
#include "fs/socket_private.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/format.h"
#include "lib/string.h"
#include "mm/kmem.h"

/* So many names that the kernel picks are there, as on Linux. */
#define AUTO_NAMES (1u << 20)

static struct {
	struct spinlock lock; /* LOCK_SOCKETS */
	struct vnode *names;  /* [I] the directory */
	u32 next_auto;        /* [a] */
} sockets = { .lock = SPINLOCK_INIT(LOCK_SOCKETS) };

int socket_init(void)
{
	struct fs *fs;
	int err = fs_create("tmpfs", &fs);

	if (err == 0) {
		sockets.names = fs->root;
	}
	return err;
}

/* A name in the directory. */
struct key {
	char text[SOCKET_NAME_MAX + 1];
};

static struct name key_of(const struct socket *s, const char *text, u32 len,
			  struct key *key)
{
	key->text[0] = (char)('0' + s->type);
	memcpy(key->text + 1, text + 1, len - 1);
	return name_of(key->text, len);
}

void socket_name_put(struct socket_name *name)
{
	if (name != NULL &&
	    __atomic_fetch_sub(&name->refs, 1, __ATOMIC_ACQ_REL) == 1) {
		kfree(name);
	}
}

static struct socket_name *name_create(const struct socket_address *a)
{
	struct socket_name *name = kmalloc(sizeof(*name) + a->len);

	if (name != NULL) {
		name->refs = 1;
		name->len = a->len;
		memcpy(name->text, a->text, a->len);
	}
	return name;
}

struct socket_name *socket_name_of(struct socket *s)
{
	struct socket_name *name = NULL;

	WITH_SPINLOCK (&sockets.lock) {
		name = socket_name_get(s->name);
	}
	return name;
}

struct socket *socket_peer_get(struct socket *s)
{
	struct socket *peer = NULL;

	WITH_SPINLOCK (&sockets.lock) {
		peer = s->peer ? socket_get(s->peer) : NULL;
	}
	return peer;
}

/* Datagrams go to `peer` (a reference) from now on; the old one is returned. */
static struct socket *peer_set(struct socket *s, struct socket *peer)
{
	struct socket *old = NULL;

	WITH_SPINLOCK (&sockets.lock) {
		old = s->peer;
		s->peer = peer;
		WRITE_ONCE(s->state,
			   peer ? SOCKET_CONNECTED : SOCKET_UNCONNECTED);
	}
	return old;
}

void socket_peer_forget(struct socket *s, const struct socket *peer)
{
	bool was = false;

	WITH_SPINLOCK (&sockets.lock) {
		was = s->peer == peer;
		if (was) {
			s->peer = NULL;
			WRITE_ONCE(s->state, SOCKET_UNCONNECTED);
		}
	}
	if (was) {
		socket_put((struct socket *)peer);
	}
}

/* Both take the references. Errors: -EINVAL: it has a name. */
static int name_set(struct socket *s, struct socket_name *name, struct vnode *v)
{
	WITH_SPINLOCK (&sockets.lock) {
		if (s->name != NULL) {
			return -EINVAL;
		}
		s->name = name;
		s->vnode = v;
		v->special = s;
	}
	return 0;
}

static int bind_in(struct socket *s, struct socket_name *name,
		   struct vnode *dir, struct name text, struct vnode *v)
{
	int err = name_set(s, name, v);

	if (err) {
		/* Somebody may have removed it, who may. */
		(void)!vnode_unname(dir, text, v);
		vnode_put(v);
	}
	return err;
}

static int bind_abstract(struct socket *s, struct socket_name *name)
{
	struct vnode_make make = { .mode = MODE_SOCKET };
	struct vnode *dir = sockets.names, *v;
	struct key key;
	struct name text = key_of(s, name->text, name->len, &key);
	int err = dir->ops->create(dir, text, &make, &v);

	if (err) {
		return err == -EEXIST ? -EADDRINUSE : err;
	}
	return bind_in(s, name, dir, text, v);
}

static int bind_path(struct socket *s, struct socket_name *name)
{
	struct place place = { .context = fs_context_current() };
	struct vnode_make make = { .mode = MODE_SOCKET | 0777 };
	struct path p;
	int err = path_from_kernel(&p, name->text);

	if (err == 0) {
		place.start = fs_context_cwd(place.context);
		err = names_make(&p, place, &make);
	}
	if (err == 0) {
		err = bind_in(s, name, p.dir, p.last, vnode_get(p.vnode));
	}
	path_end(&p);
	return err == -EEXIST ? -EADDRINUSE : err;
}

/* One that nobody has. */
static int bind_auto(struct socket *s)
{
	struct socket_address a = { .len = 6 };
	struct socket_name *name;
	int err = -EADDRINUSE;

	for (u32 i = 0; i < AUTO_NAMES && err == -EADDRINUSE; i++) {
		u32 number = __atomic_fetch_add(&sockets.next_auto, 1,
						__ATOMIC_RELAXED);

		format(a.text + 1, 6, "%05x", number % AUTO_NAMES);
		name = name_create(&a);
		err = name ? bind_abstract(s, name) : -ENOMEM;
		if (err) {
			socket_name_put(name);
		}
	}
	return err == -EADDRINUSE ? -ENOSPC : err;
}

int socket_bind(struct socket *s, const struct socket_address *a)
{
	bool bound = READ_ONCE(s->name) != NULL;
	struct socket_name *name;
	int err;

	if (a->len == 0) {
		return bound ? 0 : bind_auto(s);
	}
	if (bound && a->text[0] == '\0') {
		return -EINVAL;
	}
	name = name_create(a);
	if (name == NULL) {
		return -ENOMEM;
	}
	err = a->text[0] ? bind_path(s, name) : bind_abstract(s, name);
	if (err) {
		socket_name_put(name);
	}
	return err;
}

void socket_unbind(struct socket *s)
{
	struct vnode *v = NULL;
	struct key key;

	WITH_SPINLOCK (&sockets.lock) {
		v = s->vnode;
		s->vnode = NULL;
		if (v != NULL) {
			v->special = NULL;
		}
	}
	if (v != NULL && s->name->text[0] == '\0') {
		struct vnode *dir = sockets.names;

		(void)!vnode_unname(
			dir, key_of(s, s->name->text, s->name->len, &key), v);
	}
	vnode_put(v);
}

/* Who is bound there, with a reference. */
static int socket_at(const struct socket *s, struct vnode *v,
		     struct socket **out)
{
	struct socket *other = NULL;

	if (!vnode_is(v, MODE_SOCKET)) {
		return -ECONNREFUSED;
	}
	WITH_SPINLOCK (&sockets.lock) {
		other = v->special;
		if (other != NULL && other->type == s->type) {
			*out = socket_get(other);
			return 0;
		}
	}
	return other ? -EPROTOTYPE : -ECONNREFUSED;
}

static int find_path(const struct socket *s, const char *text,
		     struct socket **out)
{
	struct fs_context *context = fs_context_current();
	struct path p;
	int err = path_from_kernel(&p, text);

	err = err ? err : path_walk(&p, context, fs_context_cwd(context), 0);
	err = err ? err : vnode_access(p.vnode, p.cred, ACCESS_WRITE);
	err = err ? err : socket_at(s, p.vnode, out);
	path_end(&p);
	return err;
}

int socket_find(const struct socket *s, const struct socket_address *a,
		struct socket **out)
{
	struct vnode *dir = sockets.names, *v;
	struct key key;
	int err;

	if (a->len == 0) {
		return -ECONNREFUSED;
	}
	if (a->text[0] != '\0') {
		return find_path(s, a->text, out);
	}
	err = dir->ops->lookup(dir, key_of(s, a->text, a->len, &key), &v);
	if (err) {
		return err == -ENOENT ? -ECONNREFUSED : err;
	}
	err = socket_at(s, v, out);
	vnode_put(v);
	return err;
}

int socket_address(struct socket *s, bool of_peer, struct socket_address *out)
{
	struct socket *peer = of_peer ? socket_peer_get(s) : NULL;
	struct socket_name *name;

	if (of_peer && peer == NULL) {
		return -ENOTCONN;
	}
	name = socket_name_of(of_peer ? peer : s);
	socket_address_of(name, out);
	socket_name_put(name);
	socket_put(peer);
	return 0;
}

/* To whom datagrams go; NULL: to nobody any more. */
static int datagram_connect(struct socket *s, const struct socket_address *a)
{
	struct socket *other = NULL;
	const struct socket *theirs;
	int err = a ? socket_find(s, a, &other) : 0;

	if (err) {
		return err;
	}
	theirs = other ? READ_ONCE(other->peer) : NULL;
	if (theirs != NULL && theirs != s) {
		socket_put(other);
		return -EPERM;
	}
	socket_put(peer_set(s, other));
	pollq_wake(&s->pollq);
	return 0;
}

int socket_connect(struct socket *s, const struct socket_address *a,
		   bool nonblock)
{
	struct socket *other;
	int err = 0;

	if (a != NULL && s->options.pass_cred && READ_ONCE(s->name) == NULL) {
		err = socket_bind(s, &(struct socket_address){ .len = 0 });
	}
	if (err) {
		return err;
	}
	if (s->type == SOCKET_DATAGRAM) {
		return datagram_connect(s, a);
	}
	err = a ? socket_find(s, a, &other) : -EINVAL;
	if (err == 0) {
		err = socket_connect_to(s, other, nonblock);
		socket_put(other);
	}
	return err;
}
