/* SPDX-License-Identifier: MIT */
/*
 * Structures and numbers of the Linux x86_64 ABI on sockets, held against
 * linux-libc-dev's by tests/posix/test_abi_socket.c.
 */
#ifndef EXO_POSIX_ABI_SOCKET_H
#define EXO_POSIX_ABI_SOCKET_H

#include "lib/types.h"

enum abi_socket {
	ABI_AF_UNSPEC = 0,
	ABI_AF_UNIX = 1,
	ABI_SOCK_RAW = 3,
	ABI_SOCK_TYPE_MASK = 15, /* no header of programs names it */
	ABI_SOCK_MAX = 11,       /* likewise */
	ABI_SOCK_NONBLOCK = 04000,
	ABI_SOCK_CLOEXEC = 02000000,
};

enum abi_message {
	ABI_MSG_OOB = 1,
	ABI_MSG_PEEK = 2,
	ABI_MSG_CTRUNC = 8,
	ABI_MSG_TRUNC = 0x20,
	ABI_MSG_DONTWAIT = 0x40,
	ABI_MSG_WAITALL = 0x100,
	ABI_MSG_ERRQUEUE = 0x2000,
	ABI_MSG_NOSIGNAL = 0x4000,
	ABI_MSG_WAITFORONE = 0x10000,
	ABI_MSG_CMSG_CLOEXEC = 0x40000000,
};

enum abi_shut {
	ABI_SHUT_RD,
	ABI_SHUT_WR,
	ABI_SHUT_RDWR,
};

#define ABI_SOL_SOCKET 1

enum abi_scm {
	ABI_SCM_RIGHTS = 1,
	ABI_SCM_CREDENTIALS = 2,
};

enum abi_socket_option {
	ABI_SO_DEBUG = 1,
	ABI_SO_REUSEADDR = 2,
	ABI_SO_TYPE = 3,
	ABI_SO_ERROR = 4,
	ABI_SO_DONTROUTE = 5,
	ABI_SO_BROADCAST = 6,
	ABI_SO_SNDBUF = 7,
	ABI_SO_RCVBUF = 8,
	ABI_SO_KEEPALIVE = 9,
	ABI_SO_OOBINLINE = 10,
	ABI_SO_REUSEPORT = 15,
	ABI_SO_PASSCRED = 16,
	ABI_SO_PEERCRED = 17,
	ABI_SO_RCVLOWAT = 18,
	ABI_SO_SNDLOWAT = 19,
	ABI_SO_RCVTIMEO = 20,
	ABI_SO_SNDTIMEO = 21,
	ABI_SO_TIMESTAMP = 29,
	ABI_SO_ACCEPTCONN = 30,
	ABI_SO_SNDBUFFORCE = 32,
	ABI_SO_RCVBUFFORCE = 33,
	ABI_SO_PROTOCOL = 38,
	ABI_SO_DOMAIN = 39,
};

/* struct sockaddr_un */
struct abi_sockaddr {
	u16 family;
	char path[108];
};

/* struct msghdr as programs have it */
struct abi_msghdr {
	u64 name;
	u32 name_len;
	u32 pad;
	u64 iov;
	u64 iov_count;
	u64 control;
	u64 control_len;
	u32 flags;
	u32 pad2;
};

/* struct mmsghdr */
struct abi_mmsghdr {
	struct abi_msghdr header;
	u32 len;
	u32 pad;
};

struct abi_cmsghdr {
	u64 len; /* with this head */
	u32 level;
	u32 type;
};

#endif
