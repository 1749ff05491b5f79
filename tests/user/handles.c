/* SPDX-License-Identifier: MIT */
/*
 * Handles: rights, copies, revoking, sending them through rings; what is
 * refused, and by which error.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/user/check.h"
#include "user/exo.h"

#define SLOTS   8u
#define LETTERS 64
#define DEEPEST 8
#define MANY    200

static int wait_status(pid_t child)
{
	int status = -1;

	waitpid(child, &status, 0);
	return status;
}

static exo_handle open_handle(const char *path, int flags)
{
	return exo_handle_of(open(path, flags));
}

static long error_of(long result)
{
	return result < 0 ? -errno : result;
}

static void test_rights(void)
{
	exo_handle zero = open_handle("/dev/zero", O_RDWR);
	exo_handle null = open_handle("/dev/null", O_RDONLY);
	exo_handle copy, less;
	struct pollfd p = { .events = POLLIN };
	char byte = 1;

	EXPECT_EQ(exo_rights(zero), EXO_ALL);
	EXPECT_EQ(exo_rights(null), EXO_ALL & ~EXO_WRITE);
	EXPECT_EQ(error_of(write((int)null, &byte, 1)), -EBADF);
	copy = exo_copy(zero, EXO_READ | EXO_DUPLICATE, 0);
	EXPECT(copy > 0 && (int)copy != (int)zero);
	EXPECT_EQ(exo_rights(copy), EXO_READ | EXO_DUPLICATE);
	EXPECT_EQ(read((int)copy, &byte, 1), 1);
	EXPECT_EQ(byte, 0);
	EXPECT_EQ(error_of(write((int)copy, &byte, 1)), -EBADF);
	EXPECT_EQ(write((int)zero, &byte, 1), 1);
	EXPECT(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, (int)copy, 0) ==
		       MAP_FAILED &&
	       errno == EACCES);
	p.fd = (int)copy;
	EXPECT_EQ(poll(&p, 1, 0), 1);
	EXPECT_EQ(p.revents, POLLNVAL);
	EXPECT_EQ(exo_revoke(copy), -EACCES);
	less = exo_copy(copy, EXO_ALL, EXO_CLOSE_ON_EXEC);
	EXPECT_EQ(exo_rights(less), EXO_READ | EXO_DUPLICATE);
	EXPECT_EQ(fcntl((int)less, F_GETFD), FD_CLOEXEC);
	close((int)less);
	less = exo_copy(copy, 0, 0);
	EXPECT_EQ(exo_rights(less), 0);
	EXPECT_EQ(exo_copy(less, EXO_ALL, 0), -EACCES);
	EXPECT_EQ(error_of(dup((int)less)), -EACCES);
	EXPECT_EQ(error_of(read((int)less, &byte, 1)), -EBADF);
	EXPECT_EQ(fcntl((int)less, F_GETFL) & O_ACCMODE, O_RDWR);
	EXPECT_EQ(exo_copy(zero, 1 << 20, 0), -EINVAL);
	EXPECT_EQ(exo_copy(zero, 0, 1), -EINVAL);
	close((int)less);
	close((int)copy);
	close((int)zero);
	close((int)null);
}

static void test_refused(void)
{
	exo_handle zero = open_handle("/dev/zero", O_RDWR), again;

	EXPECT_EQ(exo_handle_of(1000), -EBADF);
	EXPECT_EQ(exo_rights(1000), -EBADF);
	EXPECT_EQ(exo_rights(-1), -EBADF);
	EXPECT_EQ(exo_rights(zero + 1), -ESTALE);
	EXPECT_EQ(exo_rights(zero ^ 1l << 62), -EREMOTE);
	EXPECT_EQ(exo_rights((int)zero), EXO_ALL);
	close((int)zero);
	EXPECT_EQ(exo_rights(zero), -ESTALE);
	again = open_handle("/dev/zero", O_RDWR);
	EXPECT_EQ((int)again, (int)zero);
	EXPECT(again != zero);
	EXPECT_EQ(exo_rights(zero), -ESTALE);
	EXPECT_EQ(exo_copy(zero, EXO_ALL, 0), -ESTALE);
	EXPECT_EQ(exo_rights(again), EXO_ALL);
	EXPECT_EQ(exo_send_handle(again, again, EXO_ALL), -EPROTOTYPE);
	close((int)again);
}

/* A handle that a child made is nothing here; one that it inherited is. */
static void test_foreign(void)
{
	exo_handle zero = open_handle("/dev/zero", O_RDWR), theirs = 0;
	exo_handle *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t child = fork();

	if (child == 0) {
		shared[0] = open_handle("/dev/null", O_RDWR);
		_exit(exo_rights(zero) == EXO_ALL ? 7 : 8);
	}
	EXPECT_EQ(wait_status(child), 7 << 8);
	theirs = shared[0];
	EXPECT((int)theirs == (int)zero + 1);
	EXPECT_EQ(exo_rights(theirs), -EREMOTE);
	EXPECT_EQ(dup((int)zero), (int)theirs);
	EXPECT_EQ(exo_rights(theirs), -EREMOTE);
	close((int)theirs);
	close((int)zero);
	munmap(shared, 4096);
}

