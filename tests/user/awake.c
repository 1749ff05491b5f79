/* SPDX-License-Identifier: MIT */
/*
 * What messages cost in system calls and switches: the test that runs this
 * counts them in the trace (system/ring_counted), between the calls of
 * getppid() with which both processes mark where they are.
 *
 * First each has a processor of its own and a ring leads either way: MESSAGES
 * go there and back, then MESSAGES one way.  Nobody sleeps, for whoever waits
 * spins and the other goes on meanwhile.  Then both share a processor, and
 * BATCHES of three messages find their receiver asleep.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/ring.c"
#include "tests/user/check.h"
#include "user/exo_ring.h"

#define SLOTS    16u
#define ARENA    4096u
#define MESSAGES 1000u
#define BATCHES  10u
#define BATCH    3u

enum { PARENT, CHILD };

/* A ring each way; in the first one's arena who has come how far. */
static struct {
	exo_handle there[2], back[2];
	struct ring_shared *there_at, *back_at;
	atomic_uint *come; /* of PARENT and CHILD */
} rings;

static void rings_make(void)
{
	EXPECT_EQ(exo_ring_create(SLOTS, ARENA, rings.there, 0), 0);
	EXPECT_EQ(exo_ring_create(SLOTS, ARENA, rings.back, 0), 0);
	rings.there_at = exo_ring_map(rings.there[0], SLOTS, ARENA);
	rings.back_at = exo_ring_map(rings.back[0], SLOTS, ARENA);
	EXPECT(rings.there_at != NULL && rings.back_at != NULL);
	rings.come =
		(atomic_uint *)((char *)rings.there_at + exo_ring_arena(SLOTS));
}

static void run_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	EXPECT_EQ(sched_setaffinity(0, sizeof(set), &set), 0);
}

/* Both are here, each awake on its processor. */
static void meet(int me)
{
	unsigned mine = atomic_fetch_add(&rings.come[me], 1) + 1;

	while (atomic_load(&rings.come[!me]) < mine) {
		__builtin_ia32_pause();
	}
}

static void mark(void)
{
	(void)getppid();
}

static void send(struct exo_sender *s, uint32_t number)
{
	struct ring_head head = { .len = sizeof(number) };

	EXPECT_EQ(exo_send(s, head, &number), 0);
}

static void receive(struct exo_receiver *r, uint32_t wanted)
{
	struct ring_head head;
	uint32_t number = 0;

	EXPECT_EQ(exo_receive(r, &head, &number, sizeof(number)), 0);
	EXPECT_EQ(number, wanted);
}

static void pass_messages(int me)
{
	struct exo_sender sender;
	struct exo_receiver receiver;

	if (me == PARENT) {
		exo_sender_open(&sender, rings.there[EXO_PRODUCER],
				rings.there_at, SLOTS);
		exo_receiver_open(&receiver, rings.back[EXO_CONSUMER],
				  rings.back_at, SLOTS);
	} else {
		exo_sender_open(&sender, rings.back[EXO_PRODUCER],
				rings.back_at, SLOTS);
		exo_receiver_open(&receiver, rings.there[EXO_CONSUMER],
				  rings.there_at, SLOTS);
	}
	run_on(me);
	mark();
	meet(me);
	for (uint32_t n = 0; n < MESSAGES; n++) {
		if (me == PARENT) {
			send(&sender, n);
			receive(&receiver, n);
		} else {
			receive(&receiver, n);
			send(&sender, n);
		}
	}
	for (uint32_t n = 0; n < MESSAGES; n++) {
		if (me == PARENT) {
			send(&sender, n);
		} else {
			receive(&receiver, n);
		}
	}
	meet(me);
	mark();
}

static void send_batches(void)
{
	struct exo_sender sender;
	uint32_t number = 0;

	exo_sender_open(&sender, rings.there[EXO_PRODUCER], rings.there_at,
			SLOTS);
	run_on(0);
	mark();
	for (unsigned i = 0; i < BATCHES; i++) {
		struct ring_head head = { .len = sizeof(number) };

		while (!(*(volatile uint32_t *)&rings.there_at->consumer.state &
			 RING_SLEEPS)) {
			sched_yield();
		}
		for (unsigned n = 0; n < BATCH; n++, number++) {
			EXPECT_EQ(exo_send_more(&sender, head, &number), 0);
		}
		EXPECT_EQ(exo_flush(&sender), 0);
	}
	mark();
}

/* Sleeps where nothing is there, without spinning before. */
static void receive_batches(void)
{
	struct exo_receiver receiver;
	struct ring_head head;
	uint32_t number;

	exo_receiver_open(&receiver, rings.there[EXO_CONSUMER], rings.there_at,
			  SLOTS);
	run_on(0);
	mark();
	for (uint32_t n = 0; n < BATCHES * BATCH; n++) {
		while (exo_try_receive(&receiver, &head, &number,
				       sizeof(number)) == -EAGAIN) {
			EXPECT_EQ(exo_ring_wait(receiver.end, EXO_FOREVER,
						EXO_NO_BELL),
				  0);
		}
		EXPECT_EQ(number, n);
	}
	mark();
}

int main(void)
{
	int status = -1;
	pid_t child;

	rings_make();
	child = fork();
	if (child == 0) {
		pass_messages(CHILD);
		receive_batches();
		_exit(check_failures != 0);
	}
	pass_messages(PARENT);
	send_batches();
	waitpid(child, &status, 0);
	EXPECT_EQ(status, 0);
	return check_end();
}
