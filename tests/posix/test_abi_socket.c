/* SPDX-License-Identifier: MIT */
/*
 * posix/abi_socket.h and fs/socket.h against the host's Linux headers.  The
 * compiler is the test: a difference does not build.
 */
#define _GNU_SOURCE
#include <sys/socket.h>
#include <sys/un.h>

#include "fs/socket.h"
#include "posix/abi_socket.h"

#define SAME(ours, theirs) \
	static_assert((unsigned)(ours) == (unsigned)(theirs), #theirs)
#define SAME_ABI(name) SAME(ABI_##name, name)
#define SAME_SIZE(ours, theirs) \
	static_assert(sizeof(struct ours) == sizeof(struct theirs), #ours)
#define SAME_PLACE(ours, our_field, theirs, their_field)            \
	static_assert(offsetof(struct ours, our_field) ==           \
			      offsetof(struct theirs, their_field), \
		      #our_field)

SAME_ABI(AF_UNSPEC);
SAME_ABI(AF_UNIX);
SAME_ABI(SOCK_RAW);
SAME_ABI(SOCK_NONBLOCK);
SAME_ABI(SOCK_CLOEXEC);
SAME(SOCKET_STREAM, SOCK_STREAM);
SAME(SOCKET_DATAGRAM, SOCK_DGRAM);
SAME(SOCKET_PACKETS, SOCK_SEQPACKET);
SAME_ABI(MSG_OOB);
SAME_ABI(MSG_PEEK);
SAME_ABI(MSG_CTRUNC);
SAME_ABI(MSG_TRUNC);
SAME_ABI(MSG_DONTWAIT);
SAME_ABI(MSG_WAITALL);
SAME_ABI(MSG_ERRQUEUE);
SAME_ABI(MSG_NOSIGNAL);
SAME_ABI(MSG_WAITFORONE);
SAME_ABI(MSG_CMSG_CLOEXEC);
SAME_ABI(SHUT_RD);
SAME_ABI(SHUT_WR);
SAME_ABI(SHUT_RDWR);
SAME(SOCKET_SHUT_READ, SHUT_RD + 1);
SAME(SOCKET_SHUT_WRITE, SHUT_WR + 1);
SAME(SOCKET_SHUT_BOTH, SHUT_RDWR + 1);
SAME_ABI(SOL_SOCKET);
SAME_ABI(SCM_RIGHTS);
SAME_ABI(SCM_CREDENTIALS);
SAME_ABI(SO_DEBUG);
SAME_ABI(SO_REUSEADDR);
SAME_ABI(SO_TYPE);
SAME_ABI(SO_ERROR);
SAME_ABI(SO_DONTROUTE);
SAME_ABI(SO_BROADCAST);
SAME_ABI(SO_SNDBUF);
SAME_ABI(SO_RCVBUF);
SAME_ABI(SO_KEEPALIVE);
SAME_ABI(SO_OOBINLINE);
SAME_ABI(SO_REUSEPORT);
SAME_ABI(SO_PASSCRED);
SAME_ABI(SO_PEERCRED);
SAME_ABI(SO_RCVLOWAT);
SAME_ABI(SO_SNDLOWAT);
SAME_ABI(SO_RCVTIMEO);
SAME_ABI(SO_SNDTIMEO);
SAME_ABI(SO_TIMESTAMP);
SAME_ABI(SO_ACCEPTCONN);
SAME_ABI(SO_SNDBUFFORCE);
SAME_ABI(SO_RCVBUFFORCE);
SAME_ABI(SO_PROTOCOL);
SAME_ABI(SO_DOMAIN);

SAME_SIZE(abi_sockaddr, sockaddr_un);
SAME_SIZE(abi_msghdr, msghdr);
SAME_PLACE(abi_msghdr, name_len, msghdr, msg_namelen);
SAME_PLACE(abi_msghdr, iov, msghdr, msg_iov);
SAME_PLACE(abi_msghdr, iov_count, msghdr, msg_iovlen);
SAME_PLACE(abi_msghdr, control, msghdr, msg_control);
SAME_PLACE(abi_msghdr, control_len, msghdr, msg_controllen);
SAME_PLACE(abi_msghdr, flags, msghdr, msg_flags);
SAME_SIZE(abi_mmsghdr, mmsghdr);
SAME_PLACE(abi_mmsghdr, len, mmsghdr, msg_len);
SAME_SIZE(abi_cmsghdr, cmsghdr);
SAME_PLACE(abi_cmsghdr, level, cmsghdr, cmsg_level);
SAME_PLACE(abi_cmsghdr, type, cmsghdr, cmsg_type);
SAME_SIZE(socket_cred, ucred);
SAME_PLACE(socket_cred, uid, ucred, uid);