static void test_revoke(void)
{
	exo_handle zero = open_handle("/dev/zero", O_RDWR), copy[4];
	char byte;

	copy[0] = exo_copy(zero, EXO_ALL, 0);
	copy[1] = exo_copy(copy[0], EXO_ALL, 0);
	copy[2] = exo_handle_of(dup((int)copy[1]));
	copy[3] = exo_copy(zero, EXO_READ, 0);
	EXPECT_EQ(exo_revoke(copy[0]), 0);
	EXPECT_EQ(exo_rights(copy[0]), EXO_ALL);
	EXPECT_EQ(exo_rights(copy[1]), -EKEYREVOKED);
	EXPECT_EQ(exo_rights(copy[2]), -EKEYREVOKED);
	EXPECT_EQ(exo_rights(copy[3]), EXO_READ);
	EXPECT_EQ(exo_copy(copy[1], EXO_ALL, 0), -EKEYREVOKED);
	EXPECT_EQ(error_of(read((int)copy[1], &byte, 1)), -EBADF);
	EXPECT_EQ(read((int)copy[0], &byte, 1), 1);
	EXPECT_EQ(exo_revoke(zero), 0);
	EXPECT_EQ(exo_rights(copy[0]), -EKEYREVOKED);
	EXPECT_EQ(exo_rights(copy[3]), -EKEYREVOKED);
	EXPECT_EQ(exo_rights(zero), EXO_ALL);
	for (int i = 0; i < 4; i++) {
		EXPECT_EQ(close((int)copy[i]), 0);
	}
	copy[0] = zero;
	for (int i = 0; i < DEEPEST; i++) {
		exo_handle next = exo_copy(copy[0], EXO_ALL, 0);

		EXPECT(next > 0);
		close((int)copy[0]);
		copy[0] = next;
	}
	EXPECT_EQ(exo_copy(copy[0], EXO_ALL, 0), -EMLINK);
	close((int)copy[0]);
}

/* A copy that a child got by fork() dies with the others. */
static void test_revoke_everywhere(void)
{
	exo_handle zero = open_handle("/dev/zero", O_RDWR);
	exo_handle copy = exo_copy(zero, EXO_ALL, 0);
	int told[2], asked[2];
	char byte = 0;
	pid_t child;

	EXPECT_EQ(pipe(told) + pipe(asked), 0);
	child = fork();
	if (child == 0) {
		bool good = exo_rights(copy) == EXO_ALL;

		write(told[1], &byte, 1);
		read(asked[0], &byte, 1);
		_exit(good && exo_rights(copy) == -EKEYREVOKED ? 7 : 8);
	}
	EXPECT_EQ(read(told[0], &byte, 1), 1);
	EXPECT_EQ(exo_revoke(zero), 0);
	EXPECT_EQ(write(asked[1], &byte, 1), 1);
	EXPECT_EQ(wait_status(child), 7 << 8);
	for (int i = 0; i < 2; i++) {
		close(told[i]);
		close(asked[i]);
	}
	close((int)copy);
	close((int)zero);
}

