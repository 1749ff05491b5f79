/* SPDX-License-Identifier: MIT */
/*
 * The map of nodes: made once of what the firmware tells, read by frames and
 * scheduler.
 */
#include "kernel/numa.h"

#include "lib/assert.h"
#include "lib/string.h"

struct numa numa;

u32 numa_find_span(phys_t at)
{
	u32 span = numa.last_span;

	while (numa.span[span].base.pa > at.pa) {
		span--;
	}
	return span;
}

/* The lowest memory that begins at `from` or above; NULL if there is none. */
static const struct numa_memory *memory_from(const struct numa_layout *layout,
					     u64 from)
{
	const struct numa_memory *best = NULL;

	for (u32 i = 0; i < layout->memory_count; i++) {
		const struct numa_memory *m = &layout->memory[i];

		if (m->base.pa >= from &&
		    (best == NULL || m->base.pa < best->base.pa)) {
			best = m;
		}
	}
	return best;
}

/* What lies between two nodes' memory belongs to the lower one's. */
static void spans_fill(const struct numa_layout *layout)
{
	const struct numa_memory *m = memory_from(layout, 0);
	u32 count = 0;

	while (m != NULL) {
		u64 base = m->base.pa & ~(NUMA_BORDER_BYTES - 1);

		if (count > 0 && numa.span[count - 1].base.pa == base) {
			count--; /* too small to have a word of its own */
		}
		if (count == 0 || numa.span[count - 1].node != m->node) {
			numa.span[count++] =
				(struct numa_span){ phys(base), m->node };
		}
		m = memory_from(layout, m->base.pa + 1);
	}
	numa.span[0].base = phys(0);
	numa.last_span = MAX(count, 1u) - 1;
}

/* All nodes in the order of their distance from one, by insertion. */
static void order_fill(u32 from)
{
	const u8 *distance = numa.distance[from];
	u8 *order = numa.nearest[from];

	order[0] = (u8)from;
	for (u32 node = 0, count = 1; node <= numa.last_node; node++) {
		u32 at = count;

		if (node == from) {
			continue;
		}
		while (at > 1 && distance[order[at - 1]] > distance[node]) {
			order[at] = order[at - 1];
			at--;
		}
		order[at] = (u8)node;
		count++;
	}
}

void numa_init(const struct numa_layout *layout)
{
	ASSERT(layout->node_count > 0 && layout->node_count <= NUMA_NODES_MAX &&
	       layout->memory_count <= NUMA_MEMORY_MAX);
	memset(&numa, 0, sizeof(numa));
	numa.last_node = layout->node_count - 1;
	memcpy(numa.distance, layout->distance, sizeof(numa.distance));
	spans_fill(layout);
	for (u32 node = 0; node <= numa.last_node; node++) {
		order_fill(node);
	}
	numa_set_cpu(0, 0);
}

void numa_forget_cpu(unsigned cpu)
{
	__atomic_fetch_and(&numa.cpus[numa.cpu_node[cpu]], ~(1ull << cpu),
			   __ATOMIC_RELAXED);
}

void numa_set_cpu(unsigned cpu, u32 node)
{
	numa_forget_cpu(cpu);
	numa.cpu_node[cpu] = (u8)node;
	__atomic_fetch_or(&numa.cpus[node], 1ull << cpu, __ATOMIC_RELAXED);
}
