/* SPDX-License-Identifier: MIT */
/*
 * The files of sockets: made, polled, shut, closed.  The invariants are in
 * fs/socket_private.h.
 */
#include "fs/socket_private.h"

#include "arch/user.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/kmem.h"

/* ioctl(2): what can be read, what was not read yet. */
#define SIOCINQ  0x541b
#define SIOCOUTQ 0x5411

struct pollq socket_room = POLLQ_INIT(socket_room);

static u64 next_ino; /* [a] */

static const struct file_ops socket_ops;

struct socket *socket_of(const struct file *file)
{
	return file->ops == &socket_ops ? file->data : NULL;
}

enum socket_type socket_type(const struct socket *s)
{
	return s->type;
}

struct socket_options *socket_options(struct socket *s)
{
	s->options.listens = READ_ONCE(s->state) == SOCKET_LISTENING;
	return &s->options;
}

u32 socket_error_take(struct socket *s)
{
	return __atomic_exchange_n(&s->options.error, 0, __ATOMIC_RELAXED);
}

static struct socket *socket_alloc(enum socket_type type)
{
	struct socket *s = kzalloc(sizeof(*s));

	if (s == NULL) {
		return NULL;
	}
	s->refs = 1;
	s->type = (u8)type;
	s->accepted = true;
	waitq_init(&s->q);
	waitq_init(&s->room);
	mutex_init(&s->reader, LOCK_SOCKET);
	pollq_init(&s->pollq);
	list_init(&s->messages);
	list_init(&s->carried);
	list_init(&s->involved);
	list_init(&s->walk);
	s->cred = socket_cred_current();
	s->options.type = type;
	s->options.send_bytes = s->options.receive_bytes = SOCKET_BUFFER_BYTES;
	s->options.receive_ns = s->options.send_ns = WAITQ_FOREVER;
	s->ino = __atomic_add_fetch(&next_ino, 1, __ATOMIC_RELAXED);
	return s;
}

void socket_put(struct socket *s)
{
	if (s != NULL &&
	    __atomic_fetch_sub(&s->refs, 1, __ATOMIC_ACQ_REL) == 1) {
		socket_name_put(s->name);
		kfree(s);
	}
}

int socket_create(enum socket_type type, struct file **out)
{
	struct file *file = file_create(&socket_ops, FILE_READ | FILE_WRITE);
	struct socket *s = file ? socket_alloc(type) : NULL;

	if (s == NULL) {
		file_free(file);
		return -ENOMEM;
	}
	s->file = file;
	file->data = s;
	*out = file;
	return 0;
}

int socket_pair(enum socket_type type, struct file *files[2])
{
	int err = socket_create(type, &files[0]);

	if (err == 0) {
		err = socket_create(type, &files[1]);
		if (err) {
			file_put(files[0]);
		}
	}
	for (unsigned i = 0; i < 2 && err == 0; i++) {
		struct socket *s = files[i]->data, *other = files[!i]->data;

		s->peer = socket_get(other);
		s->state = SOCKET_CONNECTED;
		s->options.peer = other->cred;
	}
	return err;
}

void socket_end(struct socket *s, u32 how, int error)
{
	u64 flags = waitq_lock(&s->q);

	WRITE_ONCE(s->shut, (u8)(s->shut | how));
	if (error != 0) {
		s->options.error = (u32)-error;
	}
	socket_wake_locked(s);
	waitq_unlock(&s->q, flags);
	waitq_wake_all(&s->room);
	pollq_wake(&s->pollq);
}

void socket_shutdown(struct socket *s, u32 how)
{
	struct socket *peer =
		s->type != SOCKET_DATAGRAM ? socket_peer_get(s) : NULL;
	u32 read = how & SOCKET_SHUT_READ, write = how & SOCKET_SHUT_WRITE;

	socket_end(s, how, 0);
	if (peer != NULL) {
		socket_end(peer,
			   (read ? SOCKET_SHUT_WRITE : 0u) |
				   (write ? SOCKET_SHUT_READ : 0u),
			   0);
		socket_put(peer);
	}
}

bool socket_empty(struct socket *s)
{
	struct list messages;
	u64 flags = waitq_lock(&s->q);
	bool had = !list_empty(&s->messages);

	list_init(&messages);
	s->dead = true;
	list_splice_back(&messages, &s->messages);
	s->bytes = s->count = 0;
	waitq_unlock(&s->q, flags);
	flights_end_all(s);
	socket_messages_drop(&messages);
	return had;
}

