/* SPDX-License-Identifier: MIT */
/*
 * System calls that make sockets, name them and connect them.
 */
#include "arch/user.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "posix/abi_socket.h"
#include "posix/anon_file.h"
#include "posix/process.h"
#include "posix/socket_use.h"
#include "posix/syscall.h"

static_assert((int)ABI_SOCK_NONBLOCK == (int)FILE_NONBLOCK &&
		      (int)ABI_SOCK_CLOEXEC == (int)FILE_CLOSE_ON_EXEC,
	      "flags of socket(2)");

#define SOCKET_FLAGS (ABI_SOCK_NONBLOCK | ABI_SOCK_CLOEXEC)

/* struct sockaddr_storage */
#define ADDRESS_BYTES_MAX 128u

/* Of struct sockaddr_un, before the name. */
#define FAMILY_BYTES sizeof(u16)

struct socket_cred socket_cred_current(void)
{
	const struct process *p = process_current();

	return (struct socket_cred){ p->pid, p->credentials.uid,
				     p->credentials.gid };
}

int socket_use(u64 fd, u32 right, struct file_use *use, struct socket **out)
{
	*use = file_use(fd, right);
	if (use->file == NULL || (use->file->flags & FILE_PATH)) {
		file_use_end(*use);
		return -EBADF;
	}
	*out = socket_of(use->file);
	if (*out == NULL) {
		file_use_end(*use);
		return -ENOTSOCK;
	}
	return 0;
}

int socket_address_read(uaddr_t from, u32 len, struct socket_address *out)
{
	u16 family;

	if (len < FAMILY_BYTES || len > ADDRESS_BYTES_MAX) {
		return -EINVAL;
	}
	if (copy_from_user(&family, from, sizeof(family)) != 0) {
		return -EFAULT;
	}
	out->len = len - (u32)FAMILY_BYTES;
	if (family != ABI_AF_UNIX || out->len > SOCKET_NAME_MAX) {
		return -EINVAL;
	}
	if (copy_from_user(out->text, uaddr_add(from, FAMILY_BYTES),
			   out->len) != 0) {
		return -EFAULT;
	}
	if (out->len > 0 && out->text[0] != '\0') {
		out->text[out->len] = '\0';
		out->len = (u32)strlen(out->text) + 1;
	}
	return 0;
}

int socket_address_write(const struct socket_address *a, uaddr_t to,
			 uaddr_t len)
{
	u16 family = ABI_AF_UNIX;
	u32 all = (u32)FAMILY_BYTES + a->len;
	s32 room;

	if (copy_from_user(&room, len, sizeof(room)) != 0) {
		return -EFAULT;
	}
	if (room < 0) {
		return -EINVAL;
	}
	if (copy_to_user(to, &family, MIN((size_t)room, sizeof(family))) != 0 ||
	    ((u32)room > FAMILY_BYTES &&
	     copy_to_user(uaddr_add(to, FAMILY_BYTES), a->text,
			  MIN((u32)room, all) - FAMILY_BYTES) != 0) ||
	    copy_to_user(len, &all, sizeof(all)) != 0) {
		return -EFAULT;
	}
	return 0;
}

/* What socket() and socketpair() are asked for. */
static int type_of(u64 family, u64 flags, u64 protocol, enum socket_type *out)
{
	u32 type = (u32)flags & ABI_SOCK_TYPE_MASK;

	if (((u32)flags & ~(u32)(SOCKET_FLAGS | ABI_SOCK_TYPE_MASK)) ||
	    type >= ABI_SOCK_MAX) {
		return -EINVAL;
	}
	if ((u32)family != ABI_AF_UNIX) {
		return -EAFNOSUPPORT;
	}
	if ((u32)protocol != 0 && (u32)protocol != ABI_AF_UNIX) {
		return -EPROTONOSUPPORT;
	}
	*out = type == ABI_SOCK_RAW ? SOCKET_DATAGRAM : (enum socket_type)type;
	return *out == SOCKET_STREAM || *out == SOCKET_DATAGRAM ||
			       *out == SOCKET_PACKETS
		       ? 0
		       : -ESOCKTNOSUPPORT;
}

SYSCALL_HANDLER(socket)
{
	struct file *file;
	enum socket_type type;
	int err = type_of(a, b, c, &type);

	err = err ? err : socket_create(type, &file);
	if (err) {
		return err;
	}
	file->flags = (u32)b & FILE_NONBLOCK;
	return file_install(file, (u32)b);
}

SYSCALL_HANDLER(socketpair)
{
	struct file *files[2];
	enum socket_type type;
	int err = type_of(a, b, c, &type);

	err = err ? err : socket_pair(type, files);
	if (err) {
		return err;
	}
	files[0]->flags = files[1]->flags = (u32)b & FILE_NONBLOCK;
	return descriptors_give(files, uaddr(d), (u32)b);
}

