/* SPDX-License-Identifier: MIT */
/*
 * Rings as the kernel has them.
 *
 * I1  The frames are one block, so that lib/ring.h finds its slots in the
 *     direct map as programs find them in their mappings; the object holds a
 *     reference to each, and each mapping of one holds another.
 * I2  While somebody sleeps or polls at an end, the end's RING_SLEEPS is set:
 *     by each before its last look, cleared when the last sleeper leaves and
 *     nobody polls, or a bell finds only pollers, who then ask again.  Both is
 *     done under the queue's lock, and who polls is seen there: it watches
 *     before it sets the flag.  A program that clears it itself harms who waits
 *     for it, and nobody else.
 * I3  `closed` is set before the waiters of the other end are woken, and they
 *     look at it under their queue's lock: who is gone is seen, whatever the
 *     shared words say.
 *
 * Why no wake-up is lost stands in lib/ring.h; the queue's lock is the one that
 * it speaks of.
 */
#include "ipc/ring_object.h"

#include "ipc/ring_mail.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/frame.h"
#include "mm/kmem.h"
#include "trace/trace.h"

static struct ring_end *end_of(const struct ring_object *r, enum ring_side side)
{
	return side == RING_PRODUCER ? &r->shared->producer
				     : &r->shared->consumer;
}

static int ring_page(struct mem_object *object, u64 index, unsigned access,
		     phys_t *out)
{
	const struct ring_object *r =
		container_of(object, struct ring_object, object);

	(void)access;
	if (index >= r->pages) {
		return -ENXIO;
	}
	*out = phys_add(r->block, index * PAGE_SIZE);
	frame_get(*out);
	return 0;
}

static void frames_put(phys_t block, u64 from, u64 to)
{
	for (u64 i = from; i < to; i++) {
		frame_put(phys_add(block, i * PAGE_SIZE));
	}
}

static void ring_destroy(struct mem_object *object)
{
	struct ring_object *r =
		container_of(object, struct ring_object, object);

	frames_put(r->block, 0, r->pages);
	kfree(r);
}

static const struct mem_object_ops ring_ops = {
	.page = ring_page,
	.destroy = ring_destroy,
};

/* Zeroed frames in a row. */
static phys_t frames_alloc(u32 pages)
{
	unsigned order = pages > 1 ? 32u - (u32)__builtin_clz(pages - 1) : 0;
	phys_t block = frame_alloc(order);

	if (!phys_is_none(block)) {
		frame_split(block, order);
		frames_put(block, pages, 1ul << order);
		memset(phys_to_virt(block), 0, pages * PAGE_SIZE);
	}
	return block;
}

static void side_init(struct ring_waiters *side)
{
	waitq_init(&side->q);
	pollq_init(&side->pollq);
	side->sleepers = 0;
	side->closed = false;
}

int ring_object_create(u32 count, u64 arena_bytes, struct ring_object **out)
{
	struct ring_object *r;
	u64 pages;

	if (!ring_count_valid(count) ||
	    arena_bytes > RING_PAGES_MAX * PAGE_SIZE) {
		return -EINVAL;
	}
	pages = ring_object_pages(count, arena_bytes);
	if (pages > RING_PAGES_MAX) {
		return -EINVAL;
	}
	r = kmalloc(sizeof(*r));
	if (r == NULL) {
		return -ENOMEM;
	}
	r->block = frames_alloc((u32)pages);
	if (phys_is_none(r->block)) {
		kfree(r);
		return -ENOMEM;
	}
	mem_object_init(&r->object, &ring_ops);
	r->pages = (u32)pages;
	r->count = count;
	r->shared = phys_to_virt(r->block);
	side_init(&r->sides[RING_PRODUCER]);
	side_init(&r->sides[RING_CONSUMER]);
	list_init(&r->mail);
	r->mail_count = r->mail_pages = r->next_ticket = 0;
	r->travels = r->ring_mail = 0;
	mem_object_get(&r->object);
	*out = r;
	return 0;
}

static bool has_work(const struct ring_object *r, enum ring_side side)
{
	if (ring_object_closed(r, ring_other(side))) {
		return true;
	}
	return side == RING_PRODUCER ? ring_writable(r->shared, r->count)
				     : ring_readable(r->shared, r->count);
}

