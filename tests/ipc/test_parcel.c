/* SPDX-License-Identifier: MIT */
/*
 * Pages on their way from one address space to another, by a ring's mail.
 */
#include "ipc/ring_mail.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/frame.h"
#include "mm/parcel.h"
#include "tests/holdings.h"
#include "tests/ktest.h"

#define PAGES 40u
#define LEN   (PAGES * PAGE_SIZE)
#define SLOTS 8u

/* A space with pages that a program has touched. */
static struct aspace *space_make(void)
{
	struct aspace *a = aspace_create();

	ASSERT(a != NULL);
	a->mmap_top = USER_END;
	ASSERT(aspace_map(a, USER_START, LEN, REGION_READ | REGION_WRITE,
			  REGION_ZEROES) == 0);
	ASSERT(aspace_populate(a, USER_START, LEN) == 0);
	return a;
}

static struct parcel *collect(struct aspace *a)
{
	struct parcel *parcel = NULL;

	WITH_MUTEX (&a->mutex) {
		ASSERT(parcel_collect_locked(a, USER_START, LEN, &parcel) == 0);
	}
	return parcel;
}

static struct parcel *take_away(struct aspace *a)
{
	struct parcel *parcel = collect(a);

	ASSERT(aspace_unmap(a, USER_START, LEN) == 0);
	return parcel;
}

static void expect_held(struct holdings before, u64 threads)
{
	struct holdings after = holdings_now(threads);

	EXPECT_EQ(after.kmem_bytes, before.kmem_bytes);
	EXPECT_EQ(after.free_frames, before.free_frames);
	frame_check();
}

KTEST(parcel_moves, "pages leave one space and count for the other")
{
	u64 threads = threads_settled();
	struct holdings before = holdings_now(threads);
	struct aspace *from = space_make(), *to = aspace_create();
	struct parcel *parcel = take_away(from);
	phys_t first = parcel->frames[0];
	u64 start = 0;

	EXPECT(to != NULL);
	to->mmap_top = USER_END;
	EXPECT_EQ(from->resident_pages, 0);
	EXPECT_EQ(frame_refs(first), 1);
	EXPECT_EQ(parcel_open(parcel, to, &start), 0);
	EXPECT_EQ(to->resident_pages, PAGES);
	EXPECT_EQ(start, USER_END - LEN);
	EXPECT_EQ(frame_refs(first), 1);
	aspace_put(from);
	aspace_put(to);
	expect_held(before, threads);
}

KTEST(parcel_shared, "a page that a clone has, too, is copied for the way")
{
	u64 threads = threads_settled();
	struct holdings before = holdings_now(threads);
	struct aspace *from = space_make(), *clone = aspace_clone(from);
	struct parcel *parcel = take_away(from);

	EXPECT(clone != NULL);
	EXPECT_EQ(clone->resident_pages, PAGES);
	for (u32 i = 0; i < PAGES; i++) {
		EXPECT_EQ(frame_refs(parcel->frames[i]), 1);
	}
	parcel_free(parcel);
	aspace_put(from);
	aspace_put(clone);
	expect_held(before, threads);
}

KTEST(parcel_out_of_memory, "what finds no memory leaves all as it was")
{
	u64 threads = threads_settled();
	struct holdings before = holdings_now(threads);
	struct aspace *from = space_make(), *to = aspace_create();
	struct parcel *parcel = take_away(from);
	u64 start = 0, failures = 0;
	int err = -ENOMEM;

	EXPECT(to != NULL);
	to->mmap_top = USER_END;
	for (u64 left = 0; err != 0; left++) {
		frame_drain();
		frame_fail_after(left);
		err = parcel_open(parcel, to, &start);
		frame_fail_after(FRAME_FAIL_NEVER);
		if (err) {
			EXPECT_EQ(err, -ENOMEM);
			EXPECT_EQ(to->resident_pages, 0);
			failures++;
		}
	}
	EXPECT(failures > 0);
	EXPECT_EQ(to->resident_pages, PAGES);
	aspace_put(from);
	aspace_put(to);
	expect_held(before, threads);
}

KTEST(ring_mail_pages, "pages wait in the mail until they are ready, or fall")
{
	u64 threads = threads_settled();
	struct holdings before = holdings_now(threads);
	struct aspace *from = space_make();
	struct ring_letter *letter;
	struct ring_object *r = NULL;
	long ticket;

	EXPECT_EQ(ring_object_create(SLOTS, 0, &r), 0);
	ticket = ring_mail_send_pages(r, collect(from));
	EXPECT(ticket >= 0);
	EXPECT(ring_mail_take(r, (u64)ticket, true) == NULL);
	EXPECT_EQ(r->mail_pages, PAGES);
	ring_mail_cancel(r, (u64)ticket);
	EXPECT_EQ(r->mail_pages, 0);
	ring_mail_ready(r, (u64)ticket);
	EXPECT_EQ(from->resident_pages, PAGES);
	ticket = ring_mail_send_pages(r, take_away(from));
	ring_mail_ready(r, (u64)ticket);
	ring_mail_cancel(r, (u64)ticket);
	EXPECT(ring_mail_take(r, (u64)ticket, false) == NULL);
	letter = ring_mail_take(r, (u64)ticket, true);
	EXPECT(letter != NULL);
	EXPECT_EQ(r->mail_pages, 0);
	ring_mail_return(r, letter);
	EXPECT_EQ(r->mail_pages, PAGES);
	ring_object_close(r, RING_CONSUMER);
	EXPECT_EQ(r->mail_pages, 0);
	ring_mail_ready(r, (u64)ticket);
	ring_object_close(r, RING_PRODUCER);
	aspace_put(from);
	expect_held(before, threads);
}
