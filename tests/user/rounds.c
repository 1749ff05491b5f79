/* SPDX-License-Identifier: MIT */
/*
 * Round trips: two processes that hand the processor to each other, by ring
 * (a bell and a wait in one call) and by gate, beside others that want it, and
 * peers that end in the midst.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/ring.c"
#include "tests/user/check.h"
#include "tests/user/ring_pair.h"
#include "user/exo.h"

#define ROUNDS  500u
#define PAIRS   4
#define CLIENTS 4
#define SERVERS 3
#define DEATHS  5
#define CROWD   40

static int wait_status(pid_t child)
{
	int status = -1;

	waitpid(child, &status, 0);
	return status;
}

/* ---- By ring ------------------------------------------------------------- */

/* Sends a number, if there is one, and waits for the next; 0 or an error. */
static long ring_pass(struct ring *to, struct ring *from, uint64_t *number,
		      bool sends)
{
	struct ring_head head = { .len = sizeof(*number) };
	exo_handle bell = EXO_NO_BELL;
	enum ring_result got;

	if (sends && ring_send(&to->producer, head, number) != RING_OK) {
		return -EPIPE;
	}
	if (sends && ring_producer_bell(&to->producer)) {
		bell = to->ends[EXO_PRODUCER];
	}
	while ((got = ring_receive(&from->consumer, &head, number,
				   sizeof(*number))) == RING_EMPTY) {
		long err = exo_ring_wait(from->ends[EXO_CONSUMER], EXO_FOREVER,
					 bell);

		if (err != 0 && err != -EINTR) {
			return err;
		}
		bell = EXO_NO_BELL;
	}
	return got == RING_OK ? 0 : -EPIPE;
}

/* Answers each number with the next, until the other end is gone. */
static void ring_answer(struct ring *there, struct ring *back)
{
	uint64_t number = 0;
	bool sends = false;

	close((int)there->ends[EXO_PRODUCER]);
	close((int)back->ends[EXO_CONSUMER]);
	while (ring_pass(back, there, &number, sends) == 0) {
		number++;
		sends = true;
	}
	_exit(7);
}

static pid_t ring_answer_start(struct ring *there, struct ring *back)
{
	pid_t child = fork();

	if (child == 0) {
		ring_answer(there, back);
	}
	close((int)there->ends[EXO_CONSUMER]);
	close((int)back->ends[EXO_PRODUCER]);
	return child;
}

/* How many answers were right. */
static unsigned ring_ask(struct ring *there, struct ring *back, unsigned rounds)
{
	unsigned right = 0;

	for (uint64_t i = 0; i < rounds; i++) {
		uint64_t number = i << 32;

		right += ring_pass(there, back, &number, true) == 0 &&
			 number == (i << 32) + 1;
	}
	return right;
}

static void test_ring_rounds(void)
{
	struct ring there = ring_make(), back = ring_make();
	pid_t child = ring_answer_start(&there, &back);

	EXPECT_EQ(ring_ask(&there, &back, ROUNDS), ROUNDS);
	ring_end(&there);
	ring_end(&back);
	EXPECT_EQ(wait_status(child), 7 << 8);
}

/* The bell of who waits: nobody is handed anything, and nobody is lost. */
static void test_own_bell(void)
{
	struct ring r = ring_make();
	struct ring_head head = { .len = 0 };

	EXPECT_EQ(ring_send(&r.producer, head, ""), RING_OK);
	EXPECT_EQ(exo_ring_wait(r.ends[EXO_CONSUMER], EXO_FOREVER,
				r.ends[EXO_PRODUCER]),
		  0);
	EXPECT_EQ(exo_ring_wait(r.ends[EXO_PRODUCER], EXO_FOREVER,
				r.ends[EXO_CONSUMER]),
		  0);
	EXPECT_EQ(exo_ring_wait(r.ends[EXO_CONSUMER], EXO_FOREVER, 99), -EBADF);
	close((int)r.ends[EXO_CONSUMER]);
	EXPECT_EQ(exo_ring_wait(r.ends[EXO_PRODUCER], EXO_FOREVER,
				r.ends[EXO_PRODUCER]),
		  -EPIPE);
	close((int)r.ends[EXO_PRODUCER]);
}

