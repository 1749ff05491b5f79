/* SPDX-License-Identifier: MIT */
/*
 * What the parts of sockets share: fs/socket.c (their files), fs/socket_send.c
 * and fs/socket_receive.c (their bytes), fs/socket_names.c (who finds whom) and
 * fs/socket_rights.c (files on their way).
 *
 * A socket has a queue of messages that were sent to it.  Bytes of a stream are
 * messages, too, that are read in pieces and together; who waits to be accepted
 * is one, too, that carries the file of the connection's other end.
 *
 * Locks: [q] the lock of its wait queue; [r] `reader`, a mutex that is held
 * over user copies; [n] sockets.lock; [f] flights.mutex.  Order: reader,
 * flights, then either spinlock.  No two sockets are locked at once: who
 * changes both ends changes one after the other.
 *
 * I1  Messages are put at the end of the queue under [q], and taken from its
 *     front under [r] and [q]: who holds [r] may look at the first one without
 *     [q].  Nobody sleeps with [r] for something to come.
 * I2  The peer of a stream or of a connection is set before anybody else knows
 *     the socket or, by connect(), before the state says CONNECTED, and stays
 *     until its file is closed: who uses the file reads it without a lock.
 *     That of a datagram socket changes under [n]; it is used with a reference.
 * I3  `dead` is set under [q] as the file is closed, and the queue is empty
 * from then on: nothing is put into it any more.  References keep the memory,
 *     not the file.
 * I4  Who waits for room counts itself in room_sleepers before it looks at the
 *     queue for the last time; who takes from the queue looks at the counter
 *     afterwards, a locked instruction in between.  So no wake-up is lost.  Who
 *     waits for messages looks under [q], under which they come.
 * I5  A file that a message carries holds its reference.  Sockets among them
 * are counted (`travels`) and listed at who carries them (`carried`) while they
 *     are on their way [f].  A socket all of whose references travel in sockets
 *     that nobody can reach either is closed (flights_collect()).
 */
#ifndef EXO_FS_SOCKET_PRIVATE_H
#define EXO_FS_SOCKET_PRIVATE_H

#include "fs/socket.h"
#include "kernel/mutex.h"
#include "kernel/waitq.h"
#include "lib/list.h"
#include "sched/poll.h"

/* Datagrams that wait at one who does not send to the sender. */
#define SOCKET_DATAGRAMS_MAX 10

enum socket_state {
	SOCKET_UNCONNECTED,
	SOCKET_LISTENING,
	SOCKET_CONNECTING,
	SOCKET_CONNECTED,
};

/* As it was bound; shared by who is accepted there. */
struct socket_name {
	u32 refs; /* [a] */
	u32 len;  /* [I] */
	char text[];
};

/* Marks: [I] immutable, [a] atomic, and those above. */
struct socket {
	u32 refs;      /* [a] */
	u8 type;       /* [I] enum socket_type */
	u8 state;      /* [q] */
	u8 shut;       /* [q] enum socket_shut */
	bool dead;     /* [q] */
	bool accepted; /* [q] or never was to be */
	struct waitq q;
	struct list messages; /* [q] */
	u32 bytes;            /* [q] that they take */
	u32 count;            /* [q] of them */
	u32 backlog;          /* [q] connections that may wait */
	u32 room_sleepers;    /* [a] */
	struct waitq room;    /* who waits to put something in */
	struct mutex reader;  /* LOCK_SOCKET */
	struct pollq pollq;
	struct socket *peer;      /* I2, with a reference */
	struct socket_name *name; /* [n] set once */
	struct vnode *vnode;      /* [n] a name's, with a reference */
	struct file *file;        /* [I] its own */
	struct socket_cred cred;  /* of who made or listens */
	struct socket_options options;
	u64 ino;              /* [I] */
	u32 travels;          /* [f] */
	bool reached;         /* [f] */
	struct list carried;  /* [f] struct flight */
	struct list involved; /* [f] in flights.sockets */
	struct list walk;     /* [f] */
};

/* `len` bytes behind it. */
struct message {
	struct list link; /* [q] */
	u32 len;
	u32 at;    /* [r] bytes of it were read */
	u32 takes; /* bytes of memory, of the limit */
	struct socket_cred cred;
	struct socket_name *name; /* of the sender of a datagram; or NULL */
	struct socket_rights *rights;
	u8 bytes[];
};

/* The datagram sockets whose pollers may find room somewhere. */
extern struct pollq socket_room;

static inline bool socket_is_stream(const struct socket *s)
{
	return s->type == SOCKET_STREAM;
}

