/* SPDX-License-Identifier: MIT */
/*
 * Pages handed over through rings: they leave the sender and come to the
 * receiver, whatever they were; what is refused; who ends meanwhile; limits.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/ring.c"
#include "tests/user/check.h"
#include "tests/user/ring_pair.h"
#include "user/exo.h"

#define PAGE   4096ul
#define PAGES  20ul
#define LEN    (PAGES * PAGE)
#define MOST   (1024 * PAGE)
#define ROUNDS 100u

/* What tells of a parcel, in a message of the kind RING_PAGES. */
struct news {
	long ticket;
	unsigned char first;
};

static unsigned char *pages_make(unsigned long len, int flags)
{
	void *at = mmap(NULL, len, PROT_READ | PROT_WRITE,
			flags | MAP_ANONYMOUS, -1, 0);

	return at == MAP_FAILED ? NULL : at;
}

/* Page i begins with first + i; the last ones are left to come on demand. */
static unsigned char *pages_fill(unsigned char first)
{
	unsigned char *at = pages_make(LEN, MAP_PRIVATE);

	for (unsigned long i = 0; i < PAGES - 2; i++) {
		at[i * PAGE] = (unsigned char)(first + i);
	}
	return at;
}

static unsigned pages_wrong(const unsigned char *at, unsigned char first)
{
	unsigned wrong = 0;

	for (unsigned long i = 0; i < PAGES; i++) {
		unsigned char byte =
			i < PAGES - 2 ? (unsigned char)(first + i) : 0;

		wrong += at[i * PAGE] != byte || at[i * PAGE + 99] != 0;
	}
	return wrong;
}

static sigjmp_buf fault_jump;

static void on_fault(int signal)
{
	siglongjmp(fault_jump, signal);
}

/* A page that is not there. */
static bool faults(const unsigned char *at)
{
	volatile const unsigned char *byte = at;

	signal(SIGSEGV, on_fault);
	if (sigsetjmp(fault_jump, 1) != 0) {
		return true;
	}
	(void)*byte;
	return false;
}

static int wait_status(pid_t child)
{
	int status = -1;

	waitpid(child, &status, 0);
	return status;
}

/* ---- One process --------------------------------------------------------- */

static void test_there(void)
{
	struct ring r = ring_make();
	exo_handle to = r.ends[EXO_PRODUCER], from = r.ends[EXO_CONSUMER];
	unsigned char *at = pages_fill(7), *got;
	uint64_t len = 0;
	long ticket = exo_send_pages(to, at, LEN);

	EXPECT(ticket >= 0);
	EXPECT(faults(at) && faults(at + LEN - PAGE));
	EXPECT_EQ(exo_receive_handle(from, ticket, 0), -ENOENT);
	EXPECT_EQ(exo_receive_pages(from, ticket + 1, &len), -ENOENT);
	EXPECT_EQ(exo_receive_pages(to, ticket, &len), -EPROTOTYPE);
	EXPECT_EQ(exo_receive_pages(from, ticket, (uint64_t *)8), -EFAULT);
	got = (unsigned char *)exo_receive_pages(from, ticket, &len);
	EXPECT((long)got > 0);
	EXPECT_EQ(len, LEN);
	EXPECT_EQ(pages_wrong(got, 7), 0);
	got[LEN - 1] = 1;
	EXPECT_EQ(exo_receive_pages(from, ticket, &len), -ENOENT);
	EXPECT_EQ(munmap(got, len), 0);
	EXPECT(faults(got));
	ring_end(&r);
}

static void test_refused(void)
{
	struct ring r = ring_make();
	exo_handle to = r.ends[EXO_PRODUCER];
	unsigned char *at = pages_fill(1), *shared;

	EXPECT_EQ(exo_send_pages(to, at, 0), -EINVAL);
	EXPECT_EQ(exo_send_pages(to, at + 1, PAGE), -EINVAL);
	EXPECT_EQ(exo_send_pages(to, at, 100), -EINVAL);
	EXPECT_EQ(exo_send_pages(to, at, MOST + PAGE), -EINVAL);
	EXPECT_EQ(exo_send_pages(to, NULL, PAGE), -EINVAL);
	EXPECT_EQ(exo_send_pages(to, (void *)-PAGE, PAGE), -EINVAL);
	EXPECT_EQ(exo_send_pages(to, at, -PAGE), -EINVAL);
	EXPECT_EQ(exo_send_pages(r.ends[EXO_CONSUMER], at, PAGE), -EPROTOTYPE);
	EXPECT_EQ(exo_send_pages(1, at, PAGE), -EPROTOTYPE);
	EXPECT_EQ(
		exo_send_pages(exo_copy(to, EXO_ALL & ~EXO_WRITE, 0), at, PAGE),
		-EACCES);
	shared = pages_make(PAGE, MAP_SHARED);
	EXPECT_EQ(exo_send_pages(to, shared, PAGE), -EINVAL);
	EXPECT_EQ(exo_send_pages(to, r.producer.shared, PAGE), -EINVAL);
	EXPECT_EQ(mprotect(at + 4 * PAGE, PAGE, PROT_READ), 0);
	EXPECT_EQ(exo_send_pages(to, at, LEN), -EACCES);
	EXPECT_EQ(munmap(at + 4 * PAGE, PAGE), 0);
	EXPECT_EQ(exo_send_pages(to, at, LEN), -EFAULT);
	EXPECT_EQ(at[3 * PAGE], 4);
	close((int)r.ends[EXO_CONSUMER]);
	EXPECT_EQ(exo_send_pages(to, at, PAGE), -EPIPE);
	EXPECT_EQ(at[0], 1);
	close((int)to);
}

