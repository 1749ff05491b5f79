// SPDX-License-Identifier: MIT
/*
 * A key-value server with several clients, an example of fusion rings:
 *
 *	kv [CLIENTS [KEYS]]
 *
 * Each client is a process with two rings of its own: its requests, which are
 * one lane of the server's, and the answers.  It stores KEYS values, reads them
 * back, deletes every second one, and looks that just those are gone.  The
 * server sleeps for all lanes at once, in poll(2), and ends with its clients.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/ring.c"
#include "lib/ring_lanes.h"
#include "user/exo_ring.h"

#define CLIENTS_MAX 8
#define SLOTS       16u
#define KEY_BYTES   16
#define VALUE_BYTES 36
#define BUCKETS     4096u

enum operation { PUT, GET, DELETE };

struct request {
	uint32_t operation;
	char key[KEY_BYTES];
	char value[VALUE_BYTES];
};

struct answer {
	int32_t status; /* 0, or a negated errno */
	char value[VALUE_BYTES];
};

static_assert(sizeof(struct request) == RING_DATA_BYTES, "it fits, just");

struct client {
	exo_handle requests[2], answers[2];
	void *request_ring, *answer_ring;
};

static struct client clients[CLIENTS_MAX];
static unsigned client_count, key_count;

static void die(const char *what, long err)
{
	fprintf(stderr, "kv: %s: %s\n", what, strerror((int)-err));
	exit(1);
}

static void *make_ring(exo_handle ends[2])
{
	long err = exo_ring_create(SLOTS, 0, ends, EXO_CLOSE_ON_EXEC);
	void *ring;

	if (err < 0) {
		die("ring", err);
	}
	ring = exo_ring_map(ends[EXO_CONSUMER], SLOTS, 0);
	if (ring == NULL) {
		die("mmap", -errno);
	}
	return ring;
}

/* ---- The store ----------------------------------------------------------- */

static struct entry {
	char key[KEY_BYTES];
	char value[VALUE_BYTES];
	enum { FREE, USED, DELETED } state;
} entries[BUCKETS];

static unsigned hash(const char *key)
{
	unsigned h = 2166136261u;

	for (unsigned i = 0; i < KEY_BYTES; i++) {
		h = (h ^ (unsigned char)key[i]) * 16777619u;
	}
	return h % BUCKETS;
}

/* The key's entry; else one for it, or NULL if all are in use. */
static struct entry *find(const char *key)
{
	struct entry *room = NULL;

	for (unsigned i = 0, at = hash(key); i < BUCKETS; i++, at++) {
		struct entry *e = &entries[at % BUCKETS];

		if (e->state == USED && memcmp(e->key, key, KEY_BYTES) == 0) {
			return e;
		}
		if (e->state != USED && room == NULL) {
			room = e;
		}
		if (e->state == FREE) {
			break;
		}
	}
	return room;
}

static struct answer serve(const struct request *request)
{
	struct answer answer = { .status = -ENOENT };
	struct entry *e = find(request->key);
	bool found = e != NULL && e->state == USED;

	switch (request->operation) {
	case PUT:
		answer.status = e != NULL ? 0 : -ENOSPC;
		if (e != NULL) {
			memcpy(e->key, request->key, KEY_BYTES);
			memcpy(e->value, request->value, VALUE_BYTES);
			e->state = USED;
		}
		break;
	case GET:
		if (found) {
			memcpy(answer.value, e->value, VALUE_BYTES);
			answer.status = 0;
		}
		break;
	case DELETE:
		if (found) {
			e->state = DELETED;
			answer.status = 0;
		}
		break;
	default: answer.status = -EINVAL;
	}
	return answer;
}

/* ---- The server ---------------------------------------------------------- */

/* Until a lane has something; false: all clients have gone. */
static bool wait_for_requests(void)
{
	struct pollfd fds[CLIENTS_MAX];
	unsigned open = 0;

	for (unsigned i = 0; i < client_count; i++) {
		int fd = (int)clients[i].requests[EXO_CONSUMER];

		fds[i] = (struct pollfd){ .fd = fd, .events = POLLIN };
		open += fd >= 0;
	}
	if (open > 0 && poll(fds, client_count, -1) < 0 && errno != EINTR) {
		die("poll", -errno);
	}
	for (unsigned i = 0; i < client_count; i++) {
		/* Hung up; what it left was taken before. */
		if (open > 0 && (fds[i].revents & POLLHUP) &&
		    ring_messages(clients[i].request_ring, SLOTS) == 0) {
			close(fds[i].fd);
			clients[i].requests[EXO_CONSUMER] = -1;
		}
	}
	return open > 0;
}

static void reply(struct exo_sender *to, uint16_t tag,
		  const struct request *request)
{
	struct answer answer = serve(request);
	struct ring_head head = { RING_DATA, sizeof(answer), tag };
	long err = exo_send(to, head, &answer);

	if (err < 0 && err != -EPIPE) {
		die("answer", err);
	}
}

