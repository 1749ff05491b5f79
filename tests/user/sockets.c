/* SPDX-License-Identifier: MIT */
/*
 * Sockets of this machine: pairs, names, connections, what messages carry.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define BIG (1 << 20)

static const int types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET };
static char big[BIG];
static int broken_pipes;
static void *volatile unmapped = (void *)16;

static void show(const char *what, long result)
{
	if (result < 0) {
		printf("%s: error %d\n", what, errno);
	} else {
		printf("%s: %ld\n", what, result);
	}
	fflush(stdout);
}

static void on_pipe(int sig)
{
	(void)sig;
	broken_pipes++;
}

static void pair(int type, int fds[2])
{
	if (socketpair(AF_UNIX, type, 0, fds) != 0) {
		show("socketpair", -1);
		exit(1);
	}
}

static void pair_close(int fds[2])
{
	close(fds[0]);
	close(fds[1]);
}

static unsigned ready(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLOUT | POLLRDHUP };

	poll(&p, 1, 0);
	return (unsigned)p.revents;
}

static void show_ready(const char *what, int fd)
{
	printf("%s: ready %x\n", what, ready(fd));
}

/* What comes next, without waiting. */
static void show_next(int fd, int flags)
{
	char buf[64] = "";
	ssize_t got = recv(fd, buf, sizeof(buf) - 1, flags | MSG_DONTWAIT);

	if (got < 0) {
		printf("next: error %d\n", errno);
	} else {
		printf("next: %zd '%s'\n", got, buf);
	}
}

/* ---- What cannot be ------------------------------------------------------ */

static void test_refused(void)
{
	int fds[2], pipes[2], fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	socklen_t len = sizeof(un);
	char c = 0;

	show("family", socket(12345, SOCK_STREAM, 0));
	show("type", socket(AF_UNIX, 4, 0));
	show("huge type", socket(AF_UNIX, 12, 0));
	show("flags", socket(AF_UNIX, SOCK_STREAM | 0x100, 0));
	show("protocol", socket(AF_UNIX, SOCK_STREAM, 7));
	show("bad pair", socketpair(AF_UNIX, SOCK_STREAM, 0, unmapped));
	show("not bound", listen(fd, 1));
	show("not listening", accept(fd, NULL, NULL));
	show("receive", recv(fd, &c, 1, 0));
	show("send", send(fd, &c, 1, MSG_NOSIGNAL));
	show("send to", sendto(fd, &c, 1, 0, (void *)&un, sizeof(un)));
	show("peer", getpeername(fd, (void *)&un, &len));
	show("bad name", getsockname(fd, unmapped, &len));
	len = (socklen_t)-1;
	show("bad length", getsockname(fd, (void *)&un, &len));
	show("bind", bind(fd, (void *)&un, 1));
	show("bind long", bind(fd, (void *)&un, sizeof(un) + 1));
	un.sun_family = AF_UNIX + 1;
	show("bind family", bind(fd, (void *)&un, sizeof(un)));
	show("connect short", connect(fd, (void *)&un, 1));
	show("connect bad", connect(fd, unmapped, 8));
	show("how", shutdown(fd, 3));
	show_ready("unconnected", fd);
	show("seek", lseek(fd, 0, SEEK_SET));
	show("pread", pread(fd, &c, 1, 0));
	show("sync", fsync(fd));
	show("map", mmap(NULL, 1, 1, 2, fd, 0) == MAP_FAILED ? -1 : 0);
	close(fd);
	if (pipe(pipes) != 0) {
		exit(1);
	}
	show("a pipe", listen(pipes[0], 1));
	show("receive from it", recv(pipes[0], &c, 1, 0));
	show("its option", getsockopt(pipes[0], SOL_SOCKET, SO_TYPE, &c, &len));
	pair_close(pipes);
	show("closed", send(pipes[0], &c, 1, 0));
	pair(SOCK_DGRAM, fds);
	show("listen", listen(fds[0], 1));
	show("accept", accept(fds[0], NULL, NULL));
	show("too large", send(fds[0], big, sizeof(big), 0));
	pair_close(fds);
}

/* ---- Bytes --------------------------------------------------------------- */

