/* SPDX-License-Identifier: MIT */
/*
 * Connections: who listens, who connects, who is accepted.  Who connects makes
 * the other end himself, with its file, and sends that to who listens.  See
 * fs/socket_private.h.
 */
#include "fs/socket_private.h"

#include "kernel/clock.h"
#include "lib/errno.h"
#include "mm/kmem.h"

/* As net.core.somaxconn of Linux. */
#define BACKLOG_MAX 4096u

int socket_listen(struct socket *s, u32 backlog)
{
	int err = -EINVAL;
	u64 flags;

	if (s->type == SOCKET_DATAGRAM) {
		return -EOPNOTSUPP;
	}
	flags = waitq_lock(&s->q);
	if (READ_ONCE(s->name) != NULL &&
	    (s->state == SOCKET_UNCONNECTED || s->state == SOCKET_LISTENING)) {
		err = 0;
		WRITE_ONCE(s->backlog, MIN(backlog, BACKLOG_MAX));
		WRITE_ONCE(s->state, SOCKET_LISTENING);
		s->cred = socket_cred_current();
	}
	waitq_unlock(&s->q, flags);
	if (err == 0) {
		waitq_wake_all(&s->room);
	}
	return err;
}

/* From one state to another. Errors: why not. */
static int state_change(struct socket *s, enum socket_state from,
			enum socket_state to)
{
	u64 flags = waitq_lock(&s->q);
	int err = s->state == from               ? 0
		  : s->state == SOCKET_CONNECTED ? -EISCONN
						 : -EINVAL;

	if (err == 0) {
		/* Who sees it sees what was set before (I2). */
		__atomic_store_n(&s->state, (u8)to, __ATOMIC_RELEASE);
	}
	waitq_unlock(&s->q, flags);
	return err;
}

/* The other end of `s`, in a message to `listener`. NULL: no memory. */
static struct message *other_end(struct socket *s, struct socket *listener,
				 struct file **out)
{
	struct socket_rights *rights = socket_rights_create(1);
	struct message *m = kzalloc(sizeof(*m));
	struct socket *end;

	if (rights == NULL || m == NULL || socket_create(s->type, out) != 0) {
		kfree(rights);
		kfree(m);
		return NULL;
	}
	end = (*out)->data;
	end->peer = socket_get(s);
	end->name = socket_name_of(listener);
	end->accepted = false;
	end->state = SOCKET_CONNECTED;
	end->options.peer = socket_cred_current();
	end->options.pass_cred = listener->options.pass_cred;
	socket_rights_add(rights, (struct cap){ *out, CAP_ANY | CAP_ALL,
						(*out)->ops->type });
	m->rights = rights;
	m->takes = sizeof(*m);
	return m;
}

/* The end that nobody accepts does not take `s` with it. */
static void other_end_drop(struct message *m, struct socket *end)
{
	struct list messages;

	socket_peer_forget(end, end->peer);
	list_init(&messages);
	list_push_back(&messages, &m->link);
	socket_messages_drop(&messages);
}

static int connect_once(struct socket *s, struct socket *listener)
{
	struct file *file;
	struct message *m = other_end(s, listener, &file);
	struct socket *end;
	int err;

	if (m == NULL) {
		return -ENOMEM;
	}
	end = socket_get(file->data);
	err = state_change(s, SOCKET_UNCONNECTED, SOCKET_CONNECTING);
	if (err == 0) {
		flights_begin(m->rights, listener);
		err = socket_push(listener, s, m);
		if (err == 0) {
			s->peer = end;
			s->options.peer = listener->cred;
			return state_change(s, SOCKET_CONNECTING,
					    SOCKET_CONNECTED);
		}
		(void)!state_change(s, SOCKET_CONNECTING, SOCKET_UNCONNECTED);
	}
	other_end_drop(m, end);
	socket_put(end);
	return err;
}

int socket_connect_to(struct socket *s, struct socket *listener, bool nonblock)
{
	u64 deadline = socket_deadline(s->options.send_ns);
	int err;

	do {
		if (READ_ONCE(listener->state) != SOCKET_LISTENING ||
		    READ_ONCE(listener->dead)) {
			return -ECONNREFUSED;
		}
		err = connect_once(s, listener);
		if (err == -EPIPE) {
			return -ECONNREFUSED;
		}
		if (err != -EAGAIN || nonblock) {
			return err;
		}
		err = socket_room_sleep(listener, s, deadline);
	} while (err == 0);
	return err;
}

/* The first message of who listens, or why there is none. */
static int take_waiting(struct socket *s, bool nonblock, u64 deadline,
			struct message **out)
{
	u64 flags = waitq_lock(&s->q);
	int err = s->state == SOCKET_LISTENING ? 0 : -EINVAL;

	while (err == 0 && list_empty(&s->messages)) {
		err = s->shut & SOCKET_SHUT_READ ? -EINVAL
		      : nonblock                 ? -EAGAIN
				 : socket_sleep_locked(&s->q, deadline,
						       s->options.receive_ns);
	}
	if (err == 0) {
		*out = list_entry(list_pop_front(&s->messages), struct message,
				  link);
		s->bytes -= (*out)->takes;
		s->count--;
	}
	waitq_unlock(&s->q, flags);
	return err;
}

int socket_accept(struct socket *s, bool nonblock, struct cap *out)
{
	struct message *m;
	int err;

	if (s->type == SOCKET_DATAGRAM) {
		return -EOPNOTSUPP;
	}
	err = take_waiting(s, nonblock, socket_deadline(s->options.receive_ns),
			   &m);
	if (err) {
		return err;
	}
	flights_end(m->rights);
	*out = socket_rights_take(m->rights);
	socket_of(cap_object(*out))->accepted = true;
	socket_rights_free(m->rights);
	kfree(m);
	waitq_wake_all(&s->room);
	return 0;
}