static unsigned run_server(void)
{
	struct ring_consumer consumers[CLIENTS_MAX];
	struct exo_sender senders[CLIENTS_MAX];
	struct ring_lanes lanes;
	unsigned served = 0;

	for (unsigned i = 0; i < client_count; i++) {
		struct client *c = &clients[i];

		ring_consumer_attach(&consumers[i], c->request_ring, SLOTS);
		exo_sender_open(&senders[i], c->answers[EXO_PRODUCER],
				c->answer_ring, SLOTS);
	}
	ring_lanes_init(&lanes, consumers, client_count);
	for (bool more = true; more;) {
		struct ring_head head;
		struct request request;
		enum ring_result result = ring_lanes_receive(
			&lanes, &head, &request, sizeof(request));

		for (unsigned i = 0; i < client_count; i++) {
			if (consumers[i].wake) {
				consumers[i].wake = false;
				(void)exo_ring_bell(
					clients[i].requests[EXO_CONSUMER]);
			}
		}
		if (result == RING_OK) {
			reply(&senders[lanes.from], head.tag, &request);
			served++;
		} else if (result == RING_EMPTY || result == RING_GONE) {
			more = wait_for_requests();
		} else {
			die("request", exo_ring_error(result));
		}
	}
	return served;
}

/* ---- A client ------------------------------------------------------------ */

static struct {
	struct exo_sender sender;
	struct exo_receiver receiver;
	unsigned number, wrong;
} self;

static struct answer ask(enum operation operation, unsigned key)
{
	struct request request = { .operation = operation };
	struct ring_head head = { RING_DATA, sizeof(request), (uint16_t)key };
	struct answer answer;
	long err;

	snprintf(request.key, KEY_BYTES, "%u-%u", self.number, key);
	snprintf(request.value, VALUE_BYTES, "value %u of client %u", key,
		 self.number);
	err = exo_send(&self.sender, head, &request);
	if (err == 0) {
		err = exo_receive(&self.receiver, &head, &answer,
				  sizeof(answer));
	}
	if (err < 0) {
		die("client", err);
	}
	if (head.tag != (uint16_t)key ||
	    (operation == GET && answer.status == 0 &&
	     strncmp(answer.value, request.value, VALUE_BYTES) != 0)) {
		self.wrong++;
	}
	return answer;
}

static int run_client(void)
{
	for (unsigned key = 0; key < key_count; key++) {
		self.wrong += ask(PUT, key).status != 0;
	}
	for (unsigned key = 0; key < key_count; key++) {
		self.wrong += ask(GET, key).status != 0;
	}
	for (unsigned key = 0; key < key_count; key += 2) {
		self.wrong += ask(DELETE, key).status != 0;
	}
	for (unsigned key = 0; key < key_count; key++) {
		int expected = key % 2 == 0 ? -ENOENT : 0;

		self.wrong += ask(GET, key).status != expected;
	}
	return self.wrong != 0;
}

static void start_client(unsigned number)
{
	struct client *mine = &clients[number];

	fflush(stdout);
	if (fork() != 0) {
		return;
	}
	/* Of all ends it keeps those two that are its own. */
	for (unsigned i = 0; i < client_count; i++) {
		close((int)clients[i].requests[EXO_CONSUMER]);
		close((int)clients[i].answers[EXO_PRODUCER]);
		if (i != number) {
			close((int)clients[i].requests[EXO_PRODUCER]);
			close((int)clients[i].answers[EXO_CONSUMER]);
		}
	}
	self.number = number;
	exo_sender_open(&self.sender, mine->requests[EXO_PRODUCER],
			mine->request_ring, SLOTS);
	exo_receiver_open(&self.receiver, mine->answers[EXO_CONSUMER],
			  mine->answer_ring, SLOTS);
	exit(run_client());
}

int main(int argc, char **argv)
{
	unsigned served, failed = 0;
	int status;

	client_count = argc > 1 ? (unsigned)atoi(argv[1]) : 4;
	key_count = argc > 2 ? (unsigned)atoi(argv[2]) : 100;
	if (client_count == 0 || client_count > CLIENTS_MAX ||
	    key_count * client_count > BUCKETS) {
		fprintf(stderr, "usage: kv [CLIENTS(1..%d) [KEYS]]\n",
			CLIENTS_MAX);
		return 2;
	}
	for (unsigned i = 0; i < client_count; i++) {
		clients[i].request_ring = make_ring(clients[i].requests);
		clients[i].answer_ring = make_ring(clients[i].answers);
	}
	for (unsigned i = 0; i < client_count; i++) {
		start_client(i);
	}
	for (unsigned i = 0; i < client_count; i++) {
		close((int)clients[i].requests[EXO_PRODUCER]);
		close((int)clients[i].answers[EXO_CONSUMER]);
	}
	served = run_server();
	while (wait(&status) > 0) {
		failed += status != 0;
	}
	printf("kv: %u clients, %u requests, %u clients failed\n", client_count,
	       served, failed);
	return failed != 0;
}
