/* SPDX-License-Identifier: MIT */
/*
 * What messages of sockets carry beside their bytes: descriptors and who sent
 * them, in the form of cmsg(3).
 */
#include "arch/user.h"
#include "lib/errno.h"
#include "mm/kmem.h"
#include "posix/abi_socket.h"
#include "posix/credentials.h"
#include "posix/process.h"
#include "posix/socket_use.h"

/* As net.core.optmem_max of Linux. */
#define CONTROL_BYTES_MAX 20480u

/* What follows a head begins at the next multiple of 8. */
#define CONTROL_ALIGN 8ul

/* A part of what is sent: its head, which says it is in the buffer. */
struct part {
	struct abi_cmsghdr head;
	const u8 *data;
	u64 len_bytes; /* of the data */
};

/* Too many are on their way already, for who may not do all. */
static bool too_many(u32 more)
{
	return socket_rights_travelling() + more >
		       process_limit(ABI_RLIMIT_NOFILE) &&
	       !is_privileged();
}

static int rights_add(struct socket_rights *rights, const u8 *data, u32 count)
{
	struct descriptors *d = process_current()->descriptors;

	for (u32 i = 0; i < count; i++) {
		struct cap cap;
		s32 fd;
		int err;

		__builtin_memcpy(&fd, data + i * sizeof(fd), sizeof(fd));
		err = fd < 0 ? -EBADF
			     : descriptors_get_cap(d, (u32)fd, CAP_TRANSFER,
						   &cap);
		if (err) {
			return err;
		}
		socket_rights_add(rights, cap);
	}
	return 0;
}

/* SCM_RIGHTS. */
static int rights_read(const struct part *part, struct socket_message *m)
{
	u64 count = part->len_bytes / sizeof(s32);
	int err;

	if (count == 0) {
		return 0;
	}
	if (count > SOCKET_RIGHTS_MAX || m->rights != NULL) {
		return -EINVAL;
	}
	if (too_many((u32)count)) {
		return -ETOOMANYREFS;
	}
	m->rights = socket_rights_create((u32)count);
	if (m->rights == NULL) {
		return -ENOMEM;
	}
	err = rights_add(m->rights, part->data, (u32)count);
	return err;
}

static bool is_one_of(u32 id, u32 real, u32 effective, u32 saved)
{
	return id == real || id == effective || id == saved;
}

/* SCM_CREDENTIALS: who sends says who he is, and may lie if he may do all. */
static int cred_read(const struct part *part, struct socket_message *m)
{
	const struct process *self = process_current();
	const struct credentials *c = &self->credentials;
	struct process *other;

	if (part->len_bytes != sizeof(m->cred)) {
		return -EINVAL;
	}
	__builtin_memcpy(&m->cred, part->data, sizeof(m->cred));
	if (!is_privileged() &&
	    (m->cred.pid != self->pid ||
	     !is_one_of(m->cred.uid, c->uid, c->euid, c->suid) ||
	     !is_one_of(m->cred.gid, c->gid, c->egid, c->sgid))) {
		return -EPERM;
	}
	if (m->cred.pid == self->pid) {
		return 0;
	}
	other = process_find_get(m->cred.pid);
	if (other == NULL) {
		return -ESRCH;
	}
	process_put(other);
	return 0;
}

static int part_read(const struct part *part, struct socket_message *m)
{
	if (part->head.level != ABI_SOL_SOCKET) {
		return 0;
	}
	switch (part->head.type) {
	case ABI_SCM_RIGHTS: return rights_read(part, m);
	case ABI_SCM_CREDENTIALS: return cred_read(part, m);
	default: return -EINVAL;
	}
}

static int parts_read(const u8 *bytes, u64 len_bytes, struct socket_message *m)
{
	while (len_bytes >= sizeof(struct abi_cmsghdr)) {
		struct part part;
		u64 all;
		int err;

		__builtin_memcpy(&part.head, bytes, sizeof(part.head));
		if (part.head.len < sizeof(part.head) ||
		    part.head.len > len_bytes) {
			return -EINVAL;
		}
		part.data = bytes + sizeof(part.head);
		part.len_bytes = part.head.len - sizeof(part.head);
		err = part_read(&part, m);
		if (err) {
			return err;
		}
		all = MIN(ALIGN_UP(part.head.len, CONTROL_ALIGN), len_bytes);
		bytes += all;
		len_bytes -= all;
	}
	return 0;
}

