/* SPDX-License-Identifier: MIT */
/*
 * Rings as the kernel has them: their pages, their ends.
 */
#include "ipc/ring_object.h"

#include "arch/cpu.h"
#include "kernel/clock.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/frame.h"
#include "mm/kmem.h"
#include "sched/thread.h"
#include "tests/holdings.h"
#include "tests/ktest.h"
#include "trace/trace.h"

#define SLOTS 128u
#define ARENA (5 * PAGE_SIZE)
#define MS    1000000ul

static u64 page_pa(struct ring_object *r, u64 index)
{
	phys_t frame = PHYS_NONE;
	int err = r->object.ops->page(&r->object, index, OBJECT_SHARED, &frame);

	if (err) {
		return 0;
	}
	frame_put(frame);
	return frame.pa;
}

KTEST(ring_object_pages, "a ring has zeroed pages in a row and gives all back")
{
	u64 threads = threads_settled();
	struct holdings before = holdings_now(threads), after;
	struct ring_object *r = NULL;
	u64 first;

	EXPECT_EQ(ring_object_create(3, 0, &r), -EINVAL);
	EXPECT_EQ(ring_object_create(SLOTS, RING_PAGES_MAX * PAGE_SIZE, &r),
		  -EINVAL);
	EXPECT_EQ(ring_object_create(SLOTS, ARENA, &r), 0);
	EXPECT_EQ(r->pages, 3 + 5);
	first = page_pa(r, 0);
	EXPECT_EQ(page_pa(r, 7), first + 7 * PAGE_SIZE);
	EXPECT_EQ(page_pa(r, 8), 0);
	EXPECT_EQ(((u8 *)r->shared)[8 * PAGE_SIZE - 1], 0);
	EXPECT_EQ(frame_refs(phys(first)), 1);
	frame_check();
	ring_object_close(r, RING_PRODUCER);
	EXPECT_EQ(ring_object_bell(r, RING_CONSUMER), -EPIPE);
	ring_object_close(r, RING_CONSUMER);
	after = holdings_now(threads);
	EXPECT_EQ(after.kmem_bytes, before.kmem_bytes);
	EXPECT_EQ(after.free_frames, before.free_frames);
	frame_check();
}

KTEST(ring_object_out_of_memory, "a ring that finds no memory leaves nothing")
{
	u64 threads = threads_settled();
	struct holdings before = holdings_now(threads), after;
	struct ring_object *r = NULL;
	int err = 0;

	for (u64 left = 0; left < 4 && err == 0; left++) {
		frame_drain();
		frame_fail_after(0);
		err = ring_object_create(SLOTS, ARENA, &r);
		frame_fail_after(FRAME_FAIL_NEVER);
	}
	EXPECT_EQ(err, -ENOMEM);
	after = holdings_now(threads);
	EXPECT_EQ(after.kmem_bytes, before.kmem_bytes);
	EXPECT_EQ(after.free_frames, before.free_frames);
}

static int waited;

static void waiter(void *arg)
{
	waited = ring_object_wait(arg, RING_CONSUMER, WAITQ_FOREVER);
}

/* Starts a thread that waits at the consumer's end and lets it sleep. */
static struct thread *waiter_start(struct ring_object *r)
{
	struct thread *t = thread_create("waiter", waiter, r);

	if (t != NULL) {
		thread_start(t);
		while (READ_ONCE(r->sides[RING_CONSUMER].sleepers) == 0) {
			clock_wait_ns(MS);
		}
	}
	return t;
}

KTEST(ring_object_wakes, "a bell, and the end of a peer, wake who waits")
{
	struct ring_object *r = NULL;
	struct ring_producer p;
	struct thread *t;

	EXPECT_EQ(ring_object_create(SLOTS, 0, &r), 0);
	ring_producer_attach(&p, r->shared, SLOTS);
	EXPECT(!ring_producer_bell(&p));
	t = waiter_start(r);
	EXPECT(t != NULL);
	EXPECT_EQ(ring_send(&p, (struct ring_head){ 0 }, ""), RING_OK);
	EXPECT(ring_producer_bell(&p));
	EXPECT_EQ(ring_object_bell(r, RING_PRODUCER), 0);
	thread_join(t);
	EXPECT_EQ(waited, 0);
	EXPECT(!ring_producer_bell(&p));
	EXPECT_EQ(ring_object_wait(r, RING_CONSUMER, 0), 0);
	memset(r->shared, 0, ring_bytes(SLOTS));
	t = waiter_start(r);
	EXPECT(t != NULL);
	ring_object_close(r, RING_PRODUCER);
	/* It is gone, even if somebody says that it is not. */
	r->shared->producer.state = 0;
	thread_join(t);
	EXPECT_EQ(waited, -EPIPE);
	ring_object_close(r, RING_CONSUMER);
}

