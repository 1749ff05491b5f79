/* SPDX-License-Identifier: MIT */
/*
 * System calls on handles: copies with fewer rights, revoking, sending through
 * rings.
 */
#include "fs/socket.h"
#include "ipc/ring_mail.h"
#include "lib/errno.h"
#include "posix/abi.h"
#include "posix/process.h"
#include "posix/rings.h"
#include "posix/syscall.h"

static struct descriptors *own(void)
{
	return process_current()->descriptors;
}

SYSCALL_HANDLER(exo_handle)
{
	u64 handle = descriptors_handle(own(), (u32)a);

	return handle ? (long)handle : -EBADF;
}

SYSCALL_HANDLER(exo_rights)
{
	struct cap cap;
	int err = descriptors_get_cap(own(), a, 0, &cap);

	if (err) {
		return err;
	}
	err = (int)(cap_rights(cap) & CAP_ALL);
	cap_drop(cap);
	return err;
}

/* A copy of what the handle is, for cap_drop(). Errors: as told. */
static int copy_make(u64 handle, u32 right, u32 rights, struct cap *out)
{
	struct cap source;
	int err = descriptors_source(own(), handle, right, &source);

	if (err) {
		return err;
	}
	err = cap_copy(source, rights, out);
	if (err == 0) {
		file_get(cap_object(*out));
	}
	cap_drop(source);
	return err;
}

/* Gives it a slot; the references are taken in any case but an error. */
static long handle_add(struct cap cap, u64 flags)
{
	int fd = descriptors_add_cap(own(), cap, 0,
				     process_limit(ABI_RLIMIT_NOFILE),
				     flags & FILE_CLOSE_ON_EXEC);

	return fd < 0 ? fd : (long)descriptors_handle(own(), (u32)fd);
}

SYSCALL_HANDLER(exo_copy)
{
	struct cap copy;
	long result;

	if ((b & ~(u64)CAP_ALL) || (c & ~(u64)FILE_CLOSE_ON_EXEC)) {
		return -EINVAL;
	}
	result = copy_make(a, CAP_DUPLICATE, (u32)b, &copy);
	if (result) {
		return result;
	}
	result = handle_add(copy, c);
	if (result < 0) {
		cap_drop(copy);
	}
	return result;
}

SYSCALL_HANDLER(exo_revoke)
{
	struct cap cap;
	int err = descriptors_get_cap(own(), a, CAP_REVOKE, &cap);

	if (err == 0) {
		cap_revoke(cap);
		cap_drop(cap);
	}
	return err;
}

int ring_use(u64 handle, u32 right, enum ring_side side, struct file_use *use)
{
	int err = handle_use(handle, right, CAP_TYPE_RING, use);

	if (err == 0 && ring_side_of(use->file) != side) {
		file_use_end(*use);
		err = -EPROTOTYPE;
	}
	return err;
}

static long send(struct ring_object *r, u64 handle, u32 rights)
{
	struct ring_object *carried = NULL;
	struct cap copy;
	long result = copy_make(handle, CAP_TRANSFER, rights, &copy);

	if (result) {
		return result;
	}
	if (socket_of(cap_object(copy)) != NULL) {
		/* Its own messages may hold this ring (I5 of sockets). */
		cap_drop(copy);
		return -EOPNOTSUPP;
	}
	if (copy.type == CAP_TYPE_RING) {
		carried = ring_of(cap_object(copy));
	}
	result = ring_mail_send(r, copy, carried);
	if (result < 0) {
		cap_drop(copy);
	}
	return result;
}

SYSCALL_HANDLER(exo_send)
{
	struct file_use use;
	long result = ring_use(a, CAP_WRITE, RING_PRODUCER, &use);

	if (result == 0) {
		result = c & ~(u64)CAP_ALL ? -EINVAL
					   : send(ring_of(use.file), b, (u32)c);
		file_use_end(use);
	}
	return result;
}

static long receive(struct ring_object *r, u64 ticket, u64 flags)
{
	struct ring_letter *letter = ring_mail_take(r, ticket, false);
	long result;

	if (letter == NULL) {
		return -ENOENT;
	}
	result = handle_add(ring_mail_open(letter), flags);
	if (result < 0) {
		ring_mail_return(r, letter);
	} else {
		ring_mail_done(letter);
	}
	return result;
}

SYSCALL_HANDLER(exo_receive)
{
	struct file_use use;
	long result = ring_use(a, CAP_READ, RING_CONSUMER, &use);

	if (result == 0) {
		result = c & ~(u64)FILE_CLOSE_ON_EXEC
				 ? -EINVAL
				 : receive(ring_of(use.file), b, c);
		file_use_end(use);
	}
	return result;
}
