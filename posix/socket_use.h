/* SPDX-License-Identifier: MIT */
/*
 * What system calls on sockets share.
 */
#ifndef EXO_POSIX_SOCKET_USE_H
#define EXO_POSIX_SOCKET_USE_H

#include "fs/socket.h"
#include "posix/descriptors.h"

/*
 * The socket of a descriptor, for the length of a call; then
 * file_use_end().  Errors: -EBADF, -ENOTSOCK.
 */
must_check int socket_use(u64 fd, u32 right, struct file_use *use,
			  struct socket **out);

/*
 * Reads a struct sockaddr_un of `len` bytes; without a name if there is
 * nothing but the family.  Errors: -EINVAL, -EFAULT.
 */
must_check int socket_address_read(uaddr_t from, u32 len,
				   struct socket_address *out);

/*
 * Writes as much of it as there is room for, which `*len` tells, and then is
 * how long it is.  Errors: -EFAULT, -EINVAL.
 */
must_check int socket_address_write(const struct socket_address *a, uaddr_t to,
				    uaddr_t len);

/* ---- What goes beside the bytes ----------------------------------------- */

/*
 * Reads what a message is to carry: m->rights, whose owner is the caller, and
 * m->cred.  Errors: -EINVAL, -EBADF, -EACCES, -EPERM, -ENOBUFS, -ENOMEM,
 * -EFAULT, -ETOOMANYREFS.
 */
must_check int control_read(uaddr_t control, u64 len_bytes,
			    struct socket_message *m);

/*
 * Gives what came to the running process: descriptors for the rights, which are
 * gone then.  `*len` is the room there, and becomes what was written.  Returns
 * flags for msg_flags.
 */
u32 control_write(uaddr_t control, u64 *len, struct socket_message *m,
		  bool with_cred, bool close_on_exec);

#endif
