/* SPDX-License-Identifier: MIT */
/*
 * The machine's own nodes: where the frames lie that a processor is given.
 */
#include "kernel/numa.h"

#include "mm/frame.h"
#include "sched/sched.h"
#include "sched/thread.h"
#include "sched/worker.h"
#include "tests/ktest.h"

/* A new affinity holds from the next wake-up on. */
#define MOVE_NS 1000

struct owned {
	phys_t next;
};

struct gathered {
	phys_t chain;
	u64 count;
};

/* Takes frames while they lie on `node`; the first elsewhere is given back. */
static u32 gather(struct gathered *g, u32 node)
{
	phys_t frame = frame_alloc(0);

	while (!phys_is_none(frame) && numa_node_of(frame) == node) {
		((struct owned *)phys_to_virt(frame))->next = g->chain;
		g->chain = frame;
		g->count++;
		frame = frame_alloc(0);
	}
	if (phys_is_none(frame)) {
		return NUMA_NODES_MAX;
	}
	node = numa_node_of(frame);
	frame_free(frame, 0);
	return node;
}

static void give_back(struct gathered *g)
{
	while (!phys_is_none(g->chain)) {
		phys_t frame = g->chain;

		g->chain = ((struct owned *)phys_to_virt(frame))->next;
		frame_free(frame, 0);
	}
}

static void expect_near_first(u64 *gathered, u32 *spill)
{
	struct gathered g = { PHYS_NONE, 0 };

	*spill = gather(&g, numa_here());
	*gathered = g.count;
	give_back(&g);
}

KTEST(nodes_near_first,
      "a processor gets frames of its node while there are any, then of the "
      "nearest")
{
	u64 gathered, free;
	u32 spill, here;
	int moved;

	if (numa.last_node == 0) {
		ktest_skip("one node");
		return;
	}
	for (unsigned cpu = 0; cpu < MAX_CPUS; cpu++) {
		if (!cpu_present(cpu)) {
			continue;
		}
		moved = thread_set_affinity(current_thread(), 1ull << cpu);
		EXPECT_EQ(moved, 0);
		while (cpu_id() != cpu) {
			sched_sleep_ns(MOVE_NS);
		}
		worker_drain_memory();
		here = numa_here();
		free = frame_node_stats(here).free;
		expect_near_first(&gathered, &spill);
		moved = thread_set_affinity(current_thread(), UINT64_MAX);
		EXPECT_EQ(moved, 0);
		EXPECT_EQ(spill, numa.nearest[here][1]);
		EXPECT(gathered > free - free / 64 && gathered <= free);
	}
	worker_drain_memory();
	frame_check();
}
