/* SPDX-License-Identifier: MIT */
/*
 * Regions that are split and joined: R2 of mm/region.c.  What holds for random
 * steps is in tests/mm/test_aspace.c (aspace_model), what holds beside others
 * in tests/mm/test_shootdown.c.
 */
#include "arch/user.h"
#include "lib/errno.h"
#include "mm/aspace.h"
#include "mm/frame.h"
#include "tests/holdings.h"
#include "tests/ktest.h"
#include "tests/sched/crew.h"
#include "tests/user_space.h"

#define BASE  0x40000000ul
#define OTHER 0x50000000ul
#define RW    (REGION_READ | REGION_WRITE)
#define PAGES 8u

/* More than a frame's worth of regions. */
#define DRAIN_MAX 4096u

static u64 page_at(u64 i)
{
	return BASE + i * PAGE_SIZE;
}

/* Each page of the memory at `start` gets a word of its own. */
static int words_put(u64 start)
{
	int err = 0;

	for (u64 i = 0; i < PAGES && err == 0; i++) {
		u64 word = i + 1;

		err = copy_to_user(uaddr(start + i * PAGE_SIZE), &word,
				   sizeof(word));
	}
	return err;
}

/* How many of [from, to) have the word that was put there. */
static u64 words_kept(u64 start, u64 from, u64 to)
{
	u64 kept = 0;

	for (u64 i = from; i < to; i++) {
		u64 word = 0;

		kept += copy_from_user(&word, uaddr(start + i * PAGE_SIZE),
				       sizeof(word)) == 0 &&
			word == i + 1;
	}
	return kept;
}

KTEST(region_rights_come_back,
      "rights that were taken and given back leave no borders")
{
	struct aspace *a = user_space_enter();
	u64 to = OTHER;

	EXPECT(a != NULL);
	EXPECT_EQ(user_space_map(a, BASE, PAGES * PAGE_SIZE, RW), 0);
	EXPECT_EQ(words_put(BASE), 0);
	EXPECT_EQ(aspace_protect(a, page_at(2), 2 * PAGE_SIZE, REGION_READ), 0);
	EXPECT_EQ(aspace_protect(a, page_at(3), 3 * PAGE_SIZE, 0), 0);
	EXPECT_EQ(user_space_regions(a), 4);
	EXPECT_EQ(aspace_move(a, BASE, PAGES * PAGE_SIZE, PAGES * PAGE_SIZE,
			      MOVE_FIXED, &to),
		  -EFAULT);
	EXPECT_EQ(aspace_protect(a, page_at(1), 6 * PAGE_SIZE, RW), 0);
	EXPECT_EQ(user_space_regions(a), 1);
	EXPECT_EQ(aspace_move(a, BASE, PAGES * PAGE_SIZE, PAGES * PAGE_SIZE,
			      MOVE_FIXED, &to),
		  0);
	EXPECT_EQ(words_kept(OTHER, 0, PAGES), PAGES);
	EXPECT_EQ(user_space_regions(a), 1);
	EXPECT_EQ(a->mapped_pages, PAGES);
	user_space_leave(a);
}

KTEST(region_moves_join, "what is moved beside its like is one region with it")
{
	struct aspace *a = user_space_enter();
	u64 to = page_at(2);

	EXPECT(a != NULL);
	EXPECT_EQ(user_space_map(a, BASE, PAGES * PAGE_SIZE, RW), 0);
	EXPECT_EQ(words_put(BASE), 0);
	EXPECT_EQ(aspace_move(a, page_at(6), PAGE_SIZE, PAGE_SIZE, MOVE_FIXED,
			      &to),
		  0);
	EXPECT_EQ(user_space_regions(a), 2);
	EXPECT_EQ(words_kept(BASE, 0, PAGES), PAGES - 2);
	/* It grows until it meets the one behind. */
	EXPECT_EQ(aspace_move(a, BASE, 6 * PAGE_SIZE, 7 * PAGE_SIZE, MOVE_NEVER,
			      &to),
		  0);
	EXPECT_EQ(user_space_regions(a), 1);
	EXPECT_EQ(a->mapped_pages, PAGES);
	user_space_leave(a);
}

/* Half of it in one table of pages, half in the next. */
#define ACROSS (BASE + PAGING_TABLE_BYTES - PAGES / 2 * PAGE_SIZE)

KTEST(region_move_no_memory,
      "a move without memory for tables leaves all where it was")
{
	struct aspace *a = user_space_enter();
	unsigned failed = 0;
	int err = -ENOMEM;

	EXPECT(a != NULL);
	EXPECT_EQ(user_space_map(a, ACROSS, PAGES * PAGE_SIZE, RW), 0);
	EXPECT_EQ(words_put(ACROSS), 0);
	for (u64 n = 0; err == -ENOMEM && n < 16; n++) {
		u64 to = ACROSS + (1ul << 40);

		frame_fail_after(n);
		err = aspace_move(a, ACROSS, PAGES * PAGE_SIZE,
				  PAGES * PAGE_SIZE, MOVE_FIXED, &to);
		frame_fail_after(FRAME_FAIL_NEVER);
		failed += err == -ENOMEM;
		EXPECT_EQ(words_kept(err ? ACROSS : to, 0, PAGES), PAGES);
		EXPECT_EQ(words_put(err ? ACROSS : to), 0);
		EXPECT_EQ(user_space_regions(a), 1);
		EXPECT_EQ(a->resident_pages, PAGES);
	}
	EXPECT_EQ(err, 0);
	EXPECT(failed > 2);
	user_space_leave(a);
}