static void test_kinds(int type)
{
	int fds[2], n = 0;
	struct stat st;
	char ab[] = "ab", cde[] = "cde";
	struct iovec v[3] = { { ab, 2 }, { ab, 0 }, { cde, 3 } };
	char left[3] = "", right[8] = "";
	struct iovec to[2] = { { left, 2 }, { right, 7 } };

	printf("kind %d\n", type);
	pair(type, fds);
	show_ready("empty", fds[0]);
	show_next(fds[0], 0);
	show("write", write(fds[1], "hello", 5));
	show("more", send(fds[1], "more", 4, 0));
	show_ready("full", fds[0]);
	show("bytes", ioctl(fds[0], FIONREAD, &n));
	printf("%d\n", n);
	show_next(fds[0], MSG_PEEK);
	show("part", recv(fds[0], left, 2, MSG_TRUNC));
	show_next(fds[0], 0);
	show_next(fds[0], 0);
	show("vector", writev(fds[0], v, 3));
	show("vector read", readv(fds[1], to, 2));
	printf("'%s' '%s'\n", left, right);
	show("empty message", send(fds[0], "", 0, 0));
	show_next(fds[1], 0);
	show("bad send", send(fds[0], unmapped, 4, 0));
	show("good send", send(fds[0], "good", 4, 0));
	show("bad receive", recv(fds[1], unmapped, 4, MSG_DONTWAIT));
	show_next(fds[1], 0);
	show("read nothing", read(fds[1], left, 0));
	show("stat", fstat(fds[0], &st));
	printf("%o %ld\n", st.st_mode, (long)st.st_size);
	show("reopen", open("/proc/self/fd/0", O_PATH) >= 0);
	pair_close(fds);
}

static void test_shut(int type)
{
	int fds[2];

	printf("shut %d\n", type);
	pair(type, fds);
	show("last", send(fds[0], "last", 4, 0));
	show("write end", shutdown(fds[0], SHUT_WR));
	show_ready("own", fds[0]);
	show_ready("other's", fds[1]);
	show("after", send(fds[0], "x", 1, MSG_NOSIGNAL));
	show_next(fds[1], 0);
	if (type != SOCK_DGRAM) {
		show_next(fds[1], 0);
	}
	show("back", send(fds[1], "back", 4, 0));
	show("read end", shutdown(fds[0], SHUT_RD));
	show_ready("both", fds[0]);
	show("back", send(fds[1], "back", 4, MSG_NOSIGNAL));
	show_next(fds[0], 0);
	show_next(fds[0], 0);
	pair_close(fds);
}

static void test_ends(int type)
{
	int fds[2], before = broken_pipes, err = 0;
	socklen_t len = sizeof(err);

	printf("end %d\n", type);
	pair(type, fds);
	show("unread", send(fds[0], "unread", 6, 0));
	show("kept", send(fds[1], "kept", 4, 0));
	close(fds[1]);
	show_ready("left", fds[0]);
	show("error", getsockopt(fds[0], SOL_SOCKET, SO_ERROR, &err, &len));
	printf("%d\n", err);
	show_next(fds[0], 0);
	show_next(fds[0], 0);
	if (type == SOCK_STREAM) {
		show("write", write(fds[0], "x", 1));
		show("quietly", send(fds[0], "x", 1, MSG_NOSIGNAL));
		printf("%d signals\n", broken_pipes - before);
	}
	close(fds[0]);
	pair(type, fds);
	close(fds[1]);
	if (type == SOCK_DGRAM) {
		show("nobody", send(fds[0], "x", 1, 0));
		show("nobody", send(fds[0], "x", 1, 0));
	} else {
		show_next(fds[0], 0);
		show_ready("alone", fds[0]);
	}
	close(fds[0]);
}

/* A megabyte through a stream, while the other reads. */
static void test_much(void)
{
	int fds[2], status;
	size_t done = 0, sum = 0, wanted = 0;
	pid_t child;

	pair(SOCK_STREAM, fds);
	for (size_t i = 0; i < sizeof(big); i++) {
		big[i] = (char)(i * 7 + i / 4096);
		wanted += (unsigned char)big[i];
	}
	fflush(stdout);
	child = fork();
	if (child == 0) {
		close(fds[0]);
		_exit(write(fds[1], big, sizeof(big)) != sizeof(big));
	}
	close(fds[1]);
	memset(big, 0, sizeof(big));
	while (done < sizeof(big)) {
		ssize_t got = read(fds[0], big + done,
				   done % 5000 + 1 < sizeof(big) - done
					   ? done % 5000 + 1
					   : sizeof(big) - done);

		if (got <= 0) {
			break;
		}
		done += (size_t)got;
	}
	for (size_t i = 0; i < sizeof(big); i++) {
		sum += (unsigned char)big[i];
	}
	waitpid(child, &status, 0);
	printf("much: %zu, status %d, %s\n", done, status,
	       sum == wanted ? "right" : "wrong");
	close(fds[0]);
	pair(SOCK_STREAM, fds);
	child = fork();
	if (child == 0) {
		for (int i = 0; i < 10; i++) {
			if (write(fds[1], "0123456789", 10) != 10) {
				_exit(1);
			}
		}
		_exit(0);
	}
	show("all", recv(fds[0], big, 100, MSG_WAITALL));
	waitpid(child, &status, 0);
	pair_close(fds);
}

