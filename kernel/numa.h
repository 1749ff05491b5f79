/* SPDX-License-Identifier: MIT */
/*
 * Which memory and which processors are near each other: nodes, numbered from
 * 0 on.  A machine that does not tell has one node.  Every address belongs to
 * a node; the map is made of spans, whose borders are multiples of
 * NUMA_BORDER_BYTES, so that no word of the frame bitmap has two owners.
 *
 * Written at boot, before there are other processors or frames.
 */
#ifndef EXO_KERNEL_NUMA_H
#define EXO_KERNEL_NUMA_H

#include "arch/percpu.h"
#include "lib/types.h"

#define NUMA_NODES_MAX    8
#define NUMA_MEMORY_MAX   32
#define NUMA_BORDER_BYTES (64ul << 12)

/* Distances are ACPI's: 10 within a node, 20 is twice as slow. */
#define NUMA_LOCAL  10
#define NUMA_REMOTE 20

struct numa_memory {
	phys_t base;
	u64 len_bytes;
	u32 node;
};

/* What the firmware tells. */
struct numa_layout {
	u32 node_count;
	u32 memory_count;
	struct numa_memory memory[NUMA_MEMORY_MAX]; /* apart, in any order */
	u8 distance[NUMA_NODES_MAX][NUMA_NODES_MAX];
};

struct numa_span {
	phys_t base; /* of the first: 0 */
	u32 node;
};

/*
 * [I] all but `cpus` and `cpu_node`, which processors that start set.  All
 * zeroes is a machine of one node.
 */
extern struct numa {
	u32 last_node;
	u32 last_span;
	struct numa_span span[NUMA_MEMORY_MAX]; /* rising */
	u8 distance[NUMA_NODES_MAX][NUMA_NODES_MAX];
	u8 nearest[NUMA_NODES_MAX][NUMA_NODES_MAX]; /* all, itself first */
	u64 cpus[NUMA_NODES_MAX]; /* unless there is one node */
	u8 cpu_node[MAX_CPUS];
} numa;

/* Takes the layout over, of one node or more. Context: boot, once. */
void numa_init(const struct numa_layout *layout);

/* Processor `cpu` is on that node. Context: boot, before it runs threads. */
void numa_set_cpu(unsigned cpu, u32 node);

/* It did not start. */
void numa_forget_cpu(unsigned cpu);

/* The span that the address is in, where there are several nodes. */
u32 numa_find_span(phys_t at);

/* The node of that memory. Context: any. */
static inline u32 numa_node_of(phys_t at)
{
	return likely(numa.last_node == 0) ? 0
					   : numa.span[numa_find_span(at)].node;
}

/* One past the last address of the span that `at` is in. */
static inline phys_t numa_span_end(phys_t at)
{
	u32 span = numa_find_span(at);

	return span < numa.last_span ? numa.span[span + 1].base : phys(~0ull);
}

/* The running processor's node. */
static inline u32 numa_here(void)
{
	return numa.cpu_node[cpu_id()];
}

#endif
