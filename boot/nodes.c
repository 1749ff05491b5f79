/* SPDX-License-Identifier: MIT */
/*
 * From the firmware's tables to the map of nodes (kernel/numa.h).
 */
#include "boot/nodes.h"

#include "kernel/log.h"
#include "kernel/numa.h"
#include "lib/errno.h"
#include "lib/format.h"
#include "mm/frame.h"

#define LINE_BYTES 64

static struct acpi_numa nodes;

void nodes_read(const struct acpi *acpi)
{
	struct acpi_table table;
	const char *why = "";
	int err = acpi_find(acpi, "SRAT", &table, &why);

	if (err == -ENOENT) {
		return;
	}
	err = err ? err : acpi_read_srat(&table, &nodes, &why);
	if (err != 0) {
		log_warn("%s: taken for one node", why);
		nodes.cpu_count = 0;
		return;
	}
	if (nodes.empty > 0) {
		log_warn("acpi: SRAT: %u empty ranges", nodes.empty);
	}
	err = acpi_find(acpi, "SLIT", &table, &why);
	if (err != -ENOENT &&
	    (err != 0 || acpi_read_slit(&table, &nodes, &why) != 0)) {
		log_warn("%s: no distances", why);
	}
	numa_init(&nodes.layout);
}

u32 nodes_of_cpu(u32 hardware_id)
{
	for (u32 i = 0; i < nodes.cpu_count; i++) {
		if (nodes.cpus[i].apic_id == hardware_id) {
			return nodes.cpus[i].node;
		}
	}
	return 0;
}

void nodes_show(void)
{
	for (u32 node = 0; numa.last_node > 0 && node <= numa.last_node;
	     node++) {
		char distances[LINE_BYTES];
		size_t len = 0;

		for (u32 to = 0; to <= numa.last_node; to++) {
			len += (size_t)format(distances + len,
					      sizeof(distances) - len, " %u",
					      numa.distance[node][to]);
		}
		log_info("node %u: %lu MB, processors %#lx, distances%s", node,
			 frame_node_stats(node).total >> (20 - PAGE_SHIFT),
			 numa.cpus[node], distances);
	}
}
