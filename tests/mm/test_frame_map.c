/* SPDX-License-Identifier: MIT */
/*
 * The memory map: runs against a shadow map of single frames.
 */
#include "mm/frame_map.h"

#include "lib/string.h"
#include "tests/ktest.h"

#define FRAMES     256
#define RANGES_MAX 12

/* What each frame of the shadow machine is. */
enum { NOTHING, USABLE, RESERVED };

static struct frame_range random_range(void)
{
	u64 base = ktest_random() % (FRAMES * PAGE_SIZE);
	u64 len = ktest_random() % (FRAMES * PAGE_SIZE / 4);

	if (ktest_random() % 2 == 0) {
		base &= PAGE_MASK;
		len &= PAGE_MASK;
	}
	len = MIN(len, FRAMES * PAGE_SIZE - base);
	return (struct frame_range){ phys(base), len };
}

/* Says it a byte at a time: usable if every byte is, reserved if any is. */
static void shadow_usable(u8 *shadow, struct frame_range r)
{
	for (u64 f = 0; f < FRAMES; f++) {
		if (r.base.pa <= f * PAGE_SIZE &&
		    (f + 1) * PAGE_SIZE <= r.base.pa + r.len_bytes) {
			shadow[f] = USABLE;
		}
	}
}

static void shadow_reserved(u8 *shadow, struct frame_range r)
{
	for (u64 f = 0; f < FRAMES; f++) {
		if (r.len_bytes > 0 && r.base.pa < (f + 1) * PAGE_SIZE &&
		    f * PAGE_SIZE < r.base.pa + r.len_bytes) {
			shadow[f] = RESERVED;
		}
	}
}

static bool runs_match(const struct frame_map *map, const u8 *shadow)
{
	struct frame_run run = frame_map_next(map, 0);

	for (u64 f = 0; f < FRAMES; f++) {
		if (run.first < run.end && f == run.end) {
			run = frame_map_next(map, f);
		}
		if ((shadow[f] == USABLE) != (run.first <= f && f < run.end)) {
			return false;
		}
	}
	return frame_map_next(map, FRAMES).first == FRAME_COUNT_MAX;
}

KTEST(frame_map_random, "the runs are the usable frames that are not reserved")
{
	struct frame_range usable[RANGES_MAX];
	struct frame_range reserved[RANGES_MAX];
	u8 shadow[FRAMES];

	for (int round = 0; round < 300; round++) {
		struct frame_map map = { usable, ktest_random() % RANGES_MAX,
					 reserved,
					 ktest_random() % RANGES_MAX };

		memset(shadow, NOTHING, sizeof(shadow));
		for (size_t i = 0; i < map.usable_count; i++) {
			usable[i] = random_range();
			shadow_usable(shadow, usable[i]);
		}
		for (size_t i = 0; i < map.reserved_count; i++) {
			reserved[i] = random_range();
			shadow_reserved(shadow, reserved[i]);
		}
		EXPECT(runs_match(&map, shadow));
	}
}

KTEST(frame_map_joins, "touching and overlapping ranges make one run")
{
	const struct frame_range usable[] = {
		{ phys(0x8000), 0x4000 },
		{ phys(0x3000), 0x2000 },
		{ phys(0x5000), 0x3800 },
		{ phys(0x4000), 0x1000 },
	};
	const struct frame_map map = { usable, ARRAY_SIZE(usable), NULL, 0 };
	struct frame_run run = frame_map_next(&map, 0);

	EXPECT_EQ(run.first, 3);
	EXPECT_EQ(run.end, 12);
	EXPECT_EQ(frame_map_end(&map), 12);
}

KTEST(frame_map_wild_lengths, "ranges beyond the end of addresses are clipped")
{
	const struct frame_range usable = { phys(0x1000), ~0ull };
	const struct frame_range reserved = { phys(~0ull - 5), 100 };
	const struct frame_range empty = { phys(0x5123), 0 };
	const struct frame_map map = { &usable, 1, &reserved, 1 };
	const struct frame_map other = { &usable, 1, &empty, 1 };

	EXPECT_EQ(frame_map_next(&map, 0).first, 1);
	EXPECT_EQ(frame_map_next(&map, 0).end, FRAME_COUNT_MAX);
	EXPECT_EQ(frame_map_next(&other, 0).end, FRAME_COUNT_MAX);
	EXPECT_EQ(frame_map_end(&map), FRAME_COUNT_MAX);
	EXPECT_EQ(frame_run_around(reserved).first, FRAME_COUNT_MAX);
	EXPECT_EQ(frame_run_inside(reserved).first, FRAME_COUNT_MAX);
}
