/* SPDX-License-Identifier: MIT */
/*
 * System calls that send messages through sockets, and receive them.
 */
#include "arch/user.h"
#include "kernel/clock.h"
#include "lib/errno.h"
#include "mm/kmem.h"
#include "posix/abi_file.h"
#include "posix/abi_socket.h"
#include "posix/pieces.h"
#include "posix/process.h"
#include "posix/socket_use.h"
#include "posix/syscall.h"
#include "posix/time.h"

static_assert((int)ABI_MSG_PEEK == (int)SOCKET_PEEK &&
		      (int)ABI_MSG_TRUNC == (int)SOCKET_CUT &&
		      (int)ABI_MSG_DONTWAIT == (int)SOCKET_DONTWAIT &&
		      (int)ABI_MSG_WAITALL == (int)SOCKET_WAITALL &&
		      (int)ABI_MSG_NOSIGNAL == (int)SOCKET_NOSIGNAL,
	      "fs/socket.h");
static_assert(sizeof(struct abi_msghdr) == 56, "as programs have it");

/* One call moves at most this much, as in posix/sys_file.c. */
#define MOVE_MAX_BYTES 0x7ffff000ul

/* Messages that one call moves, as on Linux. */
#define MESSAGES_MAX ABI_IOV_MAX

/* Vectors up to here need no memory of their own. */
#define NEAR_PIECES 4u

/* A message of user memory, and its socket. */
struct call {
	struct file *file;
	struct socket *s;
	struct abi_msghdr h;
	struct socket_message m;
	struct socket_address address;
	struct file_piece near[NEAR_PIECES];
	struct file_piece *pieces; /* `near`, or memory */
};

/* A call without vectors: it is one piece. */
static int piece_take(struct call *c, u64 base, u64 len)
{
	c->near[0] =
		(struct file_piece){ uaddr(base), MIN(len, MOVE_MAX_BYTES) };
	c->pieces = c->near;
	c->m.piece = c->near;
	c->m.len_bytes = c->near[0].len_bytes;
	return user_range_ok(uaddr(base), len) ? 0 : -EFAULT;
}

static int pieces_take(struct call *c)
{
	u64 count = c->h.iov_count;
	long total;

	c->pieces = c->near;
	if (count > ABI_IOV_MAX) {
		return -EMSGSIZE;
	}
	if (count > NEAR_PIECES) {
		c->pieces = kmalloc(count * sizeof(*c->pieces));
	}
	if (c->pieces == NULL) {
		return -ENOMEM;
	}
	total = pieces_read(c->pieces, uaddr(c->h.iov), count);
	c->m.piece = c->pieces;
	c->m.len_bytes = (size_t)MAX(total, 0l);
	return (int)MIN(total, 0l);
}

static void pieces_end(const struct call *c)
{
	if (c->pieces != c->near) {
		kfree(c->pieces);
	}
}

/* ---- Sending ------------------------------------------------------------ */

/* To whom; streams and packets go to the peer, whatever it says. */
static int address_take(struct call *c)
{
	enum socket_type type = socket_type(c->s);

	if (c->h.name == 0 || c->h.name_len == 0 || type == SOCKET_PACKETS) {
		return 0;
	}
	c->m.address = &c->address;
	if (type == SOCKET_STREAM) {
		return 0; /* an error in any case */
	}
	int err = socket_address_read(uaddr(c->h.name), c->h.name_len,
				      &c->address);

	return err == 0 && c->address.len == 0 ? -EINVAL : err;
}

/* What the head says is sent; the pieces were taken. */
static long send_it(struct call *c, u32 flags)
{
	long result = 0;

	c->m.flags = flags;
	c->m.cred = socket_cred_current();
	if (c->h.control_len > 0) {
		result = control_read(uaddr(c->h.control), c->h.control_len,
				      &c->m);
	}
	result = result ? result : address_take(c);
	if (result == 0) {
		result = flags & ABI_MSG_OOB ? -EOPNOTSUPP
					     : socket_send(c->file, &c->m);
	}
	socket_rights_free(c->m.rights);
	return result;
}

SYSCALL_HANDLER(sendto)
{
	struct call call = { .h = { .name = e, .name_len = (u32)f } };
	struct file_use use;
	long result = socket_use(a, CAP_WRITE, &use, &call.s);

	if (result) {
		return result;
	}
	call.file = use.file;
	result = piece_take(&call, b, c);
	if (result == 0) {
		result = send_it(&call, (u32)d);
	}
	file_use_end(use);
	return result;
}

static long send_head(struct file *file, struct socket *s, uaddr_t head,
		      u32 flags)
{
	struct call call = { .file = file, .s = s };
	long result;

	if (copy_from_user(&call.h, head, sizeof(call.h)) != 0) {
		return -EFAULT;
	}
	result = pieces_take(&call);
	if (result == 0) {
		result = send_it(&call, flags);
	}
	pieces_end(&call);
	return result;
}

SYSCALL_HANDLER(sendmsg)
{
	struct file_use use;
	struct socket *s;
	long result = socket_use(a, CAP_WRITE, &use, &s);

	if (result == 0) {
		result = send_head(use.file, s, uaddr(b), (u32)c);
		file_use_end(use);
	}
	return result;
}

/* ---- Receiving ---------------------------------------------------------- */

