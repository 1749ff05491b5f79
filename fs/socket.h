/* SPDX-License-Identifier: MIT */
/*
 * Sockets between the programs of this machine (AF_UNIX): streams, datagrams
 * and connections that keep messages apart.  How they work stands in
 * fs/socket_private.h; system calls on them in posix/sys_socket.c and
 * posix/sys_message.c.
 */
#ifndef EXO_FS_SOCKET_H
#define EXO_FS_SOCKET_H

#include "fs/file.h"
#include "ipc/capability.h"
#include "lib/types.h"

/* With the ABI's values, as are those that follow. */
enum socket_type {
	SOCKET_STREAM = 1,
	SOCKET_DATAGRAM = 2,
	SOCKET_PACKETS = 5,
};

enum socket_message_flags {
	SOCKET_PEEK = 2,
	SOCKET_CUT = 0x20, /* MSG_TRUNC */
	SOCKET_DONTWAIT = 0x40,
	SOCKET_WAITALL = 0x100,
	SOCKET_NOSIGNAL = 0x4000,
};

enum socket_shut {
	SOCKET_SHUT_READ = 1,
	SOCKET_SHUT_WRITE = 2,
	SOCKET_SHUT_BOTH = 3,
};

/* What SO_SNDBUF says at first, and half of the most that it may say. */
#define SOCKET_BUFFER_BYTES 212992u

/* What it may be made, as on Linux. */
#define SOCKET_BUFFER_LEAST 4608u

/* What may stand behind the family of an address. */
#define SOCKET_NAME_MAX 108u

/* How many files one message carries. */
#define SOCKET_RIGHTS_MAX 253u

/* struct ucred */
struct socket_cred {
	u32 pid;
	u32 uid;
	u32 gid;
};

/*
 * A path (with its NUL) or an abstract name (which begins with one); without
 * bytes: none.
 */
struct socket_address {
	u32 len;
	char text[SOCKET_NAME_MAX + 1];
};

/* Files that a message carries. */
struct socket_rights;

/* In user memory, of `len_bytes` in all. */
struct socket_message {
	const struct file_piece *piece;
	size_t len_bytes;
	u32 flags;                      /* enum socket_message_flags */
	struct socket_cred cred;        /* the sender's */
	struct socket_rights *rights;   /* sent: NULL when they are gone */
	struct socket_address *address; /* sent: to whom; NULL: to the peer */
	/* Received. */
	u32 out_flags; /* SOCKET_CUT */
};

struct socket;

/* Context: boot, once; the file systems are there. Errors: -ENOMEM. */
must_check int socket_init(void);

/* The file's socket, or NULL. */
struct socket *socket_of(const struct file *file);

enum socket_type socket_type(const struct socket *s);

/* A new file. Errors: -ENOMEM.  Context of all: thread, may sleep. */
must_check int socket_create(enum socket_type type, struct file **out);

/* Two files that are connected. Errors: -ENOMEM. */
must_check int socket_pair(enum socket_type type, struct file *files[2]);

/*
 * Gives it a name; an address of no bytes: one of the kernel's.
 * Errors: -EINVAL (it has one), -EADDRINUSE, and those of making a name.
 */
must_check int socket_bind(struct socket *s, const struct socket_address *a);

/* Errors: -EOPNOTSUPP, -EINVAL. */
must_check int socket_listen(struct socket *s, u32 backlog);

/*
 * Connects; datagrams: to whom they go (NULL: to nobody any more).
 * Errors: -ECONNREFUSED, -EPROTOTYPE, -EISCONN, -EINVAL, -EAGAIN, -ERESTART,
 * -EINTR, -EPERM, and those of walks.
 */
must_check int socket_connect(struct socket *s, const struct socket_address *a,
			      bool nonblock);

/*
 * The next who connected, with a reference for cap_drop().  Errors:
 * -EOPNOTSUPP, -EINVAL, -EAGAIN, -ERESTART, -EINTR.
 */
must_check int socket_accept(struct socket *s, bool nonblock, struct cap *out);

/* Errors: -ENOTCONN. */
must_check int socket_address(struct socket *s, bool of_peer,
			      struct socket_address *out);

/* how: enum socket_shut. */
void socket_shutdown(struct socket *s, u32 how);

/*
 * Bytes sent.  Errors: -ENOTCONN,
 * -EPIPE (with SIGPIPE for streams unless SOCKET_NOSIGNAL), -EMSGSIZE,
 * -ECONNREFUSED, -ECONNRESET, -EAGAIN, -EINTR, -ERESTART, -EFAULT, -ENOMEM.
 */
must_check long socket_send(struct file *file, struct socket_message *m);

/*
 * Bytes received; rights that come are the caller's, peeked ones copies.
 * Errors: likewise, and -EINVAL.
 */
must_check long socket_receive(struct file *file, struct socket_message *m);

/* ---- Rights ------------------------------------------------------------- */

/* Room for some; NULL: no memory. */
must_check struct socket_rights *socket_rights_create(u32 count);

/* Adds one, with its references. */
void socket_rights_add(struct socket_rights *rights, struct cap cap);

u32 socket_rights_count(const struct socket_rights *rights);

/* The next one, from the first on, with its references. */
struct cap socket_rights_take(struct socket_rights *rights);

/* Drops what is left; NULL is allowed. Context: thread, may sleep. */
void socket_rights_free(struct socket_rights *rights);

/* So many are on their way in the whole machine. */
u32 socket_rights_travelling(void);

/* ---- Options ------------------------------------------------------------ */

/* What getsockopt() and setsockopt() look at and change. */
struct socket_options {
	bool listens; /* not to change, like the next four */
	u32 error;    /* and forgets it */
	u32 type;
	struct socket_cred peer; /* pid 0: none */
	u32 send_bytes;
	u32 receive_bytes;
	bool pass_cred;
	u64 receive_ns; /* WAITQ_FOREVER: no limit */
	u64 send_ns;
	u64 kept; /* a bit for each that changes nothing */
};

/* The options in place; `error` is taken by who asks for it alone. */
struct socket_options *socket_options(struct socket *s);
u32 socket_error_take(struct socket *s);

/* Upward, defined by posix/: who calls. */
struct socket_cred socket_cred_current(void);

#endif