/* Pages of a file, and those that a child has, too: the other keeps its own. */
static void test_copied(void)
{
	struct ring r = ring_make();
	int file = open("/proc/self/exe", O_RDONLY), pipes[2];
	unsigned char *at =
		mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
	unsigned char *mine = pages_fill(50), *got;
	uint64_t len = 0;
	pid_t child;
	char byte;

	EXPECT_EQ(at[0], 0x7f);
	EXPECT_EQ(pipe(pipes), 0);
	child = fork();
	if (child == 0) {
		close(pipes[1]);
		EXPECT_EQ(read(pipes[0], &byte, 1), 0);
		_exit(pages_wrong(mine, 50) || at[1] != 'E' ? 8 : 7);
	}
	got = (unsigned char *)exo_receive_pages(
		r.ends[EXO_CONSUMER],
		exo_send_pages(r.ends[EXO_PRODUCER], at, PAGE), &len);
	EXPECT((long)got > 0 && len == PAGE && got[1] == 'E');
	got[1] = 'X';
	got = (unsigned char *)exo_receive_pages(
		r.ends[EXO_CONSUMER],
		exo_send_pages(r.ends[EXO_PRODUCER], mine, LEN), &len);
	EXPECT((long)got > 0 && len == LEN);
	EXPECT_EQ(pages_wrong(got, 50), 0);
	memset(got, 0xff, LEN);
	close(pipes[0]);
	close(pipes[1]);
	EXPECT_EQ(wait_status(child), 7 << 8);
	close(file);
	ring_end(&r);
}

/* ---- Limits -------------------------------------------------------------- */

static void test_limits(void)
{
	struct rlimit memlock = { 300 * PAGE, 300 * PAGE };
	struct rlimit space = { 0, 0 };
	struct ring r = ring_make();
	unsigned sent = 0;
	uint64_t len;
	pid_t child;
	long err, first = 0;

	while ((err = exo_send_pages(r.ends[EXO_PRODUCER],
				     pages_make(PAGE, MAP_PRIVATE), PAGE)) >=
	       0) {
		first = sent++ ? first : err;
	}
	EXPECT_EQ(err, -EAGAIN);
	EXPECT_EQ(sent, 64);
	child = fork();
	if (child == 0) {
		setrlimit(RLIMIT_AS, &space);
		_exit(exo_receive_pages(r.ends[EXO_CONSUMER], first, &len) ==
				      -ENOMEM
			      ? 7
			      : 8);
	}
	EXPECT_EQ(wait_status(child), 7 << 8);
	EXPECT(exo_receive_pages(r.ends[EXO_CONSUMER], first, &len) > 0);
	ring_end(&r);
	child = fork();
	if (child == 0) {
		setrlimit(RLIMIT_MEMLOCK, &memlock);
		r = ring_make();
		while ((err = exo_send_pages(r.ends[EXO_PRODUCER],
					     pages_fill(1), LEN)) >= 0) {
		}
		EXPECT_EQ(err, -ENOMEM);
		EXPECT(exo_receive_pages(r.ends[EXO_CONSUMER], 0, &len) > 0);
		EXPECT(exo_send_pages(r.ends[EXO_PRODUCER], pages_fill(1),
				      LEN) > 0);
		_exit(check_failures);
	}
	EXPECT_EQ(wait_status(child), 0);
}

/* ---- Two processes ------------------------------------------------------- */

