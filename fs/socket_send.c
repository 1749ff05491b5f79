/* SPDX-License-Identifier: MIT */
/*
 * Messages into sockets, and waiting for room.  The invariants are in
 * fs/socket_private.h.
 */
#include "fs/socket_private.h"

#include "arch/user.h"
#include "fs/pipe.h"
#include "kernel/clock.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/kmem.h"

/* A message of a stream takes a page at most, with its head. */
#define STREAM_BYTES (PAGE_SIZE - sizeof(struct message))

/* As Linux keeps it from the most that a datagram may be. */
#define DATAGRAM_SLACK 32

/* ---- Waiting ------------------------------------------------------------ */

u64 socket_deadline(u64 limit_ns)
{
	return likely(limit_ns == WAITQ_FOREVER) ? WAITQ_FOREVER
						 : clock_ns() + limit_ns;
}

/* What the end of a sleep is to the caller, who had so much time. */
static int sleep_error(int err, u64 limit_ns)
{
	if (err == -ETIMEDOUT) {
		return -EAGAIN;
	}
	return err == -EINTR && limit_ns == WAITQ_FOREVER ? -ERESTART : err;
}

int socket_sleep_locked(struct waitq *q, u64 deadline_ns, u64 limit_ns)
{
	return sleep_error(waitq_sleep_interruptible(q, deadline_ns), limit_ns);
}

/* There is room, or there is nothing to wait for. */
static bool room_or_end(const struct socket *to, const struct socket *from)
{
	return !socket_is_full(to, from) || READ_ONCE(to->dead) ||
	       (READ_ONCE(to->shut) & SOCKET_SHUT_READ) ||
	       (READ_ONCE(from->shut) & SOCKET_SHUT_WRITE);
}

int socket_room_sleep(struct socket *to, const struct socket *from,
		      u64 deadline_ns)
{
	u64 flags = waitq_lock(&to->room);
	int err = 0;

	/* Pairs with the locked instruction in room_made() (I4). */
	__atomic_fetch_add(&to->room_sleepers, 1, __ATOMIC_SEQ_CST);
	while (err == 0 && !room_or_end(to, from)) {
		err = socket_sleep_locked(&to->room, deadline_ns,
					  from->options.send_ns);
	}
	__atomic_fetch_sub(&to->room_sleepers, 1, __ATOMIC_RELAXED);
	waitq_unlock(&to->room, flags);
	return err;
}

/* ---- Sending ------------------------------------------------------------ */

int socket_push(struct socket *to, const struct socket *from, struct message *m)
{
	u64 flags = waitq_lock(&to->q);
	int err = 0;

	if (unlikely(to->dead)) {
		err = from->type == SOCKET_DATAGRAM ? -ECONNREFUSED : -EPIPE;
	} else if (unlikely((to->shut & SOCKET_SHUT_READ) ||
			    (from->shut & SOCKET_SHUT_WRITE))) {
		err = -EPIPE;
	} else if (unlikely(socket_is_full(to, from))) {
		err = -EAGAIN;
	} else {
		list_push_back(&to->messages, &m->link);
		WRITE_ONCE(to->bytes, to->bytes + m->takes);
		WRITE_ONCE(to->count, to->count + 1);
		socket_wake_locked(to);
	}
	waitq_unlock(&to->q, flags);
	if (likely(err == 0)) {
		pollq_wake_for(&to->pollq, POLL_IN);
	}
	return err;
}

/* Copies the next bytes of user memory. Errors: -EFAULT. */
static int bytes_in(struct socket_cursor *c, u8 *to, size_t len_bytes)
{
	while (len_bytes > 0) {
		uaddr_t from;
		size_t len = socket_cursor_take(c, len_bytes, &from);

		if (copy_from_user(to, from, len) != 0) {
			return -EFAULT;
		}
		to += len;
		len_bytes -= len;
	}
	return 0;
}

/* A message of the next bytes. Errors: -ENOMEM, -EFAULT. */
static int message_create(struct socket_cursor *c, size_t len_bytes,
			  const struct socket_cred *cred, struct message **out)
{
	struct message *m = kmalloc(sizeof(*m) + len_bytes);
	int err = m ? bytes_in(c, m->bytes, len_bytes) : -ENOMEM;

	if (unlikely(err)) {
		kfree(m);
		return err;
	}
	m->len = (u32)len_bytes;
	m->at = 0;
	m->takes = (u32)(sizeof(*m) + len_bytes);
	m->cred = *cred;
	m->name = NULL;
	m->rights = NULL;
	*out = m;
	return 0;
}