/* Who waits for room is woken, and who polls for it. */
static void test_full(int type)
{
	int fds[2], status, count = 0;
	size_t len = type == SOCK_STREAM ? 1000 : 3000;
	pid_t child;

	pair(type, fds);
	while (send(fds[0], big, len, MSG_DONTWAIT) > 0) {
		count++;
	}
	printf("full %d: %s, error %d, ready %x\n", type,
	       count > 4 ? "some" : "few", errno, ready(fds[0]) & POLLOUT);
	fflush(stdout);
	child = fork();
	if (child == 0) {
		struct pollfd p = { .fd = fds[0], .events = POLLOUT };

		if (send(fds[0], "end", 3, 0) != 3) {
			_exit(1);
		}
		_exit(poll(&p, 1, -1) != 1 || p.revents != POLLOUT);
	}
	for (;;) {
		ssize_t got = recv(fds[1], big, len, 0);

		if (got <= 0 ||
		    (got >= 3 && !memcmp(big + got - 3, "end", 3))) {
			break;
		}
	}
	waitpid(child, &status, 0);
	printf("emptied, status %d\n", status);
	pair_close(fds);
}

/* ---- Names --------------------------------------------------------------- */

/* Abstract names are the whole machine's: each run has its own. */
static char own[12];

#define OWN_BYTES 10u

static socklen_t abstract(struct sockaddr_un *un, const char *name, size_t len)
{
	memset(un, 0, sizeof(*un));
	un->sun_family = AF_UNIX;
	memcpy(un->sun_path + 1, own, OWN_BYTES);
	memcpy(un->sun_path + 1 + OWN_BYTES, name, len);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
			   OWN_BYTES + len);
}

static socklen_t path(struct sockaddr_un *un, const char *name)
{
	memset(un, 0, sizeof(*un));
	un->sun_family = AF_UNIX;
	strcpy(un->sun_path, name);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
			   strlen(name));
}

static void show_name(const char *what, int fd, int of_peer)
{
	struct sockaddr_un un;
	socklen_t len = sizeof(un);
	int err;

	memset(&un, 'z', sizeof(un));
	err = of_peer ? getpeername(fd, (void *)&un, &len)
		      : getsockname(fd, (void *)&un, &len);
	if (err) {
		show(what, -1);
		return;
	}
	printf("%s: %u '", what, (unsigned)len);
	for (socklen_t i = 2; i < len; i++) {
		char c = un.sun_path[i - 2];

		putchar(c >= '0' && c <= '9' ? '#' : c ? c : '@');
	}
	printf("'\n");
}

static void test_listen(int type, const struct sockaddr_un *un, socklen_t len)
{
	int server = socket(AF_UNIX, type | SOCK_CLOEXEC, 0), on = 7;
	int client = socket(AF_UNIX, type, 0), second, one, two;
	struct sockaddr_un from;
	socklen_t size = sizeof(from), on_size = sizeof(on);
	struct ucred cred = { 0 };

	printf("listen %d\n", type);
	show("mark", fcntl(server, F_GETFD));
	show("nobody", connect(client, (void *)un, len));
	show("bind", bind(server, (void *)un, len));
	show("again", bind(server, (void *)un, len));
	second = socket(AF_UNIX, type, 0);
	show("taken", bind(second, (void *)un, len));
	show_name("server", server, 0);
	show("deaf", connect(client, (void *)un, len));
	show("listen", listen(server, 0));
	show_ready("quiet", server);
	show("connect", connect(client, (void *)un, len));
	show("listen to it", listen(client, 1));
	show_ready("rings", server);
	fcntl(second, F_SETFL, O_NONBLOCK);
	show("the next waits", connect(second, (void *)un, len));
	show("early", send(client, "early", 5, 0));
	one = accept4(server, (void *)&from, &size, SOCK_CLOEXEC);
	show("accepted", one >= 0);
	show("connected", connect(client, (void *)un, len));
	printf("%u %d\n", (unsigned)size, from.sun_family);
	show("marked", fcntl(one, F_GETFD));
	show_next(one, 0);
	show_name("accepted", one, 0);
	show_name("its peer", one, 1);
	show_name("client", client, 0);
	show_name("client's peer", client, 1);
	size = sizeof(cred);
	show("cred", getsockopt(one, SOL_SOCKET, SO_PEERCRED, &cred, &size));
	printf("%d %u %u\n", cred.pid == getpid(), cred.uid, cred.gid);
	show("listens",
	     getsockopt(server, SOL_SOCKET, SO_ACCEPTCONN, &on, &on_size));
	printf("%d\n", on);
	fcntl(server, F_SETFL, O_NONBLOCK);
	show("none", accept(server, NULL, NULL));
	show("bad flags", accept4(server, NULL, NULL, 1));
	show("now", connect(second, (void *)un, len));
	two = accept(server, NULL, NULL);
	show("accepted", two >= 0);
	show("flags", fcntl(two, F_GETFL));
	close(two);
	show_next(second, 0);
	close(second);
	/* Who was never accepted is told so. */
	second = socket(AF_UNIX, type, 0);
	show("late", connect(second, (void *)un, len));
	close(server);
	show_next(second, 0);
	close(second);
	show("still", send(client, "still", 5, 0));
	show_next(one, 0);
	close(one);
	close(client);
}