static inline struct socket *socket_get(struct socket *s)
{
	__atomic_fetch_add(&s->refs, 1, __ATOMIC_RELAXED);
	return s;
}

/* NULL is allowed. */
void socket_put(struct socket *s);

static inline struct socket_name *socket_name_get(struct socket_name *name)
{
	if (name != NULL) {
		__atomic_fetch_add(&name->refs, 1, __ATOMIC_RELAXED);
	}
	return name;
}

void socket_name_put(struct socket_name *name);

/* Its name with a reference, or NULL. */
struct socket_name *socket_name_of(struct socket *s);

/* The peer with a reference, or NULL. */
struct socket *socket_peer_get(struct socket *s);

/* As `peer` is not any more; connected datagrams only. */
void socket_peer_forget(struct socket *s, const struct socket *peer);

/*
 * The socket of an address, with a reference.  Errors: -ECONNREFUSED,
 * -EPROTOTYPE, and those of walks.
 */
must_check int socket_find(const struct socket *s,
			   const struct socket_address *a, struct socket **out);

/* Its file is closed: nobody finds it any more. */
void socket_unbind(struct socket *s);

/* Nobody has room for more of it, as poll(2) tells. */
static inline bool socket_lacks_room(const struct socket *to,
				     const struct socket *from)
{
	return READ_ONCE(to->bytes) > from->options.send_bytes / 4;
}

/* It may not send any more to `to` now. */
bool socket_is_full(const struct socket *to, const struct socket *from);

/* With [q]: wakes those who sleep for messages. */
static inline void socket_wake_locked(struct socket *s)
{
	while (waitq_wake_one_locked(&s->q)) {
	}
}

/* What `how` shuts is shut; `error` is what its user is told. */
void socket_end(struct socket *s, u32 how, int error);

/* Gives back what was taken out of the queue: memory, files. */
void socket_messages_drop(struct list *messages);

/*
 * Closes what is in the queue, for ever (I3). True if there was something.
 */
bool socket_empty(struct socket *s);

/* Writes the name, or none (NULL). */
void socket_address_of(const struct socket_name *name,
		       struct socket_address *out);

/* socket_connect() of what is no datagram socket, which was found. */
must_check int socket_connect_to(struct socket *s, struct socket *listener,
				 bool nonblock);

/* Until when a call waits that has so much time. */
u64 socket_deadline(u64 limit_ns);

/* Sleeps. Errors, as the caller wants them: -EAGAIN, -EINTR, -ERESTART. */
must_check int socket_sleep_locked(struct waitq *q, u64 deadline_ns,
				   u64 limit_ns);

/* Sleeps until there is room at `to`, or never will be. */
must_check int socket_room_sleep(struct socket *to, const struct socket *from,
				 u64 deadline_ns);

/*
 * Puts a message at the end.  Errors: -EAGAIN (full), -EPIPE (shut),
 * -ECONNREFUSED (dead).
 */
must_check int socket_push(struct socket *to, const struct socket *from,
			   struct message *m);

/* The rights are on their way to `to`, and not any more. */
void flights_begin(struct socket_rights *rights, struct socket *to);
void flights_end(struct socket_rights *rights);

/* Those that it carries are on their way no more: it is closed. */
void flights_end_all(struct socket *carrier);

/* Closes those that only hold each other. */
void flights_collect(void);

/* Copies. NULL: no memory. */
must_check struct socket_rights *
socket_rights_copy(const struct socket_rights *from);

/* Of struct file_ops. */
long socket_read(struct file *file, uaddr_t dst, size_t len_bytes);
long socket_read_pieces(struct file *file, const struct file_piece *piece,
			size_t len_bytes);
long socket_write(struct file *file, uaddr_t src, size_t len_bytes);
long socket_write_pieces(struct file *file, const struct file_piece *piece,
			 size_t len_bytes);

/* Where in user memory a message is read or written. */
struct socket_cursor {
	const struct file_piece *piece;
	u64 at; /* bytes of it are done */
};

/* The next place, for at most len_bytes > 0, which are done then: how many. */
static inline size_t socket_cursor_take(struct socket_cursor *c,
					size_t len_bytes, uaddr_t *place)
{
	size_t len = MIN(len_bytes, c->piece->len_bytes - c->at);

	*place = uaddr_add(c->piece->base, c->at);
	c->at += len;
	if (c->at == c->piece->len_bytes) {
		c->piece++;
		c->at = 0;
	}
	return len;
}

static inline bool socket_is_nonblock(const struct file *file, u32 flags)
{
	return ((READ_ONCE(file->flags) & FILE_NONBLOCK) != 0) |
	       ((flags & SOCKET_DONTWAIT) != 0);
}

#endif
