/* SPDX-License-Identifier: MIT */
/*
 * What the rows of rings measure, for any queue of messages: a contender gives
 * its operations and gets the loops, with the operations inlined.  A queue
 * holds the 56 bytes of a fusion ring's message.
 */
#ifndef EXO_BENCH_HOST_QUEUE_H
#define EXO_BENCH_HOST_QUEUE_H

#include "bench/host/cores.h"
#include "bench/host/host.h"
#include "lib/assert.h"

#define MESSAGE_WORDS 7
#define BURST         32

struct message {
	u64 words[MESSAGE_WORDS];
};

/* There are two queues, 0 and 1; the second carries the answers. */
struct queue_ops {
	bool (*put)(unsigned queue, const struct message *message);
	bool (*take)(unsigned queue, struct message *message);
	/* Up to n of messages[]; returns how many. */
	unsigned (*put_burst)(const struct message *messages, unsigned n);
	unsigned (*take_burst)(struct message *messages, unsigned n);
};

/* messages[i].words[0] == i */
extern const struct message queue_messages[BURST];

/* The compiler believes that somebody looks at it. */
#define LOOK_AT(x) __asm__ volatile("" : : "m"(x))

static always_inline void queue_put(const struct queue_ops *ops, unsigned queue,
				    unsigned i)
{
	while (!ops->put(queue, &queue_messages[i % BURST])) {
		__builtin_ia32_pause();
	}
}

static always_inline void queue_take(const struct queue_ops *ops,
				     unsigned queue, unsigned i)
{
	struct message message;

	while (!ops->take(queue, &message)) {
		__builtin_ia32_pause();
	}
	LOOK_AT(message);
	ASSERT(message.words[0] == i % BURST);
}

/* One message there and back. */
static always_inline void queue_single(const struct queue_ops *ops)
{
	for (unsigned i = 0; i < HOST_BATCH; i++) {
		queue_put(ops, 0, i);
		queue_take(ops, 0, i);
	}
}

static always_inline void queue_burst(const struct queue_ops *ops)
{
	static struct message messages[BURST];

	for (unsigned i = 0; i < HOST_BATCH; i += BURST) {
		ASSERT(ops->put_burst(queue_messages, BURST) == BURST);
		ASSERT(ops->take_burst(messages, BURST) == BURST);
		LOOK_AT(messages);
		ASSERT(messages[0].words[0] == 0);
	}
}

/* The other core's half, then this one's. */
static always_inline void queue_send(const struct queue_ops *ops)
{
	for (unsigned i = 0; i < HOST_BATCH; i++) {
		queue_put(ops, 0, i);
	}
}

static always_inline void queue_receive(const struct queue_ops *ops)
{
	cores_go();
	for (unsigned i = 0; i < HOST_BATCH; i++) {
		queue_take(ops, 0, i);
	}
	cores_wait();
}

static always_inline void queue_send_burst(const struct queue_ops *ops)
{
	for (unsigned i = 0; i < HOST_BATCH;) {
		unsigned n = ops->put_burst(&queue_messages[i % BURST],
					    BURST - i % BURST);

		i += n;
		if (n == 0) {
			__builtin_ia32_pause();
		}
	}
}

static always_inline void queue_receive_burst(const struct queue_ops *ops)
{
	static struct message messages[BURST];

	cores_go();
	for (unsigned i = 0; i < HOST_BATCH;) {
		unsigned n = ops->take_burst(messages, BURST);

		LOOK_AT(messages);
		if (n == 0) {
			__builtin_ia32_pause();
		} else {
			ASSERT(messages[0].words[0] == i % BURST);
		}
		i += n;
	}
	cores_wait();
}

/* A message to the other core and its answer. */
static always_inline void queue_ask(const struct queue_ops *ops)
{
	cores_go();
	for (unsigned i = 0; i < HOST_BATCH; i++) {
		queue_put(ops, 0, i);
		queue_take(ops, 1, i);
	}
	cores_wait();
}

static always_inline void queue_answer(const struct queue_ops *ops)
{
	for (unsigned i = 0; i < HOST_BATCH; i++) {
		queue_take(ops, 0, i);
		queue_put(ops, 1, i);
	}
}