static void test_paths(void)
{
	struct sockaddr_un un;
	socklen_t len = path(&un, "socket-test");
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0), other;
	struct stat st;

	unlink("socket-test");
	test_listen(SOCK_STREAM, &un, len);
	show("stat", lstat("socket-test", &st));
	printf("%o\n", st.st_mode & (S_IFMT | 0700));
	show("open", open("socket-test", O_RDWR));
	show("refused", connect(fd, (void *)&un, len));
	show("in use", bind(fd, (void *)&un, len));
	show("unlink", unlink("socket-test"));
	show("gone", connect(fd, (void *)&un, len));
	len = path(&un, "no/such/place");
	show("no place", bind(fd, (void *)&un, len));
	len = path(&un, "/");
	show("a directory", connect(fd, (void *)&un, len));
	show("there", bind(fd, (void *)&un, len));
	len = path(&un, "socket-kind");
	unlink("socket-kind");
	show("bind", bind(fd, (void *)&un, len));
	other = socket(AF_UNIX, SOCK_STREAM, 0);
	show("another kind", connect(other, (void *)&un, len));
	close(other);
	close(fd);
	unlink("socket-kind");
}

static void test_abstract(void)
{
	struct sockaddr_un un;
	socklen_t len = abstract(&un, "exo\0test/..", 11);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), again;

	test_listen(SOCK_SEQPACKET, &un, len);
	test_listen(SOCK_STREAM, &un, len);
	show("free again", bind(fd, (void *)&un, len));
	again = socket(AF_UNIX, SOCK_DGRAM, 0);
	show("for each kind", bind(again, (void *)&un, len));
	show("twice", bind(fd, (void *)&un, len));
	close(again);
	close(fd);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	show("picked", bind(fd, (void *)&un, sizeof(sa_family_t)));
	len = sizeof(un);
	getsockname(fd, (void *)&un, &len);
	printf("%u %d\n", (unsigned)len, un.sun_path[0]);
	close(fd);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	memset(&un, 'x', sizeof(un));
	un.sun_family = AF_UNIX;
	un.sun_path[0] = 0;
	memcpy(un.sun_path + 1, own, OWN_BYTES);
	show("longest", bind(fd, (void *)&un, sizeof(un)));
	show_name("longest", fd, 0);
	close(fd);
}

static void show_from(int fd)
{
	struct sockaddr_un un;
	socklen_t len = sizeof(un);
	char buf[32] = "";
	ssize_t got;

	memset(&un, 0, sizeof(un));
	got = recvfrom(fd, buf, sizeof(buf), MSG_DONTWAIT, (void *)&un, &len);
	if (got < 0) {
		show("from", -1);
	} else {
		printf("from: %zd '%s' %u '%s'\n", got, buf, (unsigned)len,
		       len > 2 ? un.sun_path + 1 + OWN_BYTES : "");
	}
}

static void test_datagrams(void)
{
	struct sockaddr_un one_name, two_name, none = { .sun_family = 0 };
	socklen_t one_len = abstract(&one_name, "exo one", 7);
	socklen_t two_len = abstract(&two_name, "exo two", 7);
	int one = socket(AF_UNIX, SOCK_DGRAM, 0), count = 0;
	int two = socket(AF_UNIX, SOCK_RAW, 0);
	int three = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	show("bind", bind(one, (void *)&one_name, one_len));
	show("bind", bind(two, (void *)&two_name, two_len));
	show("to", sendto(two, "hi", 3, 0, (void *)&one_name, one_len));
	show_from(one);
	show("unnamed", sendto(three, "ho", 3, 0, (void *)&one_name, one_len));
	show_from(one);
	show_from(one);
	show("connect", connect(one, (void *)&two_name, two_len));
	show("kept away",
	     sendto(three, "ho", 3, 0, (void *)&one_name, one_len));
	show("kept away", connect(three, (void *)&one_name, one_len));
	show("send", send(one, "ha", 3, 0));
	show_from(two);
	show("dissolve", connect(one, (void *)&none, sizeof(none)));
	show("send", send(one, "ha", 3, 0));
	show("connect", connect(three, (void *)&two_name, two_len));
	show_name("peer", three, 1);
	while (count < 100000 && send(three, "x", 1, 0) == 1) {
		count++;
	}
	printf("full: error %d, ready %x\n", errno, ready(three));
	while (recv(two, big, 1, MSG_DONTWAIT) == 1) {
		count--;
	}
	printf("left: %d, ready %x\n", count, ready(three));
	close(two);
	show("dead", send(three, "x", 1, 0));
	show("no more", send(three, "x", 1, 0));
	show("nobody", sendto(three, "x", 1, 0, (void *)&two_name, two_len));
	close(one);
	close(three);
}

