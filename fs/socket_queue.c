/* SPDX-License-Identifier: MIT */
/*
 * What sockets carry.  The invariants are in fs/socket_private.h.
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

/* Where in user memory. */
struct cursor {
	const struct file_piece *piece;
	u64 at; /* bytes of it are done */
};

/* ---- Waiting --------------------------------------------------------------
 */

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

/*
 * After something was taken, and the mutex was released, whose locked
 * instruction stands between (I4).  `tell`: who polls may find room.
 */
static inline void room_made(struct socket *s, bool tell)
{
	if (unlikely(READ_ONCE(s->room_sleepers) > 0)) {
		waitq_wake_all(&s->room);
	}
	if (unlikely(tell)) {
		pollq_wake_for(s->type == SOCKET_DATAGRAM ? &socket_room
							  : &s->peer->pollq,
			       POLL_OUT);
	}
}

/* There is room where there was none, as poll(2) tells.  With [q]. */
static bool makes_room_locked(const struct socket *s, u32 had_bytes,
			      u32 had_count)
{
	if (s->type == SOCKET_DATAGRAM) {
		return had_bytes > SOCKET_BUFFER_LEAST / 4 ||
		       had_count > SOCKET_DATAGRAMS_MAX;
	}
	return had_bytes > s->peer->options.send_bytes / 4 &&
	       !socket_lacks_room(s, s->peer);
}

/* ---- Sending --------------------------------------------------------------
 */

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
static int bytes_in(struct cursor *c, u8 *to, size_t len_bytes)
{
	while (len_bytes > 0) {
		size_t len = MIN(len_bytes, c->piece->len_bytes - c->at);

		if (copy_from_user(to, uaddr_add(c->piece->base, c->at), len) !=
		    0) {
			return -EFAULT;
		}
		to += len;
		len_bytes -= len;
		c->at += len;
		if (c->at == c->piece->len_bytes) {
			c->piece++;
			c->at = 0;
		}
	}
	return 0;
}

