/* SPDX-License-Identifier: MIT */
/*
 * getsockopt() and setsockopt().
 */
#include "arch/user.h"
#include "kernel/waitq.h"
#include "lib/errno.h"
#include "posix/abi.h"
#include "posix/abi_socket.h"
#include "posix/socket_use.h"
#include "posix/syscall.h"
#include "posix/time.h"

/* What can be set and asked for, and changes nothing, here as on Linux. */
#define KEPT_BIT(option) (1ull << (option))
#define KEPT                                                       \
	(KEPT_BIT(ABI_SO_DEBUG) | KEPT_BIT(ABI_SO_REUSEADDR) |     \
	 KEPT_BIT(ABI_SO_DONTROUTE) | KEPT_BIT(ABI_SO_BROADCAST) | \
	 KEPT_BIT(ABI_SO_KEEPALIVE) | KEPT_BIT(ABI_SO_OOBINLINE) | \
	 KEPT_BIT(ABI_SO_REUSEPORT) | KEPT_BIT(ABI_SO_TIMESTAMP))

/* An option's value. */
union value {
	u32 number;
	struct socket_cred cred;
	struct abi_timeval time;
};

static bool is_kept(u32 option)
{
	return option < 64 && (KEPT & KEPT_BIT(option));
}

static struct abi_timeval time_of(u64 ns)
{
	struct abi_timeval none = { 0, 0 };

	return ns == WAITQ_FOREVER ? none
				   : (struct abi_timeval){ (s64)(ns / NS_PER_S),
							   (s64)(ns % NS_PER_S /
								 NS_PER_US) };
}

/* Writes it to `out` and returns its size. Errors: -ENOPROTOOPT. */
static int option_read(struct socket *s, u32 option, union value *out)
{
	const struct socket_options *o = socket_options(s);

	switch (option) {
	case ABI_SO_TYPE: out->number = o->type; break;
	case ABI_SO_ERROR: out->number = socket_error_take(s); break;
	case ABI_SO_SNDBUF: out->number = o->send_bytes; break;
	case ABI_SO_RCVBUF: out->number = o->receive_bytes; break;
	case ABI_SO_PASSCRED: out->number = o->pass_cred; break;
	case ABI_SO_ACCEPTCONN: out->number = o->listens; break;
	case ABI_SO_PROTOCOL: out->number = 0; break;
	case ABI_SO_DOMAIN: out->number = ABI_AF_UNIX; break;
	case ABI_SO_RCVLOWAT:
	case ABI_SO_SNDLOWAT: out->number = 1; break;
	case ABI_SO_PEERCRED:
		out->cred = o->peer.pid ? o->peer
					: (struct socket_cred){ 0, UINT32_MAX,
								UINT32_MAX };
		return sizeof(out->cred);
	case ABI_SO_RCVTIMEO:
		out->time = time_of(o->receive_ns);
		return sizeof(out->time);
	case ABI_SO_SNDTIMEO:
		out->time = time_of(o->send_ns);
		return sizeof(out->time);
	default:
		if (!is_kept(option)) {
			return -ENOPROTOOPT;
		}
		out->number = (o->kept & KEPT_BIT(option)) != 0;
	}
	return sizeof(out->number);
}

static int option_get(struct socket *s, u32 option, uaddr_t to, uaddr_t len)
{
	union value value;
	s32 room, size;

	if (copy_from_user(&room, len, sizeof(room)) != 0) {
		return -EFAULT;
	}
	if (room < 0) {
		return -EINVAL;
	}
	size = option_read(s, option, &value);
	if (size < 0) {
		return size;
	}
	size = MIN(size, room);
	return copy_to_user(to, &value, (size_t)size) != 0 ||
			       copy_to_user(len, &size, sizeof(size)) != 0
		       ? -EFAULT
		       : 0;
}

SYSCALL_HANDLER(getsockopt)
{
	struct file_use use;
	struct socket *s;
	int err = socket_use(a, CAP_ANY, &use, &s);

	if (err == 0) {
		err = (u32)b != ABI_SOL_SOCKET
			      ? -EOPNOTSUPP
			      : option_get(s, (u32)c, uaddr(d), uaddr(e));
		file_use_end(use);
	}
	return err;
}

/* Twice what is asked for, within bounds, as on Linux. */
static u32 buffer_bytes(u32 wanted)
{
	return MAX(MIN(wanted, SOCKET_BUFFER_BYTES) * 2, SOCKET_BUFFER_LEAST);
}

static int limit_set(u64 *limit, const struct abi_timeval *time, u32 len)
{
	if (len < sizeof(*time)) {
		return -EINVAL;
	}
	if ((u64)time->us >= (u64)US_PER_S) {
		return -EDOM;
	}
	if ((time->s == 0 && time->us == 0) ||
	    time->s >= (s64)(INT64_MAX / NS_PER_S)) {
		*limit = WAITQ_FOREVER;
	} else {
		*limit = time->s < 0 ? 0
				     : (u64)(time->s * NS_PER_S +
					     time->us * NS_PER_US);
	}
	return 0;
}

static int option_set(struct socket *s, u32 option, const union value *value,
		      u32 len)
{
	struct socket_options *o = socket_options(s);

	switch (option) {
	case ABI_SO_SNDBUF:
	case ABI_SO_SNDBUFFORCE:
		o->send_bytes = buffer_bytes(value->number);
		return 0;
	case ABI_SO_RCVBUF:
	case ABI_SO_RCVBUFFORCE:
		o->receive_bytes = buffer_bytes(value->number);
		return 0;
	case ABI_SO_PASSCRED: o->pass_cred = value->number != 0; return 0;
	case ABI_SO_RCVTIMEO:
		return limit_set(&o->receive_ns, &value->time, len);
	case ABI_SO_SNDTIMEO: return limit_set(&o->send_ns, &value->time, len);
	default: break;
	}
	if (!is_kept(option)) {
		return -ENOPROTOOPT;
	}
	o->kept = (o->kept & ~KEPT_BIT(option)) |
		  (value->number ? KEPT_BIT(option) : 0);
	return 0;
}

SYSCALL_HANDLER(setsockopt)
{
	union value value;
	struct file_use use;
	struct socket *s;
	int err = socket_use(a, CAP_ANY, &use, &s);

	if (err) {
		return err;
	}
	if ((u32)b != ABI_SOL_SOCKET) {
		err = -EOPNOTSUPP;
	} else if ((s32)e < (s32)sizeof(value.number)) {
		err = -EINVAL;
	} else {
		err = copy_from_user(&value, uaddr(d),
				     MIN((size_t)(u32)e, sizeof(value)));
	}
	err = err ? err : option_set(s, (u32)c, &value, (u32)e);
	file_use_end(use);
	return err;
}
