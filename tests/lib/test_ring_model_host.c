// SPDX-License-Identifier: MIT
/*
 * The fusion ring in every order (tests/host/interleave.h): lib/ring.c and the
 * functions of lib/ring.h are compiled here once more, each of their accesses
 * to shared memory a step of its own.  Around them stands what the kernel does
 * for ends that sleep.
 *
 * Each scenario must come to its end in every order, with all messages whole
 * and in turn.  Each planted defect must be found: what finds nothing wrong in
 * a wrong ring would prove nothing about ours.
 */
#include "tests/host/interleave.h"

#include "lib/string.h"
#include "tests/ktest.h"

#define __atomic_load_n(at, order) \
	((__typeof__(*(at)))interleave_load(at, sizeof(*(at))))
#define __atomic_store_n(at, value, order) \
	interleave_store(at, sizeof(*(at)), value)
#define __atomic_fetch_or(at, bits, order) \
	interleave_update(at, sizeof(*(at)), ~0ul, bits)
#define __atomic_fetch_and(at, bits, order) \
	interleave_update(at, sizeof(*(at)), bits, 0)
#define __atomic_thread_fence(order) interleave_fence()
#define __builtin_memcpy             interleave_copy

#define ring_messages                model_ring_messages
#define ring_producer_attach         model_ring_producer_attach
#define ring_consumer_attach         model_ring_consumer_attach
#define ring_refill                  model_ring_refill
#define ring_quarter_done            model_ring_quarter_done
#define ring_taken_publish           model_ring_taken_publish
#define ring_refusal                 model_ring_refusal
#define ring_readable                model_ring_readable
#define ring_writable                model_ring_writable

#include "lib/ring.c"

#define COUNT_MAX    8
#define RINGS        2
#define CONSUMER     0
#define SHARED_BYTES (sizeof(struct ring_shared) + COUNT_MAX * RING_LINE_BYTES)

enum phase { GO, BELL, WAKE, SLEEP, CLOSE, END };

/* In what stands around the ring here; struct interleave has others. */
enum defect { SOUND, LATE_FLAG, FULL_WITHOUT_BELL };

/* What an actor knows; actor 0 consumes, the others produce, a ring each. */
struct local {
	struct ring_producer p;
	struct ring_consumer c[RINGS];
	enum phase phase;
	u32 next[RINGS]; /* message */
	bool full;       /* it will sleep when it has rung */
} aligned(64);

/* What is run; the first message's number is the start of a lap. */
static struct {
	u32 count, messages, first, producers, batch;
	bool closes; /* a producer closes its ring after the last message */
	enum defect defect;
} scenario;

static aligned(128) u8 memory[RINGS][SHARED_BYTES];
static struct local locals[1 + RINGS];

static struct ring_shared *shared_of(u32 ring)
{
	return (struct ring_shared *)memory[ring];
}

/* A batch is complete, or as much of it as there is room for. */
static bool is_batch(const struct local *l)
{
	return l->next[0] % scenario.batch == 0 ||
	       l->next[0] == scenario.messages;
}

static void produce(struct local *l)
{
	u64 data[2] = { l->next[0], ~(u64)l->next[0] };
	struct ring_head head = { RING_DATA, sizeof(data), (u16)l->next[0] };
	enum ring_result result = ring_send(&l->p, head, data);

	if (result == RING_OK) {
		l->next[0]++;
		l->phase = is_batch(l) ? BELL : GO;
	} else if (result == RING_FULL) {
		l->full = true;
		l->phase = scenario.defect == FULL_WITHOUT_BELL ? SLEEP : BELL;
	} else {
		interleave_wrong("a message cannot be sent");
	}
}

/* As the kernel does it for who waits for room. */
static void produce_sleeps(struct local *l)
{
	struct ring_shared *shared = l->p.shared;
	bool ready;

	interleave_lock();
	if (scenario.defect == LATE_FLAG) {
		ready = ring_writable(shared, scenario.count);
		ring_end_sleeps(&shared->producer);
	} else {
		ring_end_sleeps(&shared->producer);
		ready = ring_writable(shared, scenario.count);
	}
	if (!ready) {
		interleave_sleep();
		return;
	}
	ring_end_woke(&shared->producer);
	interleave_unlock();
	l->full = false;
	l->phase = GO;
}

