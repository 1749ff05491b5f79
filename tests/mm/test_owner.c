/* SPDX-License-Identifier: MIT */
/*
 * Who holds memory, and a leak that the test runner must tell of.
 */
#include "mm/owner.h"

#include "ipc/ring_object.h"
#include "mm/frame.h"
#include "mm/kmem.h"
#include "tests/ktest.h"

KTEST(owner_counts, "a subsystem holds what it asked for until it gives back")
{
	struct owner_held before = owner_held(OWNER_tests), during, after;
	void *small = kmalloc(100), *large = kzalloc(3 * PAGE_SIZE);
	phys_t frame = frame_alloc_zeroed(), block = frame_alloc(2);

	during = owner_held(OWNER_tests);
	kfree(small);
	kfree(large);
	if (!phys_is_none(frame)) {
		frame_put(frame);
	}
	if (!phys_is_none(block)) {
		frame_split(block, 2);
		for (unsigned i = 0; i < 4; i++) {
			frame_free(phys_add(block, i * PAGE_SIZE), 0);
		}
	}
	after = owner_held(OWNER_tests);
	EXPECT_EQ(during.objects - before.objects, 1);
	EXPECT_EQ(during.bytes - before.bytes, 100);
	EXPECT_EQ(during.frames - before.frames, 4 + 1 + 4);
	EXPECT_EQ(after.objects, before.objects);
	EXPECT_EQ(after.bytes, before.bytes);
	EXPECT_EQ(after.frames, before.frames);
}

KTEST(owner_of_others, "what a call of a subsystem asks for is its own")
{
	struct owner_held before = owner_held(OWNER_ipc), during;
	struct owner_held ours = owner_held(OWNER_tests);
	struct ring_object *r;

	EXPECT_EQ(ring_object_create(64, 0, &r), 0);
	during = owner_held(OWNER_ipc);
	EXPECT_EQ(owner_held(OWNER_tests).objects, ours.objects);
	ring_object_close(r, RING_PRODUCER);
	ring_object_close(r, RING_CONSUMER);
	EXPECT(during.objects > before.objects);
	EXPECT(during.frames > before.frames);
	EXPECT_EQ(owner_held(OWNER_ipc).objects, before.objects);
	EXPECT_EQ(owner_held(OWNER_ipc).frames, before.frames);
}

KTEST_PLANTED(planted_leak, "a ring that nobody closes")
{
	struct ring_object *r;

	EXPECT_EQ(ring_object_create(64, 0, &r), 0);
}