/* A file that only one process has opened is read by another. */
static void test_send(void)
{
	exo_handle ends[2], zero, got;
	char byte = 1;
	pid_t child;
	long ticket;

	EXPECT_EQ(exo_ring_create(SLOTS, 0, ends, 0), 0);
	child = fork();
	if (child == 0) {
		zero = open_handle("/dev/zero", O_RDWR);
		ticket = exo_send_handle(ends[EXO_PRODUCER], zero,
					 EXO_READ | EXO_TRANSFER);
		_exit(ticket == 0 ? 7 : 8);
	}
	EXPECT_EQ(wait_status(child), 7 << 8);
	EXPECT_EQ(exo_receive_handle(ends[EXO_CONSUMER], 1, 0), -ENOENT);
	EXPECT_EQ(exo_receive_handle(ends[EXO_PRODUCER], 0, 0), -EPROTOTYPE);
	got = exo_receive_handle(ends[EXO_CONSUMER], 0, 0);
	EXPECT_EQ(exo_rights(got), EXO_READ | EXO_TRANSFER);
	EXPECT_EQ(read((int)got, &byte, 1), 1);
	EXPECT_EQ(byte, 0);
	EXPECT_EQ(exo_receive_handle(ends[EXO_CONSUMER], 0, 0), -ENOENT);
	ticket = exo_send_handle(ends[EXO_PRODUCER], got, EXO_READ);
	EXPECT_EQ(ticket, 1);
	EXPECT_EQ(exo_revoke(got), -EACCES);
	close((int)got);
	got = exo_receive_handle(ends[EXO_CONSUMER], ticket, 0);
	EXPECT_EQ(exo_send_handle(ends[EXO_PRODUCER], got, EXO_READ), -EACCES);
	close((int)got);
	close((int)ends[0]);
	close((int)ends[1]);
}

static void test_send_limits(void)
{
	struct rlimit limit, small;
	exo_handle r[2], s[2], got;

	EXPECT_EQ(exo_ring_create(SLOTS, 0, r, 0), 0);
	EXPECT_EQ(exo_ring_create(SLOTS, 0, s, 0), 0);
	EXPECT_EQ(exo_send_handle(r[EXO_PRODUCER], r[EXO_CONSUMER], EXO_ALL),
		  -ELOOP);
	EXPECT_EQ(exo_send_handle(r[EXO_PRODUCER], s[EXO_CONSUMER], EXO_ALL),
		  0);
	EXPECT_EQ(exo_send_handle(s[EXO_PRODUCER], r[EXO_CONSUMER], EXO_ALL),
		  -ELOOP);
	for (int i = 1; i < LETTERS; i++) {
		EXPECT_EQ(exo_send_handle(r[EXO_PRODUCER], 0, EXO_READ), i);
	}
	EXPECT_EQ(exo_send_handle(r[EXO_PRODUCER], 0, EXO_READ), -EAGAIN);
	getrlimit(RLIMIT_NOFILE, &limit);
	small = limit;
	small.rlim_cur = 4;
	setrlimit(RLIMIT_NOFILE, &small);
	EXPECT_EQ(exo_receive_handle(r[EXO_CONSUMER], 5, 0), -EMFILE);
	setrlimit(RLIMIT_NOFILE, &limit);
	got = exo_receive_handle(r[EXO_CONSUMER], 5, 0);
	EXPECT_EQ(exo_rights(got), EXO_READ);
	close((int)got);
	close((int)s[EXO_CONSUMER]);
	EXPECT_EQ(exo_ring_bell(s[EXO_PRODUCER]), 0);
	close((int)r[EXO_CONSUMER]);
	/* What was on its way is gone, and with it that ring's other end. */
	EXPECT_EQ(exo_ring_bell(s[EXO_PRODUCER]), -EPIPE);
	EXPECT_EQ(exo_send_handle(r[EXO_PRODUCER], 0, EXO_READ), -EPIPE);
	close((int)r[EXO_PRODUCER]);
	close((int)s[EXO_PRODUCER]);
}

/* As many copies as there are descriptors; all come back. */
static void test_many(void)
{
	pid_t child = fork();
	struct rlimit limit = { MANY, MANY };

	if (child == 0) {
		exo_handle copy = 0;
		int made = 0;

		setrlimit(RLIMIT_NOFILE, &limit);
		while ((copy = exo_copy(0, EXO_ALL, 0)) > 0) {
			made++;
		}
		_exit(copy == -EMFILE && made == MANY - 3 ? 7 : 8);
	}
	EXPECT_EQ(wait_status(child), 7 << 8);
}

int main(void)
{
	test_rights();
	test_refused();
	test_foreign();
	test_revoke();
	test_revoke_everywhere();
	test_send();
	test_send_limits();
	test_many();
	return check_end();
}