/* ---- What messages carry ------------------------------------------------- */

struct carrier {
	struct msghdr h;
	struct iovec v;
	char bytes[16];
	union {
		struct cmsghdr head;
		char room[256];
	} control;
};

static struct msghdr *carrier(struct carrier *c, size_t len, size_t control)
{
	memset(c, 0, sizeof(*c));
	c->v.iov_base = c->bytes;
	c->v.iov_len = len;
	c->h.msg_iov = &c->v;
	c->h.msg_iovlen = 1;
	c->h.msg_control = control ? &c->control : NULL;
	c->h.msg_controllen = control;
	return &c->h;
}

static long send_fds(int by, const int *fds, int count, const char *bytes)
{
	struct carrier c;
	struct msghdr *h = carrier(&c, strlen(bytes),
				   CMSG_SPACE((size_t)count * sizeof(int)));

	memcpy(c.bytes, bytes, strlen(bytes));
	c.control.head.cmsg_len = CMSG_LEN((size_t)count * sizeof(int));
	c.control.head.cmsg_level = SOL_SOCKET;
	c.control.head.cmsg_type = SCM_RIGHTS;
	memcpy(CMSG_DATA(&c.control.head), fds, (size_t)count * sizeof(int));
	return sendmsg(by, h, MSG_DONTWAIT);
}

/* Receives, shows what came, returns the first descriptor. */
static int receive_fds(int by, size_t len, size_t control, int flags)
{
	struct carrier c;
	struct msghdr *h = carrier(&c, len, control);
	ssize_t got = recvmsg(by, h, flags | MSG_DONTWAIT);
	int first = -1;

	if (got < 0) {
		show("receive", -1);
		return -1;
	}
	printf("received: %zd '%s' flags %x, control %zu:", got, c.bytes,
	       (unsigned)h->msg_flags, (size_t)h->msg_controllen);
	for (struct cmsghdr *m = CMSG_FIRSTHDR(h); m; m = CMSG_NXTHDR(h, m)) {
		int n = (int)((m->cmsg_len - CMSG_LEN(0)) / sizeof(int));

		printf(" type %d of %zu", m->cmsg_type, (size_t)m->cmsg_len);
		if (m->cmsg_type == SCM_CREDENTIALS) {
			struct ucred cred;

			memcpy(&cred, CMSG_DATA(m), sizeof(cred));
			printf(" (%d %u %u)", cred.pid == getpid(), cred.uid,
			       cred.gid);
			continue;
		}
		for (int i = 0; i < n; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(m) + i * 4, sizeof(fd));
			printf(" mark %d", fcntl(fd, F_GETFD));
			if (first < 0) {
				first = fd;
			} else {
				close(fd);
			}
		}
	}
	printf("\n");
	return first;
}

static void test_rights(int type)
{
	int fds[2], pipes[2], sent[4], fd, low = dup(0);
	char c = 0;

	printf("rights %d\n", type);
	close(low);
	pair(type, fds);
	if (pipe(pipes) != 0) {
		exit(1);
	}
	for (int i = 0; i < 4; i++) {
		sent[i] = pipes[1];
	}
	show("one", send_fds(fds[0], sent, 1, "one"));
	show("three", send_fds(fds[0], sent, 3, "three"));
	show("plain", send(fds[0], "plain", 5, 0));
	close(pipes[1]);
	fd = receive_fds(fds[1], 15, CMSG_SPACE(16), MSG_PEEK);
	close(fd);
	fd = receive_fds(fds[1], 2, CMSG_SPACE(16), MSG_CMSG_CLOEXEC);
	show("by it", write(fd, "z", 1));
	show("out", read(pipes[0], &c, 1));
	printf("%c\n", c);
	close(fd);
	if (type == SOCK_STREAM) {
		close(receive_fds(fds[1], 1, CMSG_SPACE(16), 0));
	}
	close(receive_fds(fds[1], 5, CMSG_LEN(8), 0));
	receive_fds(fds[1], 15, 0, 0);
	show("hung up", read(pipes[0], &c, 1));
	sent[0] = pipes[0];
	show("unread", send_fds(fds[0], sent, 1, "x"));
	show("read", read(fds[1], &c, 1));
	show("lost", send_fds(fds[0], sent, 1, "x"));
	receive_fds(fds[1], 15, 0, 0);
	sent[1] = 9999;
	show("bad", send_fds(fds[0], sent, 2, "x"));
	sent[1] = -1;
	show("bad", send_fds(fds[0], sent, 2, "x"));
	show("left", send_fds(fds[0], sent, 1, "x"));
	pair_close(fds);
	close(pipes[0]);
	fd = dup(0);
	printf("no descriptor is lost: %d\n", fd == low);
	close(fd);
}

