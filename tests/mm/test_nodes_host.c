/* SPDX-License-Identifier: MIT */
/*
 * Frames on a machine of several nodes: near ones first, then by distance,
 * and each back to where it belongs.
 */
#include "mm/frame.h"

#include "arch/percpu.h"
#include "kernel/numa.h"
#include "tests/ktest.h"
#include "tests/mm/host_child.h"

#define MB(n)    ((u64)(n) << 20)
#define NODES    3
#define FRAMES_8 (MB(8) >> PAGE_SHIFT)

/* Node 1 has 8 MB, node 0 has 8 MB and a bit, node 2 two stretches of 8 MB. */
static const struct numa_layout layout = {
	.node_count = NODES,
	.memory_count = 4,
	.memory = { { { MB(8) }, MB(8), 1 },
		    { { MB(16) }, MB(8), 0 },
		    { { MB(24) }, MB(8), 2 },
		    { { 0 }, MB(8), 2 } },
	.distance = { { 10, 40, 15 }, { 40, 10, 30 }, { 15, 30, 10 } },
};

static const struct host_machine machine = {
	.usable = { RANGE(MB(1), MB(32)) },
	.usable_count = 1,
	.limit = { MB(32) },
};

struct owned {
	phys_t next;
};

/* Starts the machine; the caller's processor is on that node. */
static bool start(u32 node)
{
	frame_drain();
	numa_init(&layout);
	numa_set_cpu(0, node);
	return host_machine_start(&machine) == 0;
}

static bool nodes_whole(void)
{
	for (u32 node = 0; node < NODES; node++) {
		struct frame_node_stats stats = frame_node_stats(node);

		if (stats.free != stats.total) {
			return false;
		}
	}
	return true;
}

/* Takes blocks while they lie on the node; how many, one more in `*next`. */
static u64 take_from(u32 node, unsigned order, phys_t *chain, phys_t *next)
{
	u64 count = 0;

	while (!phys_is_none(*next) && numa_node_of(*next) == node) {
		((struct owned *)phys_to_virt(*next))->next = *chain;
		*chain = *next;
		count++;
		*next = frame_alloc(order);
	}
	return count;
}

static void give_all(phys_t *chain, unsigned order)
{
	while (!phys_is_none(*chain)) {
		phys_t block = *chain;

		*chain = ((struct owned *)phys_to_virt(block))->next;
		frame_free(block, order);
	}
}

static void order_body(unsigned order)
{
	phys_t chain = PHYS_NONE;
	phys_t next;

	EXPECT(start(1));
	EXPECT_EQ(frame_node_stats(1).total, FRAMES_8);
	next = frame_alloc(order);
	EXPECT_EQ(take_from(1, order, &chain, &next), FRAMES_8 >> order);
	EXPECT_EQ(take_from(2, order, &chain, &next),
		  frame_node_stats(2).total >> order);
	EXPECT_EQ(take_from(0, order, &chain, &next), FRAMES_8 >> order);
	EXPECT(phys_is_none(next));
	frame_check();
	/* Freed on another node, each goes back to its own. */
	numa_set_cpu(0, 0);
	give_all(&chain, order);
	frame_check();
	frame_drain();
	EXPECT(nodes_whole());
	frame_check();
}

static void single_body(void)
{
	order_body(0);
}

static void block_body(void)
{
	order_body(4);
}

KTEST(nodes_by_distance, "frames come from the near node, then by distance")
{
	EXPECT(child_passes(single_body));
	EXPECT(child_passes(block_body));
}

/* The borders are at multiples of 8 MB: a whole machine's block would span. */
static void merge_body(void)
{
	EXPECT(start(0));
	for (unsigned order = 0; order <= FRAME_MAX_ORDER; order++) {
		phys_t block = frame_alloc(order);

		if (order > 11) {
			EXPECT(phys_is_none(block));
			continue;
		}
		EXPECT(!phys_is_none(block));
		EXPECT_EQ(numa_node_of(block),
			  numa_node_of(
				  phys(block.pa + (PAGE_SIZE << order) - 1)));
		frame_free(block, order);
	}
	frame_drain();
	EXPECT(nodes_whole());
	frame_check();
}

KTEST(nodes_do_not_merge, "no block has frames of two nodes")
{
	EXPECT(child_passes(merge_body));
}

static void far_body(void)
{
	phys_t near, far;

	EXPECT(start(1));
	near = frame_alloc(0);
	numa_set_cpu(0, 0);
	far = near;
	frame_free(far, 0);
	EXPECT_EQ(numa_node_of(far), 1);
	/* The stack has none of node 0 yet, and does not hand that one out. */
	EXPECT(frame_alloc(0).pa != far.pa);
}

KTEST(nodes_far_frames, "a far frame that is freed does not come back as near")
{
	EXPECT(child_passes(far_body));
}