/* It carries them, too. */
static void message_load(struct message *m, struct socket_rights *rights,
			 struct socket *to)
{
	m->rights = rights;
	m->takes += socket_rights_count(rights) * (u32)sizeof(struct cap);
	flights_begin(rights, to);
}

/* Puts it into the queue, or gives it back without what it was to carry. */
static int deliver(struct socket *s, struct socket *to, struct message *m,
		   bool nonblock)
{
	int err = socket_push(to, s, m);

	if (unlikely(err == -EAGAIN) && !nonblock) {
		u64 deadline = socket_deadline(s->options.send_ns);

		do {
			err = socket_room_sleep(to, s, deadline);
			err = err ? err : socket_push(to, s, m);
		} while (err == -EAGAIN && clock_ns() < deadline);
	}
	if (unlikely(err)) {
		if (m->rights != NULL) {
			flights_end(m->rights);
		}
		socket_name_put(m->name);
		kfree(m);
	}
	return err;
}

static long send_stream(struct file *file, struct socket_message *w)
{
	struct socket *s = file->data, *to = s->peer;
	bool nonblock = socket_is_nonblock(file, w->flags);
	struct socket_cursor from = { w->piece, 0 };
	size_t done = 0;

	while (done < w->len_bytes) {
		size_t len = MIN(w->len_bytes - done, STREAM_BYTES);
		struct message *m;
		int err = message_create(&from, len, &w->cred, &m);

		if (likely(err == 0)) {
			if (unlikely(done == 0 && w->rights != NULL)) {
				message_load(m, w->rights, to);
			}
			err = deliver(s, to, m, nonblock);
		}
		if (unlikely(err)) {
			return done > 0 ? (long)done : err;
		}
		w->rights = NULL;
		done += len;
	}
	return (long)done;
}

static long send_packet(struct file *file, struct socket *to,
			struct socket_message *w)
{
	struct socket *s = file->data;
	struct socket_cursor from = { w->piece, 0 };
	struct message *m;
	int err;

	if (w->len_bytes > s->options.send_bytes - DATAGRAM_SLACK) {
		return -EMSGSIZE;
	}
	err = message_create(&from, w->len_bytes, &w->cred, &m);
	if (err) {
		return err;
	}
	m->name = socket_name_of(s);
	if (w->rights != NULL) {
		message_load(m, w->rights, to);
	}
	err = deliver(s, to, m, socket_is_nonblock(file, w->flags));
	if (err) {
		return err;
	}
	w->rights = NULL;
	return (long)w->len_bytes;
}

/* Nobody else sends to who sends to one. */
static bool may_send(const struct socket *s, const struct socket *to)
{
	const struct socket *theirs = READ_ONCE(to->peer);

	return theirs == NULL || theirs == s;
}

static long send_datagram(struct file *file, struct socket_message *w)
{
	struct socket *s = file->data, *to = NULL;
	long result = 0;

	if (w->address != NULL) {
		result = socket_find(s, w->address, &to);
	} else {
		to = socket_peer_get(s);
		result = to ? 0 : -ENOTCONN;
	}
	if (result) {
		return result;
	}
	result = s->shut & SOCKET_SHUT_WRITE ? -EPIPE
		 : may_send(s, to)           ? send_packet(file, to, w)
					     : -EPERM;
	if (result == -ECONNREFUSED && w->address == NULL) {
		socket_peer_forget(s, to);
	}
	socket_put(to);
	return result;
}

static long send_connected(struct file *file, struct socket_message *w)
{
	struct socket *s = file->data;
	bool connected;
	u32 error;

	/* Pairs with the release in state_change(). */
	connected = __atomic_load_n(&s->state, __ATOMIC_ACQUIRE) ==
		    SOCKET_CONNECTED;
	if (unlikely(w->address != NULL) && socket_is_stream(s)) {
		return connected ? -EISCONN : -EOPNOTSUPP;
	}
	if (unlikely(!connected)) {
		return -ENOTCONN;
	}
	if (socket_is_stream(s)) {
		return unlikely(s->shut & SOCKET_SHUT_WRITE)
			       ? -EPIPE
			       : send_stream(file, w);
	}
	error = socket_error_take(s);
	return error ? -(long)error : send_packet(file, s->peer, w);
}

long socket_send(struct file *file, struct socket_message *w)
{
	const struct socket *s = file->data;
	long result = s->type == SOCKET_DATAGRAM ? send_datagram(file, w)
						 : send_connected(file, w);

	if (unlikely(result == -EPIPE) && socket_is_stream(s) &&
	    !(w->flags & SOCKET_NOSIGNAL)) {
		file_broken_pipe();
	}
	return result;
}
