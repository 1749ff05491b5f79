/* SPDX-License-Identifier: MIT */
/*
 * lib/ring.h: exhaustive for small rings, with indices on both sides of the
 * wrap at 2^32.
 */
#include "lib/ring.h"
#include "tests/ktest.h"

#define SIZE_MAX_TESTED 64

/* Every size, tail within two rings of the wrap, and fill. */
#define for_each_case(size, tail, fill)                                  \
	for (u32 size = 1; size <= SIZE_MAX_TESTED; size *= 2)           \
		for (u32 tail = 0u - 2 * size; tail != 2 * size; tail++) \
			for (u32 fill = 0; fill <= size; fill++)

KTEST(ring_fill_over_wrap, "fill and space are exact over the wrap")
{
	for_each_case(size, tail, fill)
	{
		u32 head = tail + fill;

		EXPECT_EQ(ring_fill(head, tail), fill);
		EXPECT_EQ(ring_space(head, tail, size), size - fill);
	}
}

KTEST(ring_slot_follows, "slots follow one another round the array")
{
	for_each_case(size, tail, step)
	{
		u32 slot = ring_slot(tail, size);

		EXPECT(slot < size);
		EXPECT_EQ(ring_slot(tail + step, size), (slot + step) % size);
	}
}

KTEST(ring_run_ends_array, "a run reaches the end of the array, no further")
{
	for_each_case(size, tail, fill)
	{
		u32 run = ring_run(tail, size);

		EXPECT(run >= 1 && run <= size);
		EXPECT_EQ(ring_slot(tail, size) + run, size);
		EXPECT_EQ(ring_slot(tail + run, size), 0);
	}
}
