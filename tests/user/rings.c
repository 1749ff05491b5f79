/* SPDX-License-Identifier: MIT */
/*
 * Rings between processes: messages, the doorbell, the end of a peer, peers
 * that lie, limits.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/ring.c"
#include "tests/user/check.h"
#include "user/exo.h"

#define SLOTS    16u
#define ARENA    8192u
#define MESSAGES 2000u
#define MS       1000000ul

/* Volatile: the compiler does not see that nothing is there. */
static exo_handle *volatile unmapped = (exo_handle *)16;

struct ring {
	exo_handle ends[2];
	struct ring_shared *shared;
	char *arena;
};

static struct ring_shared *ring_map(exo_handle end, uint32_t slots,
				    uint64_t arena)
{
	void *at = mmap(NULL, exo_ring_arena(slots) + arena,
			PROT_READ | PROT_WRITE, MAP_SHARED, (int)end, 0);

	return at == MAP_FAILED ? NULL : at;
}

static struct ring ring_make(void)
{
	struct ring r = { .shared = NULL };

	EXPECT_EQ(exo_ring_create(SLOTS, ARENA, r.ends, 0), 0);
	r.shared = ring_map(r.ends[EXO_CONSUMER], SLOTS, ARENA);
	EXPECT(r.shared != NULL);
	r.arena = (char *)r.shared + exo_ring_arena(SLOTS);
	return r;
}

static void ring_end(struct ring *r)
{
	munmap(r->shared, exo_ring_arena(SLOTS) + ARENA);
	close((int)r->ends[0]);
	close((int)r->ends[1]);
}

/* ---- One process --------------------------------------------------------- */

static void test_create(void)
{
	exo_handle ends[2];

	EXPECT_EQ(exo_ring_create(0, 0, ends, 0), -EINVAL);
	EXPECT_EQ(exo_ring_create(3, 0, ends, 0), -EINVAL);
	EXPECT_EQ(exo_ring_create(2 * RING_SLOTS_MAX, 0, ends, 0), -EINVAL);
	EXPECT_EQ(exo_ring_create(8, UINT64_MAX, ends, 0), -EINVAL);
	EXPECT_EQ(exo_ring_create(8, 17 << 20, ends, 0), -EINVAL);
	EXPECT_EQ(exo_ring_create(8, 0, ends, 1), -EINVAL);
	EXPECT_EQ(exo_ring_create(8, 0, unmapped, 0), -EFAULT);
	EXPECT_EQ(exo_ring_create(8, 0, ends, EXO_CLOSE_ON_EXEC), 0);
	EXPECT_EQ((int)ends[0], 3);
	EXPECT_EQ((int)ends[1], 4);
	EXPECT(ends[0] >> 32 > 0 && ends[1] >> 32 > 0);
	EXPECT_EQ(fcntl((int)ends[0], F_GETFD), FD_CLOEXEC);
	close(3);
	close(4);
}

static void test_map(void)
{
	struct ring r = ring_make();
	struct ring_shared *other = ring_map(r.ends[EXO_PRODUCER], SLOTS, 0);
	char text[200] = "", name[40];
	int fd;

	EXPECT(other != NULL && other != r.shared);
	r.shared->slots[3].data[5] = 77;
	EXPECT_EQ(other->slots[3].data[5], 77);
	r.arena[ARENA - 1] = 1;
	EXPECT(mmap(NULL, 4096, PROT_READ, MAP_SHARED, 0, 0) == MAP_FAILED);
	snprintf(name, sizeof(name), "/proc/self/fdinfo/%d", (int)r.ends[0]);
	fd = open(name, O_RDONLY);
	EXPECT(fd >= 0 && read(fd, text, sizeof(text) - 1) > 0);
	EXPECT(strstr(text, "ring:\tproducer\nslots:\t16\nmessages:\t0\n"));
	close(fd);
	munmap(other, exo_ring_arena(SLOTS));
	ring_end(&r);
}

static int poll_one(exo_handle end, int ms)
{
	struct pollfd p = { (int)end, POLLIN | POLLOUT, 0 };

	return poll(&p, 1, ms) < 0 ? -errno : p.revents & ~0x140;
}