SYSCALL_HANDLER(bind)
{
	struct socket_address address;
	struct file_use use;
	struct socket *s;
	int err = socket_use(a, CAP_ANY, &use, &s);

	if (err) {
		return err;
	}
	err = socket_address_read(uaddr(b), (u32)c, &address);
	err = err ? err : socket_bind(s, &address);
	file_use_end(use);
	return err;
}

/* AF_UNSPEC dissolves. */
static int connect_to(struct socket *s, uaddr_t from, u32 len, bool nonblock)
{
	struct socket_address address;
	u16 family;
	int err;

	if (len < sizeof(family)) {
		return -EINVAL;
	}
	if (copy_from_user(&family, from, sizeof(family)) != 0) {
		return -EFAULT;
	}
	if (family == ABI_AF_UNSPEC && socket_type(s) == SOCKET_DATAGRAM) {
		return socket_connect(s, NULL, nonblock);
	}
	err = socket_address_read(from, len, &address);
	if (err == 0 && address.len == 0) {
		err = -EINVAL;
	}
	return err ? err : socket_connect(s, &address, nonblock);
}

SYSCALL_HANDLER(connect)
{
	struct file_use use;
	struct socket *s;
	int err = socket_use(a, CAP_ANY, &use, &s);

	if (err == 0) {
		err = connect_to(s, uaddr(b), (u32)c,
				 use.file->flags & FILE_NONBLOCK);
		file_use_end(use);
	}
	return err;
}

SYSCALL_HANDLER(listen)
{
	struct file_use use;
	struct socket *s;
	int err = socket_use(a, CAP_ANY, &use, &s);

	if (err == 0) {
		err = socket_listen(s, (u32)b);
		file_use_end(use);
	}
	return err;
}

static int name_write(struct socket *s, bool of_peer, uaddr_t to, uaddr_t len)
{
	struct socket_address address;
	int err = socket_address(s, of_peer, &address);

	return err ? err : socket_address_write(&address, to, len);
}

/* A descriptor for who was accepted, after the name was told. */
static long accepted(struct cap cap, uaddr_t name, uaddr_t len, u32 flags)
{
	struct file *file = cap_object(cap);
	int err = 0;

	file->flags = flags & FILE_NONBLOCK;
	if (name.va != 0) {
		err = name_write(socket_of(file), true, name, len);
	}
	if (err == 0) {
		err = descriptors_add_cap(process_current()->descriptors, cap,
					  0, process_limit(ABI_RLIMIT_NOFILE),
					  flags & FILE_CLOSE_ON_EXEC);
	}
	if (err < 0) {
		cap_drop(cap);
	}
	return err;
}

static long accept_one(u64 fd, uaddr_t name, uaddr_t len, u32 flags)
{
	struct file_use use;
	struct socket *s;
	struct cap cap;
	int err;

	if (flags & ~(u32)SOCKET_FLAGS) {
		return -EINVAL;
	}
	err = socket_use(fd, CAP_ANY, &use, &s);
	if (err) {
		return err;
	}
	/* Who cannot be given a number waits on. */
	err = descriptors_have_room(process_current()->descriptors,
				    process_limit(ABI_RLIMIT_NOFILE))
		      ? socket_accept(s, use.file->flags & FILE_NONBLOCK, &cap)
		      : -EMFILE;
	file_use_end(use);
	return err ? err : accepted(cap, name, len, flags);
}

SYSCALL_HANDLER(accept)
{
	return accept_one(a, uaddr(b), uaddr(c), 0);
}

SYSCALL_HANDLER(accept4)
{
	return accept_one(a, uaddr(b), uaddr(c), (u32)d);
}

static long name_of_fd(u64 fd, bool of_peer, uaddr_t to, uaddr_t len)
{
	struct file_use use;
	struct socket *s;
	int err = socket_use(fd, CAP_ANY, &use, &s);

	if (err == 0) {
		err = name_write(s, of_peer, to, len);
		file_use_end(use);
	}
	return err;
}

SYSCALL_HANDLER(getsockname)
{
	return name_of_fd(a, false, uaddr(b), uaddr(c));
}

SYSCALL_HANDLER(getpeername)
{
	return name_of_fd(a, true, uaddr(b), uaddr(c));
}

SYSCALL_HANDLER(shutdown)
{
	struct file_use use;
	struct socket *s;
	int err = socket_use(a, CAP_ANY, &use, &s);

	if (err == 0) {
		err = (u32)b > ABI_SHUT_RDWR ? -EINVAL : 0;
		if (err == 0) {
			/* Of SHUT_RD to SHUT_RDWR, the bits. */
			socket_shutdown(s, (u32)b + 1);
		}
		file_use_end(use);
	}
	return err;
}