static void socket_close(struct file *file)
{
	struct socket *s = file->data, *peer;
	bool lost;

	socket_unbind(s);
	lost = socket_empty(s) || !s->accepted;
	socket_end(s, SOCKET_SHUT_BOTH, 0);
	peer = socket_peer_get(s);
	if (peer != NULL && s->type != SOCKET_DATAGRAM) {
		socket_end(peer, SOCKET_SHUT_BOTH, lost ? -ECONNRESET : 0);
	}
	pollq_wake_for(&socket_room, POLL_OUT);
	if (peer != NULL) {
		socket_peer_forget(s, peer);
		socket_put(peer);
	}
	flights_collect();
	socket_put(s);
}

bool socket_is_full(const struct socket *to, const struct socket *from)
{
	u32 count = READ_ONCE(to->count);

	if (READ_ONCE(to->state) == SOCKET_LISTENING) {
		return count > READ_ONCE(to->backlog);
	}
	return READ_ONCE(to->bytes) >= from->options.send_bytes ||
	       (to->type == SOCKET_DATAGRAM && count > SOCKET_DATAGRAMS_MAX &&
		to != from && READ_ONCE(to->peer) != from);
}

/* There is room for more, or nobody to send it to. */
static bool can_send(struct socket *s)
{
	struct socket *peer;
	bool can;

	if (READ_ONCE(s->state) == SOCKET_LISTENING) {
		return false;
	}
	peer = socket_peer_get(s);
	can = peer == NULL || READ_ONCE(peer->dead) ||
	      (!socket_lacks_room(peer, s) && !socket_is_full(peer, s));
	socket_put(peer);
	return can;
}

static u32 socket_poll(struct file *file, struct poller *poller)
{
	struct socket *s = file->data;
	u32 events = 0, shut;

	poller_watch(poller, &s->pollq);
	if (s->type == SOCKET_DATAGRAM) {
		poller_watch(poller, &socket_room);
	}
	shut = READ_ONCE(s->shut);
	if (READ_ONCE(s->options.error) != 0) {
		events |= POLL_ERROR;
	}
	if (shut == SOCKET_SHUT_BOTH ||
	    (s->type != SOCKET_DATAGRAM &&
	     READ_ONCE(s->state) == SOCKET_UNCONNECTED)) {
		events |= POLL_HANG_UP;
	}
	if (shut & SOCKET_SHUT_READ) {
		events |= POLL_READ_HANG_UP | POLL_IN;
	}
	if (READ_ONCE(s->count) > 0) {
		events |= POLL_IN;
	}
	return events | (can_send(s) ? POLL_OUT : 0u);
}

/* Bytes that one read, or of a stream all, would give. */
static u32 readable_bytes(struct socket *s)
{
	u64 flags = waitq_lock(&s->q);
	u32 bytes = 0;

	list_for_each (at, &s->messages) {
		const struct message *m = list_entry(at, struct message, link);

		bytes += m->len - m->at;
		if (s->type == SOCKET_DATAGRAM) {
			break;
		}
	}
	waitq_unlock(&s->q, flags);
	return bytes;
}

static long socket_ioctl(struct file *file, u64 request, uaddr_t arg)
{
	struct socket *s = file->data, *peer;
	u32 bytes = 0;

	if (request != SIOCINQ && request != SIOCOUTQ) {
		return -ENOTTY;
	}
	if (READ_ONCE(s->state) == SOCKET_LISTENING) {
		return -EINVAL;
	}
	if (request == SIOCINQ) {
		bytes = readable_bytes(s);
	} else {
		peer = socket_peer_get(s);
		bytes = peer ? READ_ONCE(peer->bytes) : 0;
		socket_put(peer);
	}
	return copy_to_user(arg, &bytes, sizeof(bytes));
}

static void socket_stat(struct file *file, struct file_stat *out)
{
	const struct socket *s = file->data;

	*out = (struct file_stat){ .mode = MODE_SOCKET | 0777,
				   .nlink = 1,
				   .ino = s->ino };
}

static const struct file_ops socket_ops = {
	.read = socket_read,
	.read_pieces = socket_read_pieces,
	.write = socket_write,
	.write_pieces = socket_write_pieces,
	.poll = socket_poll,
	.ioctl = socket_ioctl,
	.stat = socket_stat,
	.close = socket_close,
};