static void test_alone(void)
{
	struct ring r = ring_make();
	struct ring_producer p;
	struct ring_consumer c;
	struct ring_head head;
	char data[RING_DATA_BYTES];
	unsigned sent = 0;

	ring_producer_attach(&p, r.shared, SLOTS);
	ring_consumer_attach(&c, r.shared, SLOTS);
	EXPECT_EQ(exo_ring_wait(r.ends[EXO_CONSUMER], 0, EXO_NO_BELL),
		  -ETIMEDOUT);
	EXPECT_EQ(exo_ring_wait(r.ends[EXO_CONSUMER], MS, EXO_NO_BELL),
		  -ETIMEDOUT);
	EXPECT_EQ(exo_ring_wait(r.ends[EXO_PRODUCER], 0, EXO_NO_BELL), 0);
	EXPECT_EQ(poll_one(r.ends[EXO_CONSUMER], 0), 0);
	EXPECT_EQ(poll_one(r.ends[EXO_PRODUCER], 0), POLLOUT);
	head = (struct ring_head){ .len = 5 };
	while (ring_send(&p, head, "hello") == RING_OK) {
		sent++;
	}
	EXPECT_EQ(sent, SLOTS);
	EXPECT_EQ(poll_one(r.ends[EXO_CONSUMER], 0), POLLIN);
	EXPECT_EQ(poll_one(r.ends[EXO_PRODUCER], 0), 0);
	EXPECT_EQ(exo_ring_wait(r.ends[EXO_PRODUCER], 0, EXO_NO_BELL),
		  -ETIMEDOUT);
	EXPECT_EQ(ring_receive(&c, &head, data, sizeof(data)), RING_OK);
	EXPECT_EQ(memcmp(data, "hello", 5), 0);
	ring_taken_publish(&c);
	EXPECT_EQ(exo_ring_wait(r.ends[EXO_PRODUCER], 0, EXO_NO_BELL), 0);
	ring_end(&r);
}

static void test_refused(void)
{
	struct ring r = ring_make();
	int fd = dup((int)r.ends[EXO_CONSUMER]);

	EXPECT_EQ(exo_ring_bell(1), -EPROTOTYPE);
	EXPECT_EQ(exo_ring_bell(99), -EBADF);
	EXPECT_EQ(exo_ring_bell(1l << 40), -EREMOTE);
	EXPECT_EQ(exo_ring_bell(fd), 0);
	EXPECT_EQ(exo_ring_wait(fd, 0, 99), -EBADF);
	ring_end(&r);
	EXPECT_EQ(exo_ring_bell(r.ends[0]), -ESTALE);
	EXPECT_EQ(exo_ring_bell(r.ends[1]), -ESTALE);
	EXPECT_EQ(exo_ring_bell((int)r.ends[1]), -EBADF);
	EXPECT_EQ(exo_ring_bell(fd), -EPIPE);
	EXPECT_EQ(exo_ring_wait(fd, EXO_FOREVER, EXO_NO_BELL), -EPIPE);
	EXPECT_EQ(poll_one(fd, -1), POLLIN | POLLHUP);
	EXPECT_EQ(open("/dev/null", O_RDONLY), (int)r.ends[0]);
	EXPECT_EQ(exo_ring_bell(r.ends[0]), -ESTALE);
	close((int)r.ends[0]);
	close(fd);
}

/* ---- Two processes ------------------------------------------------------- */

/* Receives all, waiting where it has to; how many were in order. */
static unsigned receive_all(const struct ring *r)
{
	struct ring_consumer c;
	unsigned count = 0;

	ring_consumer_attach(&c, r->shared, SLOTS);
	for (;;) {
		struct ring_head head;
		uint32_t number;
		enum ring_result got =
			ring_receive(&c, &head, &number, sizeof(number));

		if (got == RING_OK) {
			count += number == count;
		} else if (got != RING_EMPTY ||
			   exo_ring_wait(r->ends[EXO_CONSUMER], EXO_FOREVER,
					 EXO_NO_BELL) == -EPIPE) {
			return got == RING_GONE || got == RING_EMPTY ? count
								     : 0;
		}
		if (c.wake) {
			c.wake = false;
			(void)exo_ring_bell(r->ends[EXO_CONSUMER]);
		}
	}
}

/* Sends all; 0, or the error that ended it. */
static long send_all(const struct ring *r, unsigned messages)
{
	struct ring_producer p;
	long err = 0;

	ring_producer_attach(&p, r->shared, SLOTS);
	for (uint32_t n = 0; n < messages && err == 0;) {
		struct ring_head head = { .len = sizeof(n) };
		enum ring_result sent = ring_send(&p, head, &n);

		if (sent == RING_OK) {
			n++;
		} else if (sent == RING_GONE) {
			return -EPIPE;
		}
		if (ring_producer_bell(&p)) {
			err = exo_ring_bell(r->ends[EXO_PRODUCER]);
		}
		if (err == 0 && sent == RING_FULL) {
			err = exo_ring_wait(r->ends[EXO_PRODUCER], EXO_FOREVER,
					    EXO_NO_BELL);
		}
	}
	return err;
}

static int wait_status(pid_t child)
{
	int status = -1;

	waitpid(child, &status, 0);
	return status;
}

static void test_stream(void)
{
	struct ring r = ring_make();
	pid_t child = fork();

	if (child == 0) {
		close((int)r.ends[EXO_CONSUMER]);
		_exit(send_all(&r, MESSAGES) != 0);
	}
	close((int)r.ends[EXO_PRODUCER]);
	EXPECT_EQ(receive_all(&r), MESSAGES);
	EXPECT_EQ(wait_status(child), 0);
	ring_end(&r);
}