/* A message of the next bytes. Errors: -ENOMEM, -EFAULT. */
static int message_create(struct cursor *c, size_t len_bytes,
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

static bool is_nonblock(const struct file *file, u32 flags)
{
	return ((READ_ONCE(file->flags) & FILE_NONBLOCK) != 0) |
	       ((flags & SOCKET_DONTWAIT) != 0);
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
	bool nonblock = is_nonblock(file, w->flags);
	struct cursor from = { w->piece, 0 };
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
	struct cursor from = { w->piece, 0 };
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
	err = deliver(s, to, m, is_nonblock(file, w->flags));
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

/* ---- Receiving ------------------------------------------------------------
 */

/* Copies to the next bytes of user memory. Errors: -EFAULT. */
static int bytes_out(struct cursor *c, const u8 *from, size_t len_bytes)
{
	while (len_bytes > 0) {
		size_t len = MIN(len_bytes, c->piece->len_bytes - c->at);

		if (copy_to_user(uaddr_add(c->piece->base, c->at), from, len) !=
		    0) {
			return -EFAULT;
		}
		from += len;
		len_bytes -= len;
		c->at += len;
		if (c->at == c->piece->len_bytes) {
			c->piece++;
			c->at = 0;
		}
	}
	return 0;
}

/* The first message, NULL: none.  With [r] (I1). */
static struct message *first_message(const struct socket *s)
{
	const struct list *at = READ_ONCE(s->messages.next);

	return at == &s->messages ? NULL : list_entry(at, struct message, link);
}

/* The one behind it. */
static struct message *next_message(struct socket *s, struct message *m)
{
	u64 flags = waitq_lock(&s->q);
	const struct list *at = m->link.next;

	waitq_unlock(&s->q, flags);
	return at == &s->messages ? NULL : list_entry(at, struct message, link);
}

/* What one call has so far. */
struct reception {
	struct socket_message *r;
	struct cursor to;
	size_t done;
	bool stop; /* what follows does not belong to it */
	bool some; /* something was there */
	bool room; /* and left room that is to be told of */
};

/* Takes the first message out, and frees it. */
static void message_end(struct socket *s, struct message *m,
			struct reception *c)
{
	u64 flags = waitq_lock(&s->q);
	u32 bytes = s->bytes, count = s->count;

	list_drop_front(&s->messages);
	WRITE_ONCE(s->bytes, bytes - m->takes);
	WRITE_ONCE(s->count, count - 1);
	c->room |= makes_room_locked(s, bytes, count);
	waitq_unlock(&s->q, flags);
	if (unlikely(m->name != NULL)) {
		socket_name_put(m->name);
	}
	kfree(m);
}

/* What a message carries is the caller's, or he gets copies. */
static void unload(struct message *m, struct socket_message *r)
{
	if (r->flags & SOCKET_PEEK) {
		r->rights = socket_rights_copy(m->rights);
		return;
	}
	r->rights = m->rights;
	m->rights = NULL;
	flights_end(r->rights);
}

static bool same_cred(const struct socket_cred *a, const struct socket_cred *b)
{
	return a->pid == b->pid && a->uid == b->uid && a->gid == b->gid;
}

/* One message of a stream: what fits of it. */
static int take_some(struct socket *s, struct message *m, struct reception *c)
{
	struct socket_message *r = c->r;
	u32 len = (u32)MIN(r->len_bytes - c->done, (size_t)(m->len - m->at));
	bool loaded = m->rights != NULL;

	if (unlikely(s->options.pass_cred) && c->some &&
	    !same_cred(&m->cred, &r->cred)) {
		c->stop = true;
		return 0;
	}
	if (bytes_out(&c->to, m->bytes + m->at, len) != 0) {
		return -EFAULT;
	}
	r->cred = m->cred;
	c->some = true;
	c->done += len;
	if (unlikely(loaded)) {
		unload(m, r);
	}
	if (r->flags & SOCKET_PEEK) {
		c->stop = loaded;
		return 0;
	}
	m->at += len;
	if (m->at < m->len) {
		return 0;
	}
	c->stop = loaded;
	message_end(s, m, c);
	return 0;
}

static int take_stream(struct socket *s, struct reception *c)
{
	bool peek = c->r->flags & SOCKET_PEEK;
	struct message *m = first_message(s);
	int err = 0;

	while (m != NULL && err == 0) {
		err = take_some(s, m, c);
		if (c->stop || c->done == c->r->len_bytes) {
			break;
		}
		m = peek ? next_message(s, m) : first_message(s);
	}
	return err;
}

void socket_address_of(const struct socket_name *name,
		       struct socket_address *out)
{
	out->len = name ? name->len : 0;
	if (name != NULL) {
		memcpy(out->text, name->text, name->len);
	}
}

static int take_packet(struct socket *s, struct reception *c)
{
	struct socket_message *r = c->r;
	struct message *m = first_message(s);
	size_t len;
	int err;

	if (m == NULL) {
		return 0;
	}
	c->some = c->stop = true;
	len = MIN(r->len_bytes, (size_t)m->len);
	r->out_flags = m->len > len ? SOCKET_CUT : 0;
	err = bytes_out(&c->to, m->bytes, len);
	c->done = err ? 0 : r->flags & SOCKET_CUT ? m->len : len;
	r->cred = m->cred;
	if (r->address != NULL) {
		socket_address_of(m->name, r->address);
	}
	if (m->rights != NULL) {
		unload(m, r);
	}
	if (!(r->flags & SOCKET_PEEK)) {
		message_end(s, m, c);
	}
	return err;
}

/* Why there is nothing to wait for: 1: nothing ever will come. */
static int no_wait(struct socket *s, bool nonblock)
{
	u32 error = socket_error_take(s);
	bool over = s->shut & SOCKET_SHUT_READ;

	if (error) {
		return -(int)error;
	}
	/* As on Linux, datagrams alone may always come again. */
	if (nonblock && (!over || s->type == SOCKET_DATAGRAM)) {
		return -EAGAIN;
	}
	return over;
}

/* Sleeps until something comes. As no_wait(), and -ERESTART, -EINTR. */
static int await(struct socket *s, bool nonblock, u64 deadline)
{
	u64 flags = waitq_lock(&s->q);
	int err = 0;

	while (err == 0 && list_empty(&s->messages)) {
		err = no_wait(s, nonblock);
		if (err == 0) {
			err = socket_sleep_locked(&s->q, deadline,
						  s->options.receive_ns);
		}
	}
	waitq_unlock(&s->q, flags);
	return err;
}

/* Takes what is there. */
static int take(struct socket *s, struct reception *c)
{
	int err;

	mutex_lock(&s->reader);
	err = socket_is_stream(s) ? take_stream(s, c) : take_packet(s, c);
	mutex_unlock(&s->reader);
	if (c->some) {
		room_made(s, c->room);
	}
	return err;
}

/* Who has got something, and has to wait for more, does so only if asked to. */
static bool is_enough(const struct socket *s, const struct reception *c)
{
	const struct socket_message *r = c->r;

	return c->some && (!(r->flags & SOCKET_WAITALL) || c->stop ||
			   (r->flags & SOCKET_PEEK) || !socket_is_stream(s) ||
			   c->done == r->len_bytes);
}

static int receive(struct file *file, struct reception *c)
{
	struct socket *s = file->data;
	bool nonblock = is_nonblock(file, c->r->flags);
	u64 deadline = socket_deadline(s->options.receive_ns);
	int err = 0;

	for (;;) {
		/* Who has to wait does not take the mutex for nothing. */
		if (first_message(s) != NULL) {
			err = take(s, c);
		}
		if (err != 0 || is_enough(s, c)) {
			return err;
		}
		err = await(s, nonblock, deadline);
		if (err != 0) {
			return err;
		}
	}
}

static int receive_refused(struct socket *s)
{
	u32 error;

	if (s->type != SOCKET_DATAGRAM &&
	    /* Pairs with the release in state_change(). */
	    __atomic_load_n(&s->state, __ATOMIC_ACQUIRE) != SOCKET_CONNECTED) {
		return socket_is_stream(s) ? -EINVAL : -ENOTCONN;
	}
	if (socket_is_stream(s)) {
		return 0;
	}
	/* Packets behind an error are told after it. */
	error = READ_ONCE(s->options.error) ? socket_error_take(s) : 0;
	return -(int)error;
}

long socket_receive(struct file *file, struct socket_message *r)
{
	struct socket *s = file->data;
	struct reception c = { .r = r, .to = { r->piece, 0 } };
	int err = receive_refused(s);

	r->out_flags = 0;
	r->rights = NULL;
	err = err ? err : receive(file, &c);
	if (unlikely(err < 0) && c.done == 0) {
		socket_rights_free(r->rights);
		r->rights = NULL;
		return err;
	}
	if (r->address != NULL && c.some && socket_is_stream(s)) {
		(void)!socket_address(s, true, r->address);
	}
	return (long)c.done;
}

/* ---- As files -------------------------------------------------------------
 */

long socket_read_pieces(struct file *file, const struct file_piece *piece,
			size_t len_bytes)
{
	struct socket_message r = { .piece = piece, .len_bytes = len_bytes };
	long got = socket_receive(file, &r);

	if (unlikely(r.rights != NULL)) {
		socket_rights_free(r.rights);
	}
	return got;
}

long socket_read(struct file *file, uaddr_t dst, size_t len_bytes)
{
	struct file_piece piece = { dst, len_bytes };

	return len_bytes ? socket_read_pieces(file, &piece, len_bytes) : 0;
}

long socket_write_pieces(struct file *file, const struct file_piece *piece,
			 size_t len_bytes)
{
	struct socket_message w = { .piece = piece,
				    .len_bytes = len_bytes,
				    .cred = socket_cred_current() };

	return socket_send(file, &w);
}

long socket_write(struct file *file, uaddr_t src, size_t len_bytes)
{
	struct file_piece piece = { src, len_bytes };

	return socket_write_pieces(file, &piece, len_bytes);
}