/*
 * Both cores put in half of the messages each, as producers 0 and 1; this one
 * takes them out, too.
 */
static always_inline void queue_send_half(const struct queue_ops *ops)
{
	for (unsigned i = 0; i < HOST_BATCH / 2; i++) {
		queue_put(ops, 1, i);
	}
}

static always_inline void queue_many(const struct queue_ops *ops)
{
	unsigned sent = 0, taken = 0;

	cores_go();
	while (taken < HOST_BATCH) {
		struct message message;

		sent += sent < HOST_BATCH / 2 &&
			ops->put(0, &queue_messages[sent % BURST]);
		taken += ops->take(0, &message);
		LOOK_AT(message);
	}
	cores_wait();
}

/* ---- Words of 8 bytes: what a ring of pointers carries ------------------ */

struct words_ops {
	/* Up to n; return how many. */
	unsigned (*put)(const u64 *words, unsigned n);
	unsigned (*take)(u64 *words, unsigned n);
};

extern const u64 queue_words[BURST];

static always_inline void words_burst(const struct words_ops *ops)
{
	for (unsigned i = 0; i < HOST_BATCH; i += BURST) {
		u64 words[BURST];

		ASSERT(ops->put(queue_words, BURST) == BURST);
		ASSERT(ops->take(words, BURST) == BURST);
		LOOK_AT(words);
		ASSERT(words[BURST - 1] == BURST - 1);
	}
}

static always_inline void words_send(const struct words_ops *ops)
{
	for (unsigned i = 0; i < HOST_BATCH; i += BURST) {
		for (unsigned n = 0; n < BURST;) {
			unsigned put = ops->put(queue_words + n, BURST - n);

			n += put;
			if (put == 0) {
				__builtin_ia32_pause();
			}
		}
	}
}

static always_inline void words_receive(const struct words_ops *ops)
{
	cores_go();
	for (unsigned i = 0; i < HOST_BATCH;) {
		u64 words[BURST];
		unsigned n = ops->take(words, BURST);

		LOOK_AT(words);
		if (n == 0) {
			__builtin_ia32_pause();
		} else {
			ASSERT(words[0] == i % BURST);
		}
		i += n;
	}
	cores_wait();
}

/* ---- Contenders ---------------------------------------------------------- */

/* In this thread; who_init(slots) empties the queues. */
#define QUEUE_ALONE(who, name, loop, ops)                           \
	static const char *who##_start_##name(unsigned slots)       \
	{                                                           \
		who##_init(slots);                                  \
		return NULL;                                        \
	}                                                           \
	static void who##_run_##name(void)                          \
	{                                                           \
		loop(&(ops));                                       \
	}                                                           \
	const struct contender who##_##name = { who##_start_##name, \
						who##_run_##name }

/* here() beside there() on the other core. */
#define QUEUE_CORES(who, name, here, there, ops)                    \
	static void who##_there_##name(void)                        \
	{                                                           \
		there(&(ops));                                      \
	}                                                           \
	static const char *who##_start_##name(unsigned slots)       \
	{                                                           \
		who##_init(slots);                                  \
		return cores_start(who##_there_##name);             \
	}                                                           \
	static void who##_run_##name(void)                          \
	{                                                           \
		here(&(ops));                                       \
	}                                                           \
	const struct contender who##_##name = { who##_start_##name, \
						who##_run_##name }

/* All rows of one contender. */
#define QUEUE_ROWS(who, ops, many, words)                                     \
	QUEUE_ALONE(who, ring_single, queue_single, ops);                     \
	QUEUE_ALONE(who, ring_burst, queue_burst, ops);                       \
	QUEUE_ALONE(who, ring_words, words_burst, words);                     \
	QUEUE_CORES(who, ring_cores_single, queue_receive, queue_send, ops);  \
	QUEUE_CORES(who, ring_cores_burst, queue_receive_burst,               \
		    queue_send_burst, ops);                                   \
	QUEUE_CORES(who, ring_cores_words, words_receive, words_send, words); \
	QUEUE_CORES(who, ring_trip, queue_ask, queue_answer, ops);            \
	QUEUE_CORES(who, ring_many, queue_many, queue_send_half, many)

#endif
