/* SPDX-License-Identifier: MIT */
/*
 * Calls through gates: messages there and back, several clients and servers,
 * who ends meanwhile, circles.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/user/check.h"
#include "user/exo.h"

#define ROUNDS  1000u
#define CLIENTS 4

static int wait_status(pid_t child)
{
	int status = -1;

	waitpid(child, &status, 0);
	return status;
}

static void close_both(const exo_handle ends[2])
{
	close((int)ends[0]);
	close((int)ends[1]);
}

/* Answers each message with its words plus 1; its end is the gate's. */
static long serve_all(exo_handle server)
{
	struct exo_message m = { { 0 } };
	long err;

	while ((err = exo_serve(server, &m)) == 0) {
		for (int i = 0; i < 5; i++) {
			m.words[i]++;
		}
	}
	return err;
}

/* A child that serves until nobody can call; its status is 7 then. */
static pid_t server_start(const exo_handle ends[2])
{
	pid_t child = fork();

	if (child == 0) {
		close((int)ends[EXO_CLIENT]);
		_exit(serve_all(ends[EXO_SERVER]) == -EPIPE ? 7 : 8);
	}
	return child;
}

/* Calls in a row; how many answers were right. */
static unsigned call_often(exo_handle client, unsigned rounds)
{
	unsigned right = 0;

	for (uint64_t i = 0; i < rounds; i++) {
		struct exo_message m = { { i, ~i, i << 32, i * i,
					   0x123456789abcdef } };

		right += exo_call(client, &m) == 0 && m.words[0] == i + 1 &&
			 m.words[1] == ~i + 1 && m.words[2] == (i << 32) + 1 &&
			 m.words[3] == i * i + 1 &&
			 m.words[4] == 0x123456789abcdf0;
	}
	return right;
}

static void test_call(void)
{
	exo_handle ends[2];
	pid_t child;

	EXPECT_EQ(exo_gate_create(ends, 0), 0);
	child = server_start(ends);
	EXPECT_EQ(call_often(ends[EXO_CLIENT], ROUNDS), ROUNDS);
	close_both(ends);
	EXPECT_EQ(wait_status(child), 7 << 8);
}

static void test_refused(void)
{
	struct exo_message m = { { 1, 2, 3, 4, 5 } };
	struct pollfd p = { .events = POLLIN };
	exo_handle ends[2];

	EXPECT_EQ(exo_gate_create(ends, 1), -EINVAL);
	EXPECT_EQ(exo_gate_create(ends, 0), 0);
	EXPECT_EQ(exo_call(ends[EXO_SERVER], &m), -EPROTOTYPE);
	EXPECT_EQ(exo_serve(ends[EXO_CLIENT], &m), -EPROTOTYPE);
	EXPECT_EQ(exo_call(1, &m), -EPROTOTYPE);
	EXPECT_EQ(exo_ring_bell(ends[EXO_CLIENT]), -EPROTOTYPE);
	EXPECT_EQ(m.words[4], 5);
	p.fd = (int)ends[EXO_SERVER];
	EXPECT_EQ(poll(&p, 1, 0), 0);
	close((int)ends[EXO_SERVER]);
	EXPECT_EQ(exo_call(ends[EXO_CLIENT], &m), -EPIPE);
	close((int)ends[EXO_CLIENT]);
	EXPECT_EQ(exo_call(ends[EXO_CLIENT], &m), -ESTALE);
	EXPECT_EQ(exo_gate_create(ends, 0), 0);
	close((int)ends[EXO_CLIENT]);
	EXPECT_EQ(exo_serve(ends[EXO_SERVER], &m), -EPIPE);
	p.fd = (int)ends[EXO_SERVER];
	EXPECT_EQ(poll(&p, 1, 0), 1);
	EXPECT_EQ(p.revents, POLLHUP);
	close((int)ends[EXO_SERVER]);
}

/* Who had the message ends, is killed, closes the gate, becomes another. */
static void test_server_death(int how)
{
	struct exo_message m = { { (uint64_t)how } };
	exo_handle ends[2];
	pid_t child;

	EXPECT_EQ(exo_gate_create(ends, 0), 0);
	child = fork();
	if (child == 0) {
		EXPECT_EQ(exo_serve(ends[EXO_SERVER], &m), 0);
		if (m.words[0] == 1) {
			raise(SIGKILL);
		} else if (m.words[0] == 2) {
			close_both(ends);
			pause();
		} else if (m.words[0] == 3) {
			execl("/proc/self/exe", "calls", "pause", NULL);
		}
		_exit(7);
	}
	close((int)ends[EXO_SERVER]);
	EXPECT_EQ(exo_call(ends[EXO_CLIENT], &m), -EPIPE);
	if (how != 3) {
		EXPECT_EQ(exo_call(ends[EXO_CLIENT], &m), -EPIPE);
	}
	kill(child, how >= 2 ? SIGKILL : 0);
	EXPECT_EQ(wait_status(child), how ? SIGKILL : 7 << 8);
	close((int)ends[EXO_CLIENT]);
}