int control_read(uaddr_t control, u64 len_bytes, struct socket_message *m)
{
	u8 *bytes;
	int err;

	if (len_bytes > CONTROL_BYTES_MAX) {
		return -ENOBUFS;
	}
	bytes = kmalloc(len_bytes);
	if (bytes == NULL) {
		return -ENOMEM;
	}
	err = copy_from_user(bytes, control, len_bytes);
	err = err ? err : parts_read(bytes, len_bytes, m);
	kfree(bytes);
	return err;
}

/* What is left of the room in user memory. */
struct room {
	uaddr_t at;
	u64 len_bytes;
	u32 flags; /* ABI_MSG_CTRUNC: it was too small */
};

/* Behind a part whose data are `len` bytes. */
static void room_use(struct room *room, u64 len_bytes)
{
	u64 all =
		ALIGN_UP(sizeof(struct abi_cmsghdr) + len_bytes, CONTROL_ALIGN);

	all = MIN(all, room->len_bytes);
	room->at = uaddr_add(room->at, all);
	room->len_bytes -= all;
}

static int head_write(const struct room *room, u32 type, u64 len_bytes)
{
	struct abi_cmsghdr head = { sizeof(head) + len_bytes, ABI_SOL_SOCKET,
				    type };

	return copy_to_user(room->at, &head, sizeof(head));
}

/* As much of it as fits. */
static void cred_write(struct room *room, const struct socket_cred *cred)
{
	u64 head = sizeof(struct abi_cmsghdr), len = sizeof(*cred);

	if (room->len_bytes < head + len) {
		room->flags |= ABI_MSG_CTRUNC;
		if (room->len_bytes < head) {
			return;
		}
		len = room->len_bytes - head;
	}
	if (head_write(room, ABI_SCM_CREDENTIALS, len) == 0 &&
	    copy_to_user(uaddr_add(room->at, head), cred, len) == 0) {
		room_use(room, len);
	}
}

/* A descriptor for the next one. Errors: -EMFILE, -EFAULT, -ENOMEM. */
static int right_give(struct socket_rights *rights, uaddr_t to,
		      bool close_on_exec)
{
	struct descriptors *d = process_current()->descriptors;
	struct cap cap = socket_rights_take(rights);
	int fd = descriptors_add_cap(
		d, cap, 0, process_limit(ABI_RLIMIT_NOFILE), close_on_exec);

	if (fd < 0) {
		cap_drop(cap);
		return fd;
	}
	if (copy_to_user(to, &fd, sizeof(fd)) != 0) {
		descriptors_close_range(d, (u64)fd, (u64)fd);
		return -EFAULT;
	}
	return 0;
}

static void rights_write(struct room *room, struct socket_rights *rights,
			 bool close_on_exec)
{
	u64 head = sizeof(struct abi_cmsghdr), len = 0;
	u32 sent = socket_rights_count(rights);

	while (socket_rights_count(rights) > 0 &&
	       room->len_bytes >= head + len + sizeof(s32) &&
	       right_give(rights, uaddr_add(room->at, head + len),
			  close_on_exec) == 0) {
		len += sizeof(s32);
	}
	if (len < sent * sizeof(s32)) {
		room->flags |= ABI_MSG_CTRUNC;
	}
	if (len > 0 && head_write(room, ABI_SCM_RIGHTS, len) == 0) {
		room_use(room, len);
	}
}

u32 control_write(uaddr_t control, u64 *len, struct socket_message *m,
		  bool with_cred, bool close_on_exec)
{
	struct room room = { control, control.va ? *len : 0, 0 };

	if (with_cred) {
		cred_write(&room, &m->cred);
	}
	if (m->rights != NULL) {
		rights_write(&room, m->rights, close_on_exec);
		socket_rights_free(m->rights);
		m->rights = NULL;
	}
	*len = room.at.va - control.va;
	return room.flags;
}