/* Who receives dies: the sender, asleep or not, is told. */
static void test_death(void)
{
	struct ring r = ring_make();
	pid_t child = fork();

	if (child == 0) {
		close((int)r.ends[EXO_CONSUMER]);
		_exit(send_all(&r, UINT32_MAX) == -EPIPE ? 7 : 8);
	}
	close((int)r.ends[EXO_PRODUCER]);
	EXPECT_EQ(exo_ring_wait(r.ends[EXO_CONSUMER], EXO_FOREVER, EXO_NO_BELL),
		  0);
	close((int)r.ends[EXO_CONSUMER]);
	EXPECT_EQ(wait_status(child), 7 << 8);
	ring_end(&r);
}

static void interrupted(int signal)
{
	(void)signal;
}

static void test_signal(void)
{
	struct sigaction act = { .sa_handler = interrupted };
	struct ring r = ring_make();
	pid_t child = fork();

	if (child == 0) {
		sigaction(SIGUSR1, &act, NULL);
		r.arena[0] = 1;
		_exit(exo_ring_wait(r.ends[EXO_CONSUMER], EXO_FOREVER,
				    EXO_NO_BELL) == -EINTR
			      ? 7
			      : 8);
	}
	while (*(volatile char *)r.arena == 0 ||
	       !(*(volatile uint32_t *)&r.shared->consumer.state &
		 RING_SLEEPS)) {
		usleep(100);
	}
	kill(child, SIGUSR1);
	EXPECT_EQ(wait_status(child), 7 << 8);
	ring_end(&r);
}

/*
 * A peer writes whatever it likes over every byte, for as long as the other
 * waits, polls, sends and receives: what that sees are errors.
 */
static void test_hostile(void)
{
	struct ring r = ring_make();
	pid_t child = fork();
	struct ring_producer p;
	struct ring_consumer c;
	char data[RING_DATA_BYTES];

	if (child == 0) {
		volatile uint32_t *words = (volatile uint32_t *)r.shared;
		uint32_t x = 1;

		for (;;) {
			for (unsigned i = 0; i < (256 + SLOTS * 64) / 4; i++) {
				x = x * 1664525 + 1013904223;
				words[i] = x >> 28 ? x : x % 64;
			}
			exo_ring_bell(r.ends[EXO_PRODUCER]);
			exo_ring_bell(r.ends[EXO_CONSUMER]);
		}
	}
	for (int i = 0; i < 300; i++) {
		struct ring_head head = { .len = sizeof(data) };
		long err = exo_ring_wait(r.ends[i % 2], MS / 20, EXO_NO_BELL);

		EXPECT(err == 0 || err == -ETIMEDOUT);
		/* Waiting is dear where instructions are the clock. */
		EXPECT(poll_one(r.ends[i % 2], i % 30 == 0) >= 0);
		ring_producer_attach(&p, r.shared, SLOTS);
		ring_consumer_attach(&c, r.shared, SLOTS);
		EXPECT(ring_send(&p, head, data) <= RING_TOO_LONG);
		EXPECT(ring_receive(&c, &head, data, sizeof(data)) <=
		       RING_TOO_LONG);
	}
	kill(child, SIGKILL);
	EXPECT_EQ(wait_status(child), SIGKILL);
	ring_end(&r);
}

/* ---- Limits -------------------------------------------------------------- */

static void test_limits(void)
{
	struct rlimit limit = { 64, 64 };
	exo_handle ends[2];
	pid_t child = fork();
	int made = 0;
	long err;

	if (child == 0) {
		setrlimit(RLIMIT_NOFILE, &limit);
		while ((err = exo_ring_create(8, 4096, ends, 0)) == 0) {
			made++;
		}
		_exit(err == -EMFILE && made == 30 ? 7 : 8);
	}
	EXPECT_EQ(wait_status(child), 7 << 8);
	EXPECT_EQ(exo_ring_create(8, 0, ends, 0), 0);
	close((int)ends[0]);
	close((int)ends[1]);
}

/* So many of 17 pages, which their ends pay by halves, fit into 256. */
static void test_page_limit(void)
{
	struct rlimit limit = { 256 * 4096, 256 * 4096 };
	exo_handle ends[2], last[2] = { 0, 0 };
	pid_t child = fork();
	int made = 0;
	long err;

	if (child == 0) {
		setrlimit(RLIMIT_MEMLOCK, &limit);
		while ((err = exo_ring_create(8, 65536, ends, 0)) == 0) {
			memcpy(last, ends, sizeof(last));
			made++;
		}
		EXPECT_EQ(err, -ENOMEM);
		EXPECT_EQ(made, 15);
		EXPECT_EQ(exo_ring_create(8, 0, ends, 0), 0);
		close((int)last[0]);
		EXPECT_EQ(exo_ring_create(8, 65536, ends, 0), -ENOMEM);
		close((int)last[1]);
		EXPECT_EQ(exo_ring_create(8, 32768, ends, 0), 0);
		_exit(check_end());
	}
	EXPECT_EQ(wait_status(child), 0);
	EXPECT_EQ(exo_ring_create(8, 65536, ends, 0), 0);
	close((int)ends[0]);
	close((int)ends[1]);
}

int main(void)
{
	test_create();
	test_map();
	test_alone();
	test_refused();
	test_stream();
	test_death();
	test_signal();
	test_hostile();
	test_limits();
	test_page_limit();
	return check_end();
}