static void test_credentials(int type)
{
	int fds[2], on = 1, fd;
	struct carrier c;
	struct msghdr *h;
	struct ucred cred = { getpid(), getuid(), getgid() };

	printf("credentials %d\n", type);
	pair(type, fds);
	show("ask",
	     setsockopt(fds[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)));
	show("plain", send(fds[0], "plain", 5, 0));
	receive_fds(fds[1], 15, 128, 0);
	h = carrier(&c, 3, CMSG_SPACE(sizeof(cred)));
	c.control.head.cmsg_len = CMSG_LEN(sizeof(cred));
	c.control.head.cmsg_level = SOL_SOCKET;
	c.control.head.cmsg_type = SCM_CREDENTIALS;
	memcpy(CMSG_DATA(&c.control.head), &cred, sizeof(cred));
	show("told", sendmsg(fds[0], h, 0));
	receive_fds(fds[1], 15, 128, 0);
	c.control.head.cmsg_len = CMSG_LEN(4);
	show("short", sendmsg(fds[0], h, 0));
	c.control.head.cmsg_len = 4;
	show("shorter", sendmsg(fds[0], h, 0));
	c.control.head.cmsg_len = 400;
	show("longer", sendmsg(fds[0], h, 0));
	c.control.head.cmsg_len = CMSG_LEN(sizeof(cred));
	c.control.head.cmsg_type = 77;
	show("unknown", sendmsg(fds[0], h, 0));
	c.control.head.cmsg_level = 77;
	show("another's", sendmsg(fds[0], h, 0));
	receive_fds(fds[1], 15, 128, 0);
	show("with a file", send_fds(fds[0], fds, 1, "file"));
	fd = receive_fds(fds[1], 15, 128, 0);
	close(fd);
	show("no room", send(fds[0], "room", 4, 0));
	receive_fds(fds[1], 15, 0, 0);
	show("little room", send(fds[0], "room", 4, 0));
	receive_fds(fds[1], 15, CMSG_LEN(4), 0);
	pair_close(fds);
}

/* Sockets that carry themselves, each other, and who waits to be accepted. */
static void test_circles(void)
{
	struct sockaddr_un un;
	socklen_t len = abstract(&un, "exo circle", 10);
	int fds[2], pipes[2], other[2], listener, client;
	char c;

	if (pipe(pipes) != 0) {
		exit(1);
	}
	for (int i = 0; i < 50; i++) {
		pair(SOCK_STREAM, fds);
		pair(SOCK_DGRAM, other);
		send_fds(fds[0], &fds[1], 1, "a");
		send_fds(fds[1], &fds[0], 1, "b");
		send_fds(fds[0], other, 2, "c");
		send_fds(other[0], &other[1], 1, "d");
		send_fds(other[1], fds, 2, "e");
		send_fds(fds[0], &pipes[1], 1, "f");
		pair_close(fds);
		pair_close(other);
		listener = socket(AF_UNIX, SOCK_STREAM, 0);
		client = socket(AF_UNIX, SOCK_STREAM, 0);
		bind(listener, (void *)&un, len);
		listen(listener, 5);
		connect(client, (void *)&un, len);
		send_fds(client, &listener, 1, "g");
		send_fds(client, &pipes[1], 1, "h");
		close(client);
		close(listener);
	}
	close(pipes[1]);
	/* One more that is closed finds what is left. */
	pair(SOCK_STREAM, fds);
	pair_close(fds);
	show("nobody has the pipe", read(pipes[0], &c, 1));
	close(pipes[0]);
}

/* A chain of sockets, each in the queue of the next. */
static void test_chain(void)
{
	int inner[2], outer[2], pipes[2];
	char c;

	if (pipe(pipes) != 0) {
		exit(1);
	}
	pair(SOCK_STREAM, inner);
	send_fds(inner[0], &pipes[1], 1, "x");
	close(pipes[1]);
	for (int i = 0; i < 500; i++) {
		pair(SOCK_STREAM, outer);
		if (send_fds(outer[0], inner, 2, "x") != 1) {
			break;
		}
		pair_close(inner);
		inner[0] = outer[0];
		inner[1] = outer[1];
	}
	pair_close(inner);
	show("the chain is gone", read(pipes[0], &c, 1));
	close(pipes[0]);
}

/* ---- The rest ------------------------------------------------------------ */