KTEST(region_object_joins, "an object's pages in a row are one region")
{
	struct mem_object *object = mem_object_zeroes();
	struct region_source whole = { object, 5 * PAGE_SIZE, REGION_WHOLE };
	struct aspace *a = user_space_enter();
	u64 counts[4];

	EXPECT(object != NULL && a != NULL);
	EXPECT_EQ(aspace_map(a, BASE, PAGES * PAGE_SIZE, RW | REGION_SHARED,
			     whole),
		  0);
	EXPECT_EQ(words_put(BASE), 0);
	EXPECT_EQ(aspace_unmap(a, page_at(3), PAGE_SIZE), 0);
	counts[0] = user_space_regions(a);
	/* Another page of it is no part of the row. */
	EXPECT_EQ(
		aspace_map(a, page_at(3), PAGE_SIZE, RW | REGION_SHARED, whole),
		0);
	counts[1] = user_space_regions(a);
	EXPECT_EQ(aspace_unmap(a, page_at(3), PAGE_SIZE), 0);
	whole.offset_bytes += 3 * PAGE_SIZE;
	EXPECT_EQ(
		aspace_map(a, page_at(3), PAGE_SIZE, RW | REGION_SHARED, whole),
		0);
	counts[2] = user_space_regions(a);
	EXPECT_EQ(words_kept(BASE, 0, PAGES), PAGES);
	EXPECT_EQ(aspace_set_flags(a, page_at(4), PAGE_SIZE, REGION_NO_FORK, 0),
		  0);
	EXPECT_EQ(aspace_unmap(a, BASE, 4 * PAGE_SIZE), 0);
	EXPECT_EQ(aspace_set_flags(a, page_at(4), PAGE_SIZE, 0, REGION_NO_FORK),
		  0);
	counts[3] = user_space_regions(a);
	EXPECT_EQ(words_kept(BASE, 4, PAGES), PAGES - 4);
	user_space_leave(a);
	mem_object_put(object);
	EXPECT_EQ(counts[0], 2);
	EXPECT_EQ(counts[1], 3);
	EXPECT_EQ(counts[2], 1);
	EXPECT_EQ(counts[3], 1);
}

/* Takes all regions that there are without another frame. Returns how many. */
static u64 regions_drain(struct aspace *a)
{
	u64 i = 0;

	frame_fail_after(0);
	while (i < DRAIN_MAX &&
	       user_space_map(a, OTHER + i * PAGE_SIZE, PAGE_SIZE,
			      i % 2 ? RW : REGION_READ) == 0) {
		i++;
	}
	return i;
}

/* Whatever needs a border in the middle fails and changes nothing. */
static void middle_fails(struct aspace *a)
{
	u64 regions = user_space_regions(a), mapped = a->mapped_pages;
	u64 to = OTHER + 2 * DRAIN_MAX * PAGE_SIZE;

	EXPECT_EQ(aspace_protect(a, page_at(2), PAGE_SIZE, REGION_READ),
		  -ENOMEM);
	EXPECT_EQ(aspace_set_flags(a, page_at(2), PAGE_SIZE, REGION_WIPE, 0),
		  -ENOMEM);
	EXPECT_EQ(aspace_move(a, page_at(2), PAGE_SIZE, PAGE_SIZE, MOVE_FIXED,
			      &to),
		  -ENOMEM);
	EXPECT_EQ(user_space_regions(a), regions);
	EXPECT_EQ(a->mapped_pages, mapped);
	EXPECT_EQ(words_kept(BASE, 0, PAGES), PAGES);
	EXPECT_EQ(words_put(BASE), 0);
}

static void without_memory(struct aspace *a)
{
	u64 drained = regions_drain(a);
	u64 regions = user_space_regions(a);

	EXPECT(drained > 2 && drained < DRAIN_MAX);
	middle_fails(a);
	EXPECT_EQ(aspace_unmap(a, page_at(2), PAGE_SIZE), -ENOMEM);
	EXPECT_EQ(words_kept(BASE, 0, PAGES), PAGES);
	/* With one there is a first border, and no second one. */
	EXPECT_EQ(aspace_unmap(a, OTHER, PAGE_SIZE), 0);
	middle_fails(a);
	EXPECT_EQ(aspace_protect(a, page_at(6), 2 * PAGE_SIZE, REGION_READ), 0);
	EXPECT_EQ(user_space_regions(a), regions);
	EXPECT_EQ(aspace_protect(a, page_at(6), 2 * PAGE_SIZE, RW), 0);
	EXPECT_EQ(user_space_regions(a), regions - 1);
	EXPECT_EQ(aspace_protect(a, page_at(6), 2 * PAGE_SIZE, REGION_READ), 0);
	/* None is needed at the ends. */
	EXPECT_EQ(aspace_unmap(a, BASE, PAGE_SIZE), 0);
	EXPECT_EQ(aspace_unmap(a, page_at(5), 2 * PAGE_SIZE), 0);
	EXPECT_EQ(words_kept(BASE, 0, PAGES), PAGES - 3);
	EXPECT_EQ(a->mapped_pages, PAGES - 3 + drained - 1);
}

KTEST(region_no_memory, "a border that cannot be made changes nothing")
{
	static struct crew crew;
	struct holdings before = holdings_now(UINT64_MAX), after;
	struct aspace *a;

	crew_pin_here(&crew);
	a = user_space_enter();
	EXPECT(a != NULL);
	EXPECT_EQ(user_space_map(a, BASE, PAGES * PAGE_SIZE, RW), 0);
	EXPECT_EQ(words_put(BASE), 0);
	without_memory(a);
	frame_fail_after(FRAME_FAIL_NEVER);
	user_space_leave(a);
	crew_join(&crew);
	after = holdings_now(UINT64_MAX);
	EXPECT_EQ(after.free_frames, before.free_frames);
	EXPECT_EQ(after.kmem_bytes, before.kmem_bytes);
}