/* Pairs, all of them on as many processors as there are, and a hog. */
static void test_ring_pairs(void)
{
	pid_t asking[PAIRS], hog = fork();

	if (hog == 0) {
		for (;;) {
		}
	}
	for (int i = 0; i < PAIRS; i++) {
		asking[i] = fork();
		if (asking[i] == 0) {
			struct ring there = ring_make(), back = ring_make();
			pid_t child = ring_answer_start(&there, &back);
			unsigned right = ring_ask(&there, &back, ROUNDS / 4);

			ring_end(&there);
			ring_end(&back);
			EXPECT_EQ(wait_status(child), 7 << 8);
			_exit(right == ROUNDS / 4 ? check_failures : 99);
		}
	}
	for (int i = 0; i < PAIRS; i++) {
		EXPECT_EQ(wait_status(asking[i]), 0);
	}
	kill(hog, SIGKILL);
	EXPECT_EQ(wait_status(hog), SIGKILL);
}

/* Who answers is killed after `rounds`, asleep or at work. */
static void test_ring_death(unsigned rounds)
{
	struct ring there = ring_make(), back = ring_make();
	pid_t child = ring_answer_start(&there, &back);
	uint64_t number = 0;
	long err;

	EXPECT_EQ(ring_ask(&there, &back, rounds), rounds);
	kill(child, SIGKILL);
	while ((err = ring_pass(&there, &back, &number, true)) == 0) {
	}
	EXPECT_EQ(err, -EPIPE);
	EXPECT_EQ(wait_status(child), SIGKILL);
	ring_end(&there);
	ring_end(&back);
}

static volatile sig_atomic_t alarms;

static void on_alarm(int signal)
{
	(void)signal;
	alarms++;
}