static enum phase after_bell(const struct local *l)
{
	return l->full ? SLEEP : l->next[0] < scenario.messages ? GO : CLOSE;
}

static bool run_producer(struct local *l)
{
	switch (l->phase) {
	case GO: produce(l); return true;
	case BELL:
		l->phase = ring_producer_bell(&l->p) ? WAKE : after_bell(l);
		return true;
	case WAKE:
		interleave_wake(CONSUMER);
		l->phase = after_bell(l);
		return true;
	case SLEEP: produce_sleeps(l); return true;
	case CLOSE:
		if (scenario.closes) {
			ring_end_close(&l->p.shared->producer);
			interleave_wake(CONSUMER);
		}
		l->phase = END;
		return true;
	default: return false;
	}
}

static void check(struct local *l, u32 ring, struct ring_head head,
		  const u64 *data)
{
	if (data[0] != l->next[ring] || data[1] != ~data[0] ||
	    head.tag != (u16)data[0] || head.len != 2 * sizeof(*data)) {
		interleave_wrong("a message is not the one that was sent");
	}
	l->next[ring]++;
}

/* Takes what each ring has; sleeps if none has anything. */
static void consume(struct local *l)
{
	u32 ended = 0;

	l->phase = SLEEP;
	for (u32 i = 0; i < scenario.producers; i++) {
		struct ring_head head;
		u64 data[2];
		enum ring_result result =
			ring_receive(&l->c[i], &head, data, sizeof(data));

		if (result == RING_OK) {
			check(l, i, head, data);
			l->phase = GO;
		} else if (result != RING_EMPTY && result != RING_GONE) {
			interleave_wrong("a message cannot be received");
		}
		ended += scenario.closes ? result == RING_GONE
					 : l->next[i] == scenario.messages;
		if (result == RING_GONE && l->next[i] != scenario.messages) {
			interleave_wrong("an end before the last message");
		}
		if (l->c[i].wake) {
			l->c[i].wake = false;
			interleave_wake(1 + i);
		}
	}
	if (ended == scenario.producers) {
		l->phase = END;
	}
}

static void consume_sleeps(struct local *l)
{
	bool ready = false;

	interleave_lock();
	for (u32 i = 0; i < scenario.producers; i++) {
		ring_end_sleeps(&shared_of(i)->consumer);
	}
	for (u32 i = 0; i < scenario.producers; i++) {
		ready |= ring_readable(shared_of(i), scenario.count);
	}
	if (!ready) {
		interleave_sleep();
		return;
	}
	for (u32 i = 0; i < scenario.producers; i++) {
		ring_end_woke(&shared_of(i)->consumer);
	}
	interleave_unlock();
	l->phase = GO;
}

static bool run_actor(unsigned actor)
{
	struct local *l = &locals[actor];

	if (actor != CONSUMER) {
		return run_producer(l);
	}
	if (l->phase == SLEEP) {
		consume_sleeps(l);
	} else {
		consume(l);
	}
	return l->phase != END;
}

/* The state before the first step, set up without steps. */
static void begin(void)
{
	u32 count = scenario.count, first = scenario.first;

	memset(memory, 0, sizeof(memory));
	memset(locals, 0, sizeof(locals));
	for (u32 i = 0; i < scenario.producers; i++) {
		struct ring_shared *shared = shared_of(i);

		shared->consumer.taken = first;
		for (u32 k = 0; k < count; k++) {
			shared->slots[k].word = first;
		}
		locals[1 + i].p =
			(struct ring_producer){ .next = shared->slots,
						.stop = shared->slots,
						.sequence = first + count,
						.count = count,
						.shared = shared };
		locals[CONSUMER].c[i] =
			(struct ring_consumer){ .next = shared->slots,
						.sequence = first + count,
						.count = count,
						.shared = shared,
						.published = first };
		set_stop(&locals[CONSUMER].c[i]);
	}
}