KTEST(ring_object_polls, "who polls is still told when a sleeper has left")
{
	struct ring_object *r = NULL;
	struct ring_producer p;
	struct poller poller;

	EXPECT_EQ(ring_object_create(SLOTS, 0, &r), 0);
	ring_producer_attach(&p, r->shared, SLOTS);
	poller_init(&poller);
	EXPECT(!ring_object_poll(r, RING_CONSUMER, &poller));
	EXPECT_EQ(ring_object_wait(r, RING_CONSUMER, 0), -ETIMEDOUT);
	EXPECT(ring_producer_bell(&p));
	EXPECT_EQ(ring_object_bell(r, RING_PRODUCER), 0);
	EXPECT_EQ(poller_sleep(&poller, clock_ns() + 10 * MS), 0);
	poller_end(&poller);
	EXPECT_EQ(ring_object_wait(r, RING_CONSUMER, 0), -ETIMEDOUT);
	EXPECT(!ring_producer_bell(&p));
	ring_object_close(r, RING_PRODUCER);
	ring_object_close(r, RING_CONSUMER);
}

/* ---- Batches ------------------------------------------------------------- */

#define RECORDS  256u
#define TOGETHER 3u

/* Takes what is there each time that it wakes up, until all have come. */
static void taker(void *arg)
{
	struct ring_object *r = arg;
	struct ring_consumer c;
	struct ring_head head;
	u32 got = 0;
	u8 byte;

	ring_consumer_attach(&c, r->shared, SLOTS);
	while (got < TOGETHER &&
	       ring_object_wait(r, RING_CONSUMER, WAITQ_FOREVER) == 0) {
		while (ring_receive(&c, &head, &byte, 1) == RING_OK) {
			got++;
		}
	}
	waited = (int)got;
}

/* Switches to that thread in what this processor recorded since. */
static u32 switches_to(struct trace_cursor *cursor, struct arch_record *records,
		       u32 tid)
{
	u32 count, found = 0;

	while ((count = trace_collect(cursor, records, RECORDS)) > 0) {
		for (u32 i = 0; i < count; i++) {
			found += records[i].event == TRACE_SWITCH &&
				 records[i].a == tid;
		}
	}
	return found;
}

/*
 * Both threads on one processor, so that one ring of records has all.  Who is
 * preempted is switched to once more, which is not the batch's doing.
 */
KTEST(ring_batch_one_switch, "three messages in one batch are one switch")
{
	struct arch_record *records = kmalloc(RECORDS * sizeof(*records));
	struct thread *self = current_thread(), *t;
	struct ring_object *r = NULL;
	struct ring_head head = { .len = 1 };
	struct ring_producer p;
	struct trace_cursor cursor;
	u64 before = self->affinity;
	u64 here = 1ull << cpu_id();
	u64 preempted;
	u32 tid;

	EXPECT(records != NULL && ring_object_create(SLOTS, 0, &r) == 0);
	EXPECT_EQ(thread_set_affinity(self, here), 0);
	t = thread_create("taker", taker, r);
	EXPECT(t != NULL && thread_set_affinity(t, here) == 0);
	ring_producer_attach(&p, r->shared, SLOTS);
	tid = t->tid;
	thread_start(t);
	while (READ_ONCE(t->state) != THREAD_SLEEPING &&
	       READ_ONCE(t->state) != THREAD_INTERRUPTIBLE) {
		clock_wait_ns(MS);
	}
	preempted = thread_get(t)->preemptions;
	trace_cursor_start(&cursor, cpu_id());
	(void)switches_to(&cursor, records, tid);
	for (u32 i = 0; i < TOGETHER; i++) {
		EXPECT_EQ(ring_send(&p, head, "x"), RING_OK);
	}
	EXPECT(ring_producer_bell(&p));
	EXPECT_EQ(ring_object_bell(r, RING_PRODUCER), 0);
	thread_join(t);
	EXPECT_EQ(switches_to(&cursor, records, tid),
		  1 + t->preemptions - preempted);
	thread_put(t);
	EXPECT_EQ(waited, TOGETHER);
	EXPECT_EQ(thread_set_affinity(self, before), 0);
	ring_object_close(r, RING_PRODUCER);
	ring_object_close(r, RING_CONSUMER);
	kfree(records);
}