/* Sends parcels until the other end is gone. */
static void sender(struct ring *r, unsigned rounds)
{
	for (unsigned i = 0; i < rounds; i++) {
		struct ring_head head = { RING_PAGES, sizeof(struct news), 0 };
		struct news news = { 0, (unsigned char)i };
		enum ring_result result;

		do {
			news.ticket =
				exo_send_pages(r->ends[EXO_PRODUCER],
					       pages_fill(news.first), LEN);
		} while (news.ticket == -EAGAIN);
		if (news.ticket < 0) {
			_exit(news.ticket == -EPIPE ? 7 : 8);
		}
		while ((result = ring_send(&r->producer, head, &news)) ==
			       RING_FULL &&
		       exo_ring_wait(r->ends[EXO_PRODUCER], EXO_FOREVER,
				     EXO_NO_BELL) == 0) {
		}
		if (ring_producer_bell(&r->producer)) {
			(void)exo_ring_bell(r->ends[EXO_PRODUCER]);
		}
	}
	_exit(7);
}

static pid_t sender_start(struct ring *r, unsigned rounds)
{
	pid_t child = fork();

	if (child == 0) {
		close((int)r->ends[EXO_CONSUMER]);
		sender(r, rounds);
	}
	close((int)r->ends[EXO_PRODUCER]);
	return child;
}

/* The next parcel, as it should be; false: there is none. */
static bool parcel_next(struct ring *r)
{
	struct ring_head head;
	struct news news;
	unsigned char *at;
	uint64_t len = 0;

	while (ring_receive(&r->consumer, &head, &news, sizeof(news)) ==
	       RING_EMPTY) {
		if (exo_ring_wait(r->ends[EXO_CONSUMER], EXO_FOREVER,
				  EXO_NO_BELL) != 0) {
			return false;
		}
	}
	if (r->consumer.wake) {
		r->consumer.wake = false;
		(void)exo_ring_bell(r->ends[EXO_CONSUMER]);
	}
	at = (unsigned char *)exo_receive_pages(r->ends[EXO_CONSUMER],
						news.ticket, &len);
	return head.kind == RING_PAGES && (long)at > 0 && len == LEN &&
	       pages_wrong(at, news.first) == 0 && munmap(at, len) == 0;
}

/* All come, one after the other. */
static void test_stream(void)
{
	struct ring r = ring_make();
	pid_t child = sender_start(&r, ROUNDS);
	unsigned right = 0;

	while (right < ROUNDS && parcel_next(&r)) {
		right++;
	}
	EXPECT_EQ(right, ROUNDS);
	EXPECT_EQ(wait_status(child), 7 << 8);
	ring_end(&r);
}

/* The receiver, or the sender, ends while pages are on their way. */
static void test_death(void)
{
	struct ring r = ring_make();
	pid_t child = sender_start(&r, UINT32_MAX);

	EXPECT(parcel_next(&r));
	close((int)r.ends[EXO_CONSUMER]);
	EXPECT_EQ(wait_status(child), 7 << 8);
	ring_end(&r);
	r = ring_make();
	child = sender_start(&r, UINT32_MAX);
	EXPECT(parcel_next(&r));
	kill(child, SIGKILL);
	EXPECT_EQ(wait_status(child), SIGKILL);
	ring_end(&r);
}

static void *volatile writers_page;
static volatile unsigned writes;

static void *writer(void *unused)
{
	(void)unused;
	for (;;) {
		*(volatile unsigned char *)writers_page = 1;
		writes++;
	}
	return NULL;
}

/*
 * A thread that goes on writing to a page while it is handed over: it faults,
 * and nothing that it does is seen after the page has gone.
 */
static void test_writer(void)
{
	struct ring r = ring_make();
	pid_t child = fork();
	pthread_t thread;
	volatile unsigned char *got;
	uint64_t len;
	long ticket;

	if (child == 0) {
		signal(SIGSEGV, SIG_DFL);
		writers_page = pages_make(PAGE, MAP_PRIVATE);
		pthread_create(&thread, NULL, writer, NULL);
		while (writes == 0) {
			sched_yield();
		}
		ticket = exo_send_pages(r.ends[EXO_PRODUCER], writers_page,
					PAGE);
		for (;;) {
			pause();
		}
		_exit((int)ticket);
	}
	close((int)r.ends[EXO_PRODUCER]);
	EXPECT_EQ(wait_status(child) & 0x7f, SIGSEGV);
	got = (volatile unsigned char *)exo_receive_pages(r.ends[EXO_CONSUMER],
							  0, &len);
	EXPECT((long)got > 0 && got[0] == 1);
	got[0] = 2;
	for (int i = 0; i < 100; i++) {
		sched_yield();
	}
	EXPECT_EQ(got[0], 2);
	close((int)r.ends[EXO_CONSUMER]);
}

/* How often is an argument. */
int main(int argc, char **argv)
{
	for (long left = argc > 1 ? atol(argv[1]) : 1; left > 0; left--) {
		test_there();
		test_refused();
		test_copied();
		test_limits();
		test_stream();
		test_death();
		test_writer();
	}
	return check_end();
}