/* The other end is gone, and what it left as well. */
static bool at_end(const struct ring_object *r, enum ring_side side)
{
	return ring_object_closed(r, ring_other(side)) &&
	       (side == RING_PRODUCER ||
		ring_messages(r->shared, r->count) == 0);
}

static void side_wake(struct ring_object *r, enum ring_side side)
{
	struct ring_waiters *w = &r->sides[side];

	WITH_SPINLOCK_IRQ (&w->q.lock) {
		while (waitq_wake_one_locked(&w->q)) {
		}
		if (w->sleepers == 0) {
			ring_end_woke(end_of(r, side));
		}
	}
	if (!list_empty(&w->pollq.watches)) {
		pollq_wake(&w->pollq);
	}
}

/* One sleeper less. */
static void leave_locked(struct ring_waiters *w, struct ring_end *end)
{
	if (--w->sleepers == 0 && list_empty(&w->pollq.watches)) {
		ring_end_woke(end);
	}
}

void ring_object_close(struct ring_object *r, enum ring_side side)
{
	/* Pairs with ring_object_closed(). */
	__atomic_store_n(&r->sides[side].closed, true, __ATOMIC_SEQ_CST);
	ring_end_close(end_of(r, side));
	side_wake(r, ring_other(side));
	if (side == RING_CONSUMER) {
		ring_mail_drop(r);
	}
	mem_object_put(&r->object);
}

/*
 * As ring_object_wait().  Who waits in `bell`, unless that is NULL, is woken on
 * the way to sleep, or when it did not come to that.
 */
static int wait_until(struct ring_object *r, enum ring_side side,
		      u64 deadline_ns, struct waitq *bell)
{
	struct ring_waiters *w = &r->sides[side];
	struct ring_end *end = end_of(r, side);
	u64 flags = waitq_lock(&w->q);
	bool work;
	int err = 0;

	w->sleepers++;
	ring_end_sleeps(end);
	while (!(work = has_work(r, side)) && err == 0) {
		if (bell != NULL) {
			err = waitq_sleep_waking(&w->q, bell);
			bell = NULL;
		} else {
			err = deadline_ns ? waitq_sleep_interruptible(
						    &w->q, deadline_ns)
					  : -ETIMEDOUT;
		}
		ring_end_sleeps(end);
	}
	leave_locked(w, end);
	waitq_unlock(&w->q, flags);
	if (bell != NULL) {
		waitq_wake_all(bell);
	}
	if (work) {
		err = at_end(r, side) ? -EPIPE : 0;
	}
	return err;
}

int ring_object_wait(struct ring_object *r, enum ring_side side,
		     u64 deadline_ns)
{
	return wait_until(r, side, deadline_ns, NULL);
}

/* The sleeper clears RING_SLEEPS itself, as ever. */
int ring_object_bell_wait(struct ring_object *to, enum ring_side mine,
			  struct ring_object *r, enum ring_side side)
{
	struct ring_waiters *there = &to->sides[ring_other(mine)];

	if (READ_ONCE(there->sleepers) == 0 ||
	    !list_empty(&there->pollq.watches) || there == &r->sides[side]) {
		int err = ring_object_bell(to, mine);

		return err ? err : wait_until(r, side, WAITQ_FOREVER, NULL);
	}
	if (ring_object_closed(to, ring_other(mine))) {
		return -EPIPE;
	}
	trace(TRACE_BELL, to, mine);
	return wait_until(r, side, WAITQ_FOREVER, &there->q);
}

int ring_object_bell(struct ring_object *r, enum ring_side side)
{
	if (ring_object_closed(r, ring_other(side))) {
		return -EPIPE;
	}
	trace(TRACE_BELL, r, side);
	side_wake(r, ring_other(side));
	return 0;
}

bool ring_object_poll(struct ring_object *r, enum ring_side side,
		      struct poller *poller)
{
	poller_watch(poller, &r->sides[side].pollq);
	WITH_SPINLOCK_IRQ (&r->sides[side].q.lock) {
		ring_end_sleeps(end_of(r, side));
	}
	return has_work(r, side);
}