/* Signals fall into each place of the way: nothing is lost. */
static void test_ring_signals(void)
{
	struct itimerval often = { { 0, 150 }, { 0, 150 } };
	struct itimerval off = { { 0, 0 }, { 0, 0 } };
	struct sigaction act = { .sa_handler = on_alarm };
	struct ring there = ring_make(), back = ring_make();
	pid_t child = ring_answer_start(&there, &back);
	unsigned asked = 0, right = 0;

	alarms = 0;
	sigaction(SIGALRM, &act, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	while (asked < ROUNDS || alarms < 20) {
		right += ring_ask(&there, &back, 50);
		asked += 50;
	}
	setitimer(ITIMER_REAL, &off, NULL);
	EXPECT_EQ(right, asked);
	ring_end(&there);
	ring_end(&back);
	EXPECT_EQ(wait_status(child), 7 << 8);
}

/* ---- Waiters ------------------------------------------------------------- */

static struct ring crowd_ring;
static unsigned crowd_right; /* [a] who was told that the ring has ended */

static void *wait_in_crowd(void *unused)
{
	(void)unused;
	if (exo_ring_wait(crowd_ring.ends[EXO_CONSUMER], EXO_FOREVER,
			  EXO_NO_BELL) == -EPIPE) {
		__atomic_fetch_add(&crowd_right, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

/*
 * As many as the limit of threads allows, and at least `wanted`, wait at one
 * end; then it ends.  Who has been joined may count for a moment yet.
 */
static unsigned crowd(pthread_t *threads, unsigned wanted)
{
	unsigned count = 0;
	int err = 0;

	crowd_ring = ring_make();
	crowd_right = 0;
	while (count < CROWD && (err == 0 || count < wanted)) {
		err = pthread_create(&threads[count], NULL, wait_in_crowd,
				     NULL);
		EXPECT(err == 0 || err == EAGAIN);
		count += err == 0;
	}
	/* One of them sleeps at least. */
	while (!(*(volatile uint32_t *)&crowd_ring.producer.shared->consumer
			  .state &
		 RING_SLEEPS)) {
		sched_yield();
	}
	close((int)crowd_ring.ends[EXO_PRODUCER]);
	for (unsigned i = 0; i < count; i++) {
		pthread_join(threads[i], NULL);
	}
	close((int)crowd_ring.ends[EXO_CONSUMER]);
	munmap(crowd_ring.producer.shared, exo_ring_arena(SLOTS));
	return count;
}

/* Waiters run out by a limit, all are woken, and as many can wait again. */
static void test_waiters(void)
{
	struct rlimit limit = { CROWD, CROWD };
	pid_t child = fork();

	if (child == 0) {
		static pthread_t threads[CROWD];
		unsigned first;

		EXPECT_EQ(setrlimit(RLIMIT_NPROC, &limit), 0);
		EXPECT_EQ(setuid(1000), 0);
		first = crowd(threads, 0);
		EXPECT(first > 0 && first < CROWD);
		EXPECT_EQ(crowd_right, first);
		EXPECT_EQ(crowd(threads, first), first);
		EXPECT_EQ(crowd_right, first);
		_exit(check_failures);
	}
	EXPECT_EQ(wait_status(child), 0);
}

/* ---- By gate ------------------------------------------------------------- */

/* Answers; the first message with an odd number ends it without an answer. */
static void gate_answer(exo_handle server, bool dies)
{
	struct exo_message m = { { 0 } };

	while (exo_serve(server, &m) == 0) {
		if (dies && m.words[0] % 2 == 1) {
			raise(SIGKILL);
		}
		m.words[0]++;
	}
	_exit(7);
}

static pid_t gate_answer_start(const exo_handle ends[2], bool dies)
{
	pid_t child = fork();

	if (child == 0) {
		close((int)ends[EXO_CLIENT]);
		gate_answer(ends[EXO_SERVER], dies);
	}
	return child;
}

/*
 * Each client has `deaths` servers killed under it, and those of others: it is
 * told each time, and what is not an error is right.
 */
static void gate_ask(exo_handle client, unsigned deaths)
{
	unsigned told = 0, wrong = 0;

	for (uint64_t i = 0; told < deaths; i++) {
		uint64_t number = 2 * i + (i % 16 == 15);
		struct exo_message m = { { number } };
		long err = exo_call(client, &m);

		told += err == -EPIPE;
		wrong += err != 0 ? err != -EPIPE
				  : m.words[0] != number + 1 || number % 2 == 1;
	}
	_exit(wrong != 0);
}

/* Clients by servers, which die and are followed by others. */
static void test_gate_storm(void)
{
	pid_t client[CLIENTS];
	exo_handle ends[2];
	int clients = CLIENTS, deaths = 0, others = 0;

	EXPECT_EQ(exo_gate_create(ends, 0), 0);
	for (int i = 0; i < SERVERS; i++) {
		gate_answer_start(ends, true);
	}
	for (int i = 0; i < CLIENTS; i++) {
		client[i] = fork();
		if (client[i] == 0) {
			close((int)ends[EXO_SERVER]);
			gate_ask(ends[EXO_CLIENT], DEATHS);
		}
	}
	while (clients > 0 || deaths < CLIENTS * DEATHS) {
		int status = -1;
		pid_t gone = wait(&status);
		bool known = false;

		for (int i = 0; i < CLIENTS; i++) {
			known |= gone == client[i];
		}
		if (known) {
			EXPECT_EQ(status, 0);
			clients--;
		} else {
			EXPECT_EQ(status, SIGKILL);
			deaths++;
			gate_answer_start(ends, true);
		}
	}
	close((int)ends[EXO_CLIENT]);
	for (int status; wait(&status) > 0; others++) {
		EXPECT_EQ(status, 7 << 8);
	}
	EXPECT_EQ(others, SERVERS);
	close((int)ends[EXO_SERVER]);
}

/* How often is an argument. */
int main(int argc, char **argv)
{
	for (long left = argc > 1 ? atol(argv[1]) : 1; left > 0; left--) {
		test_ring_rounds();
		test_own_bell();
		test_ring_pairs();
		for (unsigned rounds = 0; rounds < 4; rounds++) {
			test_ring_death(rounds);
		}
		test_ring_signals();
		test_waiters();
		test_gate_storm();
	}
	return check_end();
}
