/* SPDX-License-Identifier: MIT */
/*
 * Memory objects under private and shared regions.
 */
#include "mm/object.h"

#include "arch/user.h"
#include "lib/errno.h"
#include "mm/aspace.h"
#include "mm/frame.h"
#include "tests/holdings.h"
#include "tests/ktest.h"
#include "tests/user_space.h"

#define BASE  0x40000000ul
#define OTHER 0x50000000ul
#define RW    (REGION_READ | REGION_WRITE)

static int poke(u64 va, u64 word)
{
	return copy_to_user(uaddr(va), &word, sizeof(word));
}

/* The word at `va`, or all ones where it cannot be read. */
static u64 peek(u64 va)
{
	u64 word;

	return copy_from_user(&word, uaddr(va), sizeof(word)) ? UINT64_MAX
							      : word;
}

static int map(struct aspace *a, u64 start, unsigned flags,
	       struct mem_object *object, u64 offset)
{
	return aspace_map(
		a, start, 4 * PAGE_SIZE, flags,
		(struct region_source){ object, offset, REGION_WHOLE });
}

KTEST(object_shared_by_spaces, "a write to shared memory shows in every space")
{
	struct holdings before = holdings_now(UINT64_MAX), after;
	struct mem_object *object = mem_object_zeroes();
	struct aspace *a = user_space_enter(), *b;

	EXPECT(object != NULL && a != NULL);
	EXPECT_EQ(map(a, BASE, RW | REGION_SHARED, object, 0), 0);
	mem_object_put(object);
	EXPECT_EQ(poke(BASE, 1), 0);
	b = aspace_clone(a);
	EXPECT(b != NULL);
	EXPECT_EQ(poke(BASE, 2), 0);
	EXPECT_EQ(poke(BASE + PAGE_SIZE, 3), 0);
	user_space_switch(b);
	EXPECT_EQ(peek(BASE), 2);
	EXPECT_EQ(peek(BASE + PAGE_SIZE), 3);
	EXPECT_EQ(poke(BASE + 2 * PAGE_SIZE, 4), 0);
	user_space_switch(a);
	EXPECT_EQ(peek(BASE + 2 * PAGE_SIZE), 4);
	/* Rights may go and come back: the frame stays the same. */
	EXPECT_EQ(aspace_protect(a, BASE, PAGE_SIZE, REGION_READ), 0);
	EXPECT(poke(BASE, 5) != 0);
	EXPECT_EQ(aspace_protect(a, BASE, PAGE_SIZE, RW), 0);
	EXPECT_EQ(poke(BASE, 6), 0);
	user_space_switch(b);
	EXPECT_EQ(peek(BASE), 6);
	user_space_switch(a);
	aspace_put(b);
	user_space_leave(a);
	after = holdings_now(UINT64_MAX);
	EXPECT_EQ(after.free_frames, before.free_frames);
	EXPECT_EQ(after.kmem_bytes, before.kmem_bytes);
}

KTEST(object_private_copies, "a private mapping's writes are its own")
{
	struct mem_object *object = mem_object_zeroes();
	struct aspace *a = user_space_enter();

	EXPECT(object != NULL && a != NULL);
	EXPECT_EQ(map(a, BASE, RW | REGION_SHARED, object, 0), 0);
	EXPECT_EQ(map(a, OTHER, RW, object, PAGE_SIZE), 0);
	EXPECT_EQ(poke(BASE + PAGE_SIZE, 1), 0);
	EXPECT_EQ(poke(BASE + 2 * PAGE_SIZE, 2), 0);
	EXPECT_EQ(peek(OTHER), 1);
	EXPECT_EQ(poke(BASE + PAGE_SIZE, 3), 0);
	EXPECT_EQ(peek(OTHER), 3);
	/* After the copy nothing that happens there shows here. */
	EXPECT_EQ(poke(OTHER + 8, 9), 0);
	EXPECT_EQ(poke(OTHER + PAGE_SIZE, 9), 0);
	EXPECT_EQ(poke(BASE + PAGE_SIZE, 4), 0);
	EXPECT_EQ(peek(OTHER), 3);
	EXPECT_EQ(peek(OTHER + PAGE_SIZE), 9);
	EXPECT_EQ(peek(BASE + PAGE_SIZE + 8), 0);
	EXPECT_EQ(peek(BASE + 2 * PAGE_SIZE), 2);
	mem_object_put(object);
	user_space_leave(a);
}

KTEST(object_behind_end, "nothing is behind an object's end")
{
	struct mem_object *object =
		mem_object_bytes((const void *)KERNEL_BASE, PAGE_SIZE + 1);
	struct aspace *a = user_space_enter();

	EXPECT(object != NULL && a != NULL);
	EXPECT_EQ(
		map(a, BASE, REGION_READ | REGION_READ_ONLY, object, PAGE_SIZE),
		0);
	EXPECT(peek(BASE + PAGE_SIZE) == UINT64_MAX);
	EXPECT_EQ(aspace_protect(a, BASE, PAGE_SIZE, RW), -EACCES);
	EXPECT_EQ(aspace_protect(a, BASE, PAGE_SIZE, 0), 0);
	mem_object_put(object);
	user_space_leave(a);
}