static long receive_it(struct call *c, u32 flags)
{
	if (flags & ABI_MSG_OOB) {
		return socket_type(c->s) == SOCKET_STREAM ? -EINVAL
							  : -EOPNOTSUPP;
	}
	c->m.flags = flags;
	c->address.len = 0;
	c->m.address = c->h.name ? &c->address : NULL;
	return flags & ABI_MSG_ERRQUEUE ? -EAGAIN
					: socket_receive(c->file, &c->m);
}

/* Who sent it; who has no name has not even a family. */
static int source_write(const struct call *c, uaddr_t to, uaddr_t len)
{
	u32 none = 0;

	return c->address.len ? socket_address_write(&c->address, to, len)
			      : copy_to_user(len, &none, sizeof(none));
}

SYSCALL_HANDLER(recvfrom)
{
	struct call call = { .h = { .name = e } };
	struct file_use use;
	long result = socket_use(a, CAP_READ, &use, &call.s);
	int err;

	if (result) {
		return result;
	}
	call.file = use.file;
	result = piece_take(&call, b, c);
	if (result == 0) {
		result = receive_it(&call, (u32)d);
	}
	if (result >= 0) {
		socket_rights_free(call.m.rights);
	}
	if (result >= 0 && e != 0) {
		err = source_write(&call, uaddr(e), uaddr(f));
		result = err ? err : result;
	}
	file_use_end(use);
	return result;
}

/* What came, beside the bytes, into the head at `at`. */
static int head_end(struct call *c, uaddr_t at, u32 flags)
{
	u32 out = c->m.out_flags | (flags & ABI_MSG_CMSG_CLOEXEC);
	int err = 0;

	out |= control_write(uaddr(c->h.control), &c->h.control_len, &c->m,
			     socket_options(c->s)->pass_cred,
			     flags & ABI_MSG_CMSG_CLOEXEC);
	if (c->h.name != 0) {
		err = source_write(
			c, uaddr(c->h.name),
			uaddr_add(at, offsetof(struct abi_msghdr, name_len)));
	}
	if (err == 0 &&
	    (copy_to_user(uaddr_add(at, offsetof(struct abi_msghdr, flags)),
			  &out, sizeof(out)) != 0 ||
	     copy_to_user(
		     uaddr_add(at, offsetof(struct abi_msghdr, control_len)),
		     &c->h.control_len, sizeof(c->h.control_len)) != 0)) {
		err = -EFAULT;
	}
	return err;
}

static long receive_head(struct file *file, struct socket *s, uaddr_t head,
			 u32 flags)
{
	struct call call = { .file = file, .s = s };
	long result;
	int err;

	if (copy_from_user(&call.h, head, sizeof(call.h)) != 0) {
		return -EFAULT;
	}
	result = pieces_take(&call);
	if (result == 0) {
		result = receive_it(&call, flags);
	}
	pieces_end(&call);
	if (result < 0) {
		return result;
	}
	err = head_end(&call, head, flags);
	return err ? err : result;
}

SYSCALL_HANDLER(recvmsg)
{
	struct file_use use;
	struct socket *s;
	long result = socket_use(a, CAP_READ, &use, &s);

	if (result == 0) {
		result = receive_head(use.file, s, uaddr(b), (u32)c);
		file_use_end(use);
	}
	return result;
}

/* ---- Several at once ---------------------------------------------------- */

/* Moves the i-th of them, and says how much that was. */
static long move_one(const struct file_use *use, struct socket *s, uaddr_t at,
		     u32 flags, u32 right)
{
	long result = right == CAP_WRITE
			      ? send_head(use->file, s, at, flags)
			      : receive_head(use->file, s, at, flags);
	u32 len = (u32)result;

	if (result >= 0 &&
	    copy_to_user(uaddr_add(at, offsetof(struct abi_mmsghdr, len)), &len,
			 sizeof(len)) != 0) {
		result = -EFAULT;
	}
	return result;
}

/* Until one fails or, between two of them, the time is over. */
static long move_several(u64 fd, uaddr_t at, u32 count, u32 flags, u32 right,
			 u64 deadline_ns)
{
	struct file_use use;
	struct socket *s;
	long result = socket_use(fd, right, &use, &s);
	u32 done = 0;

	if (result) {
		return result;
	}
	count = MIN(count, (u32)MESSAGES_MAX);
	while (done < count) {
		result = move_one(
			&use, s,
			uaddr_add(at, done * sizeof(struct abi_mmsghdr)),
			flags & ~(u32)ABI_MSG_WAITFORONE, right);
		if (result < 0) {
			break;
		}
		done++;
		if (flags & ABI_MSG_WAITFORONE) {
			flags |= ABI_MSG_DONTWAIT;
		}
		if (deadline_ns != WAITQ_FOREVER && clock_ns() >= deadline_ns) {
			break;
		}
	}
	file_use_end(use);
	return done > 0 || result >= 0 ? (long)done : result;
}

SYSCALL_HANDLER(sendmmsg)
{
	return move_several(a, uaddr(b), (u32)c, (u32)d, CAP_WRITE,
			    WAITQ_FOREVER);
}

SYSCALL_HANDLER(recvmmsg)
{
	u64 ns = WAITQ_FOREVER, now = clock_ns();
	int err = e ? time_read(uaddr(e), &ns) : 0;

	return err ? err
		   : move_several(a, uaddr(b), (u32)c, (u32)d, CAP_READ,
				  ns < WAITQ_FOREVER - now ? now + ns
							   : WAITQ_FOREVER);
}