static void show_option(int fd, const char *what, int option)
{
	int value = -1;
	socklen_t len = sizeof(value);
	int err = getsockopt(fd, SOL_SOCKET, option, &value, &len);

	printf("%s: %d, %d of %u\n", what, err ? -errno : 0, value,
	       (unsigned)len);
}

static void test_options(void)
{
	int fds[2], value = 5000, fd;
	struct timeval limit = { 0, 1000 };
	socklen_t len = sizeof(limit);
	char c;

	pair(SOCK_SEQPACKET, fds);
	show_option(fds[0], "type", SO_TYPE);
	show_option(fds[0], "domain", SO_DOMAIN);
	show_option(fds[0], "protocol", SO_PROTOCOL);
	show_option(fds[0], "error", SO_ERROR);
	show_option(fds[0], "listens", SO_ACCEPTCONN);
	show_option(fds[0], "pass", SO_PASSCRED);
	show_option(fds[0], "alive", SO_KEEPALIVE);
	show_option(fds[0], "unknown", 9999);
	show("send buffer",
	     setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &value, sizeof(value)));
	show_option(fds[0], "send buffer", SO_SNDBUF);
	show("too large", send(fds[0], big, 10001, MSG_DONTWAIT));
	value = 1;
	show("tiny",
	     setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &value, sizeof(value)));
	show_option(fds[0], "send buffer", SO_SNDBUF);
	show("alive", setsockopt(fds[0], SOL_SOCKET, SO_KEEPALIVE, &value,
				 sizeof(value)));
	show_option(fds[0], "alive", SO_KEEPALIVE);
	show("short", setsockopt(fds[0], SOL_SOCKET, SO_KEEPALIVE, &value, 1));
	show("bad", setsockopt(fds[0], SOL_SOCKET, SO_KEEPALIVE, unmapped, 4));
	show("type", setsockopt(fds[0], SOL_SOCKET, SO_TYPE, &value, 4));
	show("limit", setsockopt(fds[0], SOL_SOCKET, SO_RCVTIMEO, &limit,
				 sizeof(limit)));
	show("in time", recv(fds[0], &c, 1, 0));
	show("limit",
	     getsockopt(fds[0], SOL_SOCKET, SO_RCVTIMEO, &limit, &len));
	printf("%d %u\n", limit.tv_usec > 0, (unsigned)len);
	limit.tv_usec = 1000000;
	show("limit", setsockopt(fds[0], SOL_SOCKET, SO_RCVTIMEO, &limit,
				 sizeof(limit)));
	pair_close(fds);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	show("flags", fcntl(fd, F_GETFL));
	close(fd);
}

static void test_epoll(void)
{
	int fds[2], set = epoll_create1(0);
	struct epoll_event e = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP |
					   EPOLLET };

	pair(SOCK_STREAM, fds);
	show("add", epoll_ctl(set, EPOLL_CTL_ADD, fds[0], &e));
	show("first", epoll_wait(set, &e, 1, 0));
	printf("%x\n", e.events);
	show("none", epoll_wait(set, &e, 1, 0));
	show("send", send(fds[1], "x", 1, 0));
	show("in", epoll_wait(set, &e, 1, 0));
	printf("%x\n", e.events);
	show("shut", shutdown(fds[1], SHUT_WR));
	show("half", epoll_wait(set, &e, 1, 0));
	printf("%x\n", e.events);
	close(fds[1]);
	show("end", epoll_wait(set, &e, 1, 0));
	printf("%x\n", e.events);
	close(fds[0]);
	show("gone", epoll_wait(set, &e, 1, 0));
	close(set);
}

/* Several at once, by one call. */
static void test_several(void)
{
	int fds[2];
	struct mmsghdr m[4];
	struct iovec v[4];
	char bytes[4][8] = { "a", "bb", "ccc", "dddd" };

	memset(m, 0, sizeof(m));
	pair(SOCK_DGRAM, fds);
	for (size_t i = 0; i < 4; i++) {
		v[i] = (struct iovec){ bytes[i], i + 1 };
		m[i].msg_hdr.msg_iov = &v[i];
		m[i].msg_hdr.msg_iovlen = 1;
	}
	show("sent", sendmmsg(fds[0], m, 3, 0));
	for (size_t i = 0; i < 4; i++) {
		v[i].iov_len = 8;
	}
	show("received", recvmmsg(fds[1], m, 4, MSG_WAITFORONE, NULL));
	printf("%u %u %u\n", m[0].msg_len, m[1].msg_len, m[2].msg_len);
	show("none", recvmmsg(fds[1], m, 4, MSG_DONTWAIT, NULL));
	m[0].msg_hdr.msg_iovlen = 1025;
	show("too many", sendmmsg(fds[0], m, 1, 0));
	pair_close(fds);
}

static void on_alarm(int sig)
{
	(void)sig;
}

