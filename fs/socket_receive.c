/* SPDX-License-Identifier: MIT */
/*
 * Messages out of sockets; sockets as files.  The invariants are in
 * fs/socket_private.h.
 */
#include "fs/socket_private.h"

#include "arch/user.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/kmem.h"

/* Copies to the next bytes of user memory. Errors: -EFAULT. */
static int bytes_out(struct socket_cursor *c, const u8 *from, size_t len_bytes)
{
	while (len_bytes > 0) {
		uaddr_t to;
		size_t len = socket_cursor_take(c, len_bytes, &to);

		if (copy_to_user(to, from, len) != 0) {
			return -EFAULT;
		}
		from += len;
		len_bytes -= len;
	}
	return 0;
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
	struct socket_cursor to;
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
	bool nonblock = socket_is_nonblock(file, c->r->flags);
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

/* ---- As files ----------------------------------------------------------- */

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