/* Several at once, over as many servers. */
static void test_many(int servers)
{
	pid_t server[CLIENTS], client[CLIENTS];
	exo_handle ends[2];

	EXPECT_EQ(exo_gate_create(ends, 0), 0);
	for (int i = 0; i < CLIENTS; i++) {
		client[i] = fork();
		if (client[i] == 0) {
			close((int)ends[EXO_SERVER]);
			_exit(call_often(ends[EXO_CLIENT], ROUNDS / 4) ==
					      ROUNDS / 4
				      ? 7
				      : 8);
		}
	}
	for (int i = 0; i < servers; i++) {
		server[i] = server_start(ends);
	}
	close_both(ends);
	for (int i = 0; i < CLIENTS; i++) {
		EXPECT_EQ(wait_status(client[i]), 7 << 8);
	}
	for (int i = 0; i < servers; i++) {
		EXPECT_EQ(wait_status(server[i]), 7 << 8);
	}
}

/* A server that calls back to who waits for it, by way of `hops` others. */
static void test_circle(int hops)
{
	exo_handle gate[4][2];
	struct exo_message m = { { 0 } };
	pid_t child[4];

	for (int i = 0; i <= hops; i++) {
		EXPECT_EQ(exo_gate_create(gate[i], 0), 0);
	}
	for (int i = 0; i <= hops; i++) {
		child[i] = fork();
		if (child[i] != 0) {
			continue;
		}
		EXPECT_EQ(exo_serve(gate[i][EXO_SERVER], &m), 0);
		if (i == hops) {
			long err = exo_call(gate[0][EXO_CLIENT], &m);

			m.words[0] = (uint64_t)-err;
		} else {
			EXPECT_EQ(exo_call(gate[i + 1][EXO_CLIENT], &m), 0);
		}
		exo_serve(gate[i][EXO_SERVER], &m);
		_exit(0);
	}
	EXPECT_EQ(exo_call(gate[0][EXO_CLIENT], &m), 0);
	EXPECT_EQ(m.words[0], EDEADLK);
	for (int i = 0; i <= hops; i++) {
		kill(child[i], SIGKILL);
		EXPECT_EQ(wait_status(child[i]), SIGKILL);
		close_both(gate[i]);
	}
}

static void interrupted(int signal)
{
	(void)signal;
}

/* A caller that is interrupted: before anybody has the message, and after. */
static void test_interrupted(void)
{
	struct sigaction act = { .sa_handler = interrupted };
	struct exo_message m = { { 3 } };
	struct pollfd p = { .events = POLLIN };
	exo_handle ends[2];
	pid_t child;

	EXPECT_EQ(exo_gate_create(ends, 0), 0);
	child = fork();
	if (child == 0) {
		sigaction(SIGUSR1, &act, NULL);
		_exit(exo_call(ends[EXO_CLIENT], &m) == -EINTR ? 7 : 8);
	}
	p.fd = (int)ends[EXO_SERVER];
	EXPECT_EQ(poll(&p, 1, -1), 1);
	EXPECT_EQ(exo_serve(ends[EXO_SERVER], &m), 0);
	EXPECT_EQ(m.words[0], 3);
	kill(child, SIGUSR1);
	EXPECT_EQ(wait_status(child), 7 << 8);
	child = fork();
	if (child == 0) {
		signal(SIGUSR1, SIG_DFL);
		exo_call(ends[EXO_CLIENT], &m);
		_exit(8);
	}
	EXPECT_EQ(poll(&p, 1, -1), 1);
	kill(child, SIGUSR1);
	EXPECT_EQ(wait_status(child), SIGUSR1);
	EXPECT_EQ(poll(&p, 1, 0), 0);
	close_both(ends);
}

/* Threads of one process serve and call. */
static void *serving_thread(void *arg)
{
	return (void *)serve_all(*(exo_handle *)arg);
}

static void test_threads(void)
{
	exo_handle ends[2];
	pthread_t thread;
	void *result;
	pid_t child;

	EXPECT_EQ(exo_gate_create(ends, 0), 0);
	EXPECT_EQ(pthread_create(&thread, NULL, serving_thread,
				 &ends[EXO_SERVER]),
		  0);
	EXPECT_EQ(call_often(ends[EXO_CLIENT], ROUNDS), ROUNDS);
	child = fork();
	if (child == 0) {
		_exit(call_often(ends[EXO_CLIENT], ROUNDS) == ROUNDS ? 7 : 8);
	}
	EXPECT_EQ(wait_status(child), 7 << 8);
	close((int)ends[EXO_CLIENT]);
	pthread_join(thread, &result);
	EXPECT_EQ((long)result, -EPIPE);
	close((int)ends[EXO_SERVER]);
}

int main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1) {
		pause();
		return 1;
	}
	test_call();
	test_refused();
	for (int how = 0; how < 4; how++) {
		test_server_death(how);
	}
	test_many(1);
	test_many(3);
	for (int hops = 0; hops < 3; hops++) {
		test_circle(hops);
	}
	test_interrupted();
	test_threads();
	return check_end();
}