/* A signal ends a wait; with SA_RESTART it begins again. */
static void test_signals(void)
{
	int fds[2], status;
	struct sigaction once = { .sa_handler = on_alarm };
	struct itimerval soon = { { 0, 10000 }, { 0, 10000 } };
	pid_t child;
	char c;

	pair(SOCK_STREAM, fds);
	sigaction(SIGALRM, &once, NULL);
	setitimer(ITIMER_REAL, &soon, NULL);
	show("interrupted", recv(fds[0], &c, 1, 0));
	soon.it_value.tv_usec = 0;
	setitimer(ITIMER_REAL, &soon, NULL);
	child = fork();
	if (child == 0) {
		once.sa_flags = SA_RESTART;
		sigaction(SIGUSR1, &once, NULL);
		_exit(recv(fds[0], &c, 1, 0) != 1);
	}
	for (int i = 0; i < 20; i++) {
		kill(child, 0);
	}
	show("send", send(fds[1], "x", 1, 0));
	waitpid(child, &status, 0);
	printf("status %d\n", status);
	pair_close(fds);
}

/* Who finds no number for a connection leaves it where it is. */
static void test_no_numbers(void)
{
	struct sockaddr_un un;
	socklen_t len = abstract(&un, "exo numbers", 11);
	int server = socket(AF_UNIX, SOCK_STREAM, 0), fds[2];
	int client = socket(AF_UNIX, SOCK_STREAM, 0), low = dup(0), fd;
	struct rlimit old, few;

	pair(SOCK_STREAM, fds);
	bind(server, (void *)&un, len);
	listen(server, 1);
	show("connect", connect(client, (void *)&un, len));
	show("a file", send_fds(fds[0], fds, 1, "x"));
	show("two files", send_fds(fds[0], fds, 2, "y"));
	getrlimit(RLIMIT_NOFILE, &old);
	few = old;
	close(low);
	few.rlim_cur = (rlim_t)low;
	setrlimit(RLIMIT_NOFILE, &few);
	show("no number", accept(server, NULL, NULL));
	show("nor here", socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
	receive_fds(fds[1], 1, CMSG_SPACE(4), 0);
	few.rlim_cur++;
	setrlimit(RLIMIT_NOFILE, &few);
	close(receive_fds(fds[1], 1, CMSG_SPACE(8), 0));
	setrlimit(RLIMIT_NOFILE, &old);
	fd = accept(server, NULL, NULL);
	show("now", fd >= 0);
	show("send", send(client, "x", 1, 0));
	show_next(fd, 0);
	close(fd);
	close(client);
	close(server);
	pair_close(fds);
}

/* Many clients of a server, all at once. */
static void test_crowd(void)
{
	struct sockaddr_un un;
	socklen_t len = abstract(&un, "exo crowd", 9);
	int server = socket(AF_UNIX, SOCK_STREAM, 0), sum = 0, bad = 0;

	bind(server, (void *)&un, len);
	listen(server, 2);
	fflush(stdout);
	for (int i = 1; i <= 20; i++) {
		if (fork() == 0) {
			int fd = socket(AF_UNIX, SOCK_STREAM, 0);
			unsigned char c = (unsigned char)i, back = 0;

			if (connect(fd, (void *)&un, len) != 0 ||
			    write(fd, &c, 1) != 1 || read(fd, &back, 1) != 1) {
				_exit(1);
			}
			_exit(back != i + 1);
		}
	}
	for (int i = 0; i < 20; i++) {
		int fd = accept(server, NULL, NULL);
		unsigned char c = 0;

		if (read(fd, &c, 1) != 1) {
			bad++;
		}
		sum += c++;
		if (write(fd, &c, 1) != 1) {
			bad++;
		}
		close(fd);
	}
	for (int status; wait(&status) > 0;) {
		bad += status != 0;
	}
	printf("crowd: %d, %d bad\n", sum, bad);
	close(server);
}

int main(void)
{
	char folder[] = "/tmp/sockets.XXXXXX";
	struct sigaction pipe_action = { .sa_handler = on_pipe };

	sigaction(SIGPIPE, &pipe_action, NULL);
	umask(022);
	snprintf(own, sizeof(own), "%010d", getpid());
	if (mkdtemp(folder) == NULL || chdir(folder) != 0) {
		return 1;
	}
	test_refused();
	for (int i = 0; i < 3; i++) {
		test_kinds(types[i]);
		test_shut(types[i]);
		test_ends(types[i]);
		test_full(types[i]);
		test_rights(types[i]);
		test_credentials(types[i]);
	}
	test_much();
	test_paths();
	test_abstract();
	test_datagrams();
	test_circles();
	test_chain();
	test_options();
	test_epoll();
	test_several();
	test_signals();
	test_no_numbers();
	test_crowd();
	return rmdir(folder);
}
