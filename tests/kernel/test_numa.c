/* SPDX-License-Identifier: MIT */
/*
 * The map of nodes, made anew in a child for each machine.
 */
#include "kernel/numa.h"

#include "tests/ktest.h"
#include "tests/mm/host_child.h"

#define MB(n) ((u64)(n) << 20)

static const struct numa_layout three = {
	.node_count = 3,
	.memory_count = 5,
	.memory = { { { MB(64) }, MB(64), 2 },
		    { { MB(8) + 12345 }, MB(24), 0 },
		    { { 0 }, MB(1), 1 },
		    { { MB(2) }, MB(6), 1 },
		    { { MB(256) }, MB(64), 2 } },
	.distance = { { 10, 40, 15 }, { 40, 10, 30 }, { 15, 30, 10 } },
};

static void three_body(void)
{
	numa_init(&three);
	EXPECT_EQ(numa.last_node, 2);
	EXPECT_EQ(numa.last_span, 2);
	EXPECT_EQ(numa_node_of(phys(0)), 1);
	EXPECT_EQ(numa_node_of(phys(MB(8) - 1)), 1);
	/* The border moved down to a whole word of the bitmap. */
	EXPECT_EQ(numa_node_of(phys(MB(8))), 0);
	EXPECT_EQ(numa_span_end(phys(MB(8))).pa, MB(64));
	EXPECT_EQ(numa_node_of(phys(MB(64))), 2);
	EXPECT_EQ(numa_node_of(phys(MB(9999))), 2);
	EXPECT_EQ(numa.nearest[0][0], 0);
	EXPECT_EQ(numa.nearest[0][1], 2);
	EXPECT_EQ(numa.nearest[0][2], 1);
	EXPECT_EQ(numa.nearest[1][1], 2);
	EXPECT_EQ(numa.nearest[2][1], 0);
}

KTEST(numa_map, "every address has its node, the others stand by distance")
{
	EXPECT(child_passes(three_body));
}

static void cpus_body(void)
{
	numa_init(&three);
	EXPECT_EQ(numa.cpus[0], 1);
	numa_set_cpu(0, 2);
	numa_set_cpu(5, 2);
	numa_set_cpu(6, 1);
	EXPECT_EQ(numa.cpus[0], 0);
	EXPECT_EQ(numa.cpus[1], 1ull << 6);
	EXPECT_EQ(numa.cpus[2], 1 | 1ull << 5);
	numa_forget_cpu(5);
	numa_set_cpu(5, 0);
	EXPECT_EQ(numa.cpus[2], 1);
	EXPECT_EQ(numa.cpus[0], 1ull << 5);
}

KTEST(numa_cpus, "a processor is in one node")
{
	EXPECT(child_passes(cpus_body));
}
