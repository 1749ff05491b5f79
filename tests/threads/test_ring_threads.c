// SPDX-License-Identifier: MIT
/*
 * Fusion rings between threads under ThreadSanitizer: ends that sleep and
 * wake, lanes, and a peer that writes what it likes into all that is shared.
 *
 * RING_TORTURE=N makes the storms N times longer.
 */
#include <stdlib.h>
#include <string.h>

#include "arch/cpu.h"
#include "kernel/waitq.h"
#include "lib/random.h"
#include "lib/ring_lanes.h"
#include "tests/ktest.h"
#include "tests/threads/threads.h"

#define MESSAGES 10000u
#define SLOTS    8u
#define LANES    (PROCESSORS - 1)
#define CONSUMER LANES /* its processor */
#define SPINS    50
#define BYTES    (sizeof(struct ring_shared) + SLOTS * RING_LINE_BYTES)

struct lane {
	aligned(128) u8 memory[BYTES];
	struct waitq room; /* where its producer sleeps */
};

static struct {
	struct lane lanes[LANES];
	struct waitq messages; /* where the consumer sleeps for all lanes */
	struct ring_consumer consumers[LANES];
	u32 next[LANES]; /* message, of the consumer */
	u64 wrong;       /* [a] */
	bool over;       /* [a] the consumer has had enough */
} rings;

static struct ring_shared *shared_of(u32 lane)
{
	return (struct ring_shared *)rings.lanes[lane].memory;
}

static u32 message_count(void)
{
	const char *times = getenv("RING_TORTURE");

	return MESSAGES * (times != NULL ? (u32)strtoul(times, NULL, 10) : 1);
}

static void set_up(u32 first)
{
	memset(&rings, 0, sizeof(rings));
	waitq_init(&rings.messages);
	for (u32 i = 0; i < LANES; i++) {
		struct ring_shared *shared = shared_of(i);

		waitq_init(&rings.lanes[i].room);
		shared->consumer.taken = first;
		for (u32 k = 0; k < SLOTS; k++) {
			shared->slots[k].word = first;
		}
		ring_consumer_attach(&rings.consumers[i], shared, SLOTS);
	}
}

static void wrong_unless(bool right)
{
	if (!right) {
		__atomic_fetch_add(&rings.wrong, 1, __ATOMIC_RELAXED);
	}
}

/* ---- What the kernel does ------------------------------------------------ */

static void wake(struct waitq *q)
{
	u64 flags = waitq_lock(q);

	while (waitq_wake_one_locked(q)) {
	}
	waitq_unlock(q, flags);
}

static void sleep_for_room(struct lane *lane, struct ring_shared *shared)
{
	u64 flags = waitq_lock(&lane->room);

	ring_end_sleeps(&shared->producer);
	while (!ring_writable(shared, SLOTS)) {
		wrong_unless(waitq_sleep(&lane->room, WAITQ_FOREVER) == 0);
	}
	ring_end_woke(&shared->producer);
	waitq_unlock(&lane->room, flags);
}

static bool any_readable(void)
{
	for (u32 i = 0; i < LANES; i++) {
		if (ring_readable(shared_of(i), SLOTS)) {
			return true;
		}
	}
	return false;
}

static void sleep_for_messages(void)
{
	u64 flags = waitq_lock(&rings.messages);

	for (u32 i = 0; i < LANES; i++) {
		ring_end_sleeps(&shared_of(i)->consumer);
	}
	while (!any_readable()) {
		wrong_unless(waitq_sleep(&rings.messages, WAITQ_FOREVER) == 0);
	}
	for (u32 i = 0; i < LANES; i++) {
		ring_end_woke(&shared_of(i)->consumer);
	}
	waitq_unlock(&rings.messages, flags);
}

/* ---- Programs ------------------------------------------------------------ */

static void ring_bell(struct ring_producer *p)
{
	if (ring_producer_bell(p)) {
		wake(&rings.messages);
	}
}

static void send(struct ring_producer *p, u32 lane, u32 n)
{
	struct ring_head head = { RING_DATA, (u8)(8 + n % 49), (u16)n };
	u8 data[RING_DATA_BYTES];
	enum ring_result result;

	memset(data, (u8)n, sizeof(data));
	memcpy(data, &n, sizeof(n));
	for (u32 spins = 0;; spins++) {
		result = ring_send(p, head, data);
		if (result != RING_FULL) {
			break;
		}
		if (spins == SPINS) {
			ring_bell(p);
			sleep_for_room(&rings.lanes[lane], p->shared);
			spins = 0;
		}
	}
	wrong_unless(result == RING_OK);
}

/* Bells after batches of one to four. */
static void produce(u32 lane)
{
	u32 count = message_count();
	struct ring_producer p;

	ring_producer_attach(&p, shared_of(lane), SLOTS);
	for (u32 n = 0; n < count; n++) {
		send(&p, lane, n);
		if ((n & n >> 3 & 3) == 0) {
			ring_bell(&p);
		}
	}
	ring_bell(&p);
	ring_end_close(&p.shared->producer);
	wake(&rings.messages);
}

static void check(u32 lane, struct ring_head head, const u8 *data)
{
	u32 n = rings.next[lane]++, got;

	memcpy(&got, data, sizeof(got));
	wrong_unless(got == n && head.tag == (u16)n && head.len == 8 + n % 49 &&
		     data[head.len - 1] == (u8)n);
}

static void consume(void)
{
	struct ring_lanes all;
	u32 spins = 0;

	ring_lanes_init(&all, rings.consumers, LANES);
	for (;;) {
		struct ring_head head;
		u8 data[RING_DATA_BYTES];
		enum ring_result result =
			ring_lanes_receive(&all, &head, data, sizeof(data));

		for (u32 i = 0; i < LANES; i++) {
			if (rings.consumers[i].wake) {
				rings.consumers[i].wake = false;
				wake(&rings.lanes[i].room);
			}
		}
		if (result == RING_OK) {
			check(all.from, head, data);
			spins = 0;
		} else if (result != RING_EMPTY) {
			wrong_unless(result == RING_GONE);
			return;
		} else if (++spins == SPINS) {
			sleep_for_messages();
		}
	}
}

static void use_lanes(unsigned cpu)
{
	if (cpu == CONSUMER) {
		consume();
	} else {
		produce(cpu);
	}
}

KTEST(threads_ring_lanes,
      "producers and a consumer that sleep lose no message, over the wrap")
{
	set_up(0u - SLOTS * 16);
	run_on_processors(use_lanes);
	EXPECT_EQ(rings.wrong, 0);
	for (u32 i = 0; i < LANES; i++) {
		EXPECT_EQ(rings.next[i], message_count());
	}
}