static struct interleave_result explore_ring(struct interleave model)
{
	begin();
	model.actors = 1 + scenario.producers;
	model.shared = memory;
	model.shared_bytes = scenario.producers * SHARED_BYTES;
	model.locals = locals;
	model.local_bytes = sizeof(struct local);
	model.run = run_actor;
	return interleave_run(&model);
}

/* Right in every order, of which there are not too few to mean anything. */
#define EXPECT_RIGHT(...)                                                   \
	do {                                                                \
		struct interleave_result r_;                                \
		scenario = (__typeof__(scenario)){ __VA_ARGS__ };           \
		r_ = explore_ring((struct interleave){ 0 });                \
		if (r_.wrong != NULL) {                                     \
			ktest_fail(__FILE__, __LINE__, r_.wrong, r_.states, \
				   0);                                      \
			return;                                             \
		}                                                           \
		EXPECT(r_.states >= 1000);                                  \
	} while (0)

/* Wrong in some order. */
#define EXPECT_FOUND(model, ...)                                  \
	do {                                                      \
		scenario = (__typeof__(scenario)){ __VA_ARGS__ }; \
		EXPECT(explore_ring(model).wrong != NULL);        \
	} while (0)

KTEST(ring_model_sleeps, "both ends sleep and wake right in every order")
{
	EXPECT_RIGHT(.count = 1, .messages = 5, .producers = 1, .batch = 1);
	EXPECT_RIGHT(.count = 2, .messages = 6, .producers = 1, .batch = 1);
	EXPECT_RIGHT(.count = 4, .messages = 6, .producers = 1, .batch = 1);
}

KTEST(ring_model_batches, "batches larger and smaller than the ring, too")
{
	EXPECT_RIGHT(.count = 2, .messages = 6, .producers = 1, .batch = 3);
	EXPECT_RIGHT(.count = 4, .messages = 6, .producers = 1, .batch = 2);
	EXPECT_RIGHT(.count = 8, .messages = 10, .producers = 1, .batch = 5);
}

KTEST(ring_model_wraps, "and over the wrap of numbers at 2^32")
{
	EXPECT_RIGHT(.count = 2, .messages = 5, .producers = 1, .batch = 1,
		     .first = -2u);
	EXPECT_RIGHT(.count = 8, .messages = 10, .producers = 1, .batch = 5,
		     .first = -8u);
}

KTEST(ring_model_closes, "all that was sent arrives before the end")
{
	EXPECT_RIGHT(.count = 1, .messages = 3, .producers = 1, .batch = 1,
		     .closes = true);
	EXPECT_RIGHT(.count = 2, .messages = 3, .producers = 1, .batch = 2,
		     .closes = true);
}

KTEST(ring_model_lanes, "one consumer sleeps on two rings at once")
{
	EXPECT_RIGHT(.count = 1, .messages = 1, .producers = 2, .batch = 1);
	EXPECT_RIGHT(.count = 1, .messages = 1, .producers = 2, .batch = 1,
		     .closes = true);
}

KTEST(ring_model_finds_fence, "a missing fence of either end is found")
{
	struct interleave of_consumer = { .no_fence = { true } };
	struct interleave of_producer = { .no_fence = { false, true } };

	EXPECT_FOUND(of_consumer, .count = 1, .messages = 3, .producers = 1,
		     .batch = 1);
	EXPECT_FOUND(of_producer, .count = 2, .messages = 3, .producers = 1,
		     .batch = 1);
}

KTEST(ring_model_finds_order, "a word that overtakes its bytes is found")
{
	struct interleave model = { .any_order = true };

	EXPECT_FOUND(model, .count = 2, .messages = 3, .producers = 1,
		     .batch = 1);
}

KTEST(ring_model_finds_protocol,
      "a flag set after the last look is found, and a bell not rung")
{
	struct interleave model = { 0 };

	EXPECT_FOUND(model, .count = 1, .messages = 3, .producers = 1,
		     .batch = 1, .defect = LATE_FLAG);
	EXPECT_FOUND(model, .count = 2, .messages = 4, .producers = 1,
		     .batch = 3, .defect = FULL_WITHOUT_BELL);
}
