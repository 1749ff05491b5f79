/* SPDX-License-Identifier: MIT */
/*
 * The SRAT (ACPI 6.4, 5.2.16): which domain each processor and each stretch of
 * memory belongs to; and the SLIT (5.2.17), the distances between domains.
 * They are advice: one that contradicts itself is refused as a whole, and the
 * machine is taken to be of one node.
 *
 * Two passes over the SRAT: the first gathers the domains in rising order,
 * whose places are the nodes' numbers, the second reads what is in them.
 */
#include "drivers/acpi.h"
#include "drivers/acpi_layout.h"
#include "kernel/boot_info.h"
#include "lib/string.h"
#include "lib/untrusted.h"

#define SRAT_REVISION    8
#define SRAT_ENTRIES     48u
#define SRAT_ENABLED     1u

#define SLIT_COUNT       36
#define SLIT_MATRIX      44u
#define SLIT_UNREACHABLE 255

enum entry_type {
	ENTRY_LAPIC = 0,
	ENTRY_MEMORY = 1,
	ENTRY_X2APIC = 2,
};

/* An enabled entry of any kind that says where something is. */
struct affinity {
	bool is_memory;
	u32 domain;
	u32 apic_id;
	u64 base;
	u64 len_bytes;
};

static u32 entry_need(u8 type)
{
	switch (type) {
	case ENTRY_LAPIC: return 16;
	case ENTRY_MEMORY: return 40;
	case ENTRY_X2APIC: return 24;
	default: return 2;
	}
}

/* Before revision 2 a domain was one byte. */
static u32 lapic_domain(const u8 *entry, u8 revision)
{
	return revision < 2 ? entry[2]
			    : entry[2] | (load_u32(entry + 8) & ~0xffu);
}

/* False if the entry is not enabled or of a kind that we pass over. */
static bool entry_decode(const u8 *entry, u8 revision, struct affinity *out)
{
	u32 flags = 0;

	*out = (struct affinity){ .is_memory = entry[0] == ENTRY_MEMORY };
	switch (entry[0]) {
	case ENTRY_LAPIC:
		flags = load_u32(entry + 4);
		out->domain = lapic_domain(entry, revision);
		out->apic_id = entry[3];
		break;
	case ENTRY_MEMORY:
		flags = load_u32(entry + 28);
		out->domain = load_u32(entry + 2) & (revision < 2 ? 0xff : ~0u);
		out->base = load_u64(entry + 8);
		out->len_bytes = load_u64(entry + 16);
		break;
	case ENTRY_X2APIC:
		flags = load_u32(entry + 12);
		out->domain = load_u32(entry + 4);
		out->apic_id = load_u32(entry + 8);
		break;
	default: break;
	}
	return flags & SRAT_ENABLED;
}

/* Finds the node of a domain, or where it would be inserted. */
static u32 domain_place(const struct acpi_numa *out, u32 domain)
{
	u32 node = 0;

	while (node < out->layout.node_count && out->domains[node] < domain) {
		node++;
	}
	return node;
}

static int gather_domain(const struct affinity *a, struct acpi_numa *out,
			 const char **why)
{
	u32 node = domain_place(out, a->domain);
	u32 count = out->layout.node_count;

	if (node < count && out->domains[node] == a->domain) {
		return 0;
	}
	if (count == NUMA_NODES_MAX) {
		return refuse(why, "acpi: the SRAT has too many domains");
	}
	memmove(&out->domains[node + 1], &out->domains[node],
		(count - node) * sizeof(u32));
	out->domains[node] = a->domain;
	out->layout.node_count++;
	return 0;
}

static int add_cpu(const struct affinity *a, u32 node, struct acpi_numa *out,
		   const char **why)
{
	for (u32 i = 0; i < out->cpu_count; i++) {
		if (out->cpus[i].apic_id == a->apic_id) {
			return out->cpus[i].node == node
				       ? 0
				       : refuse(why, "acpi: the SRAT has a "
						     "processor twice");
		}
	}
	if (out->cpu_count < ACPI_CPUS_MAX) {
		out->cpus[out->cpu_count++] =
			(struct acpi_numa_cpu){ a->apic_id, node };
	}
	return 0;
}

static int add_memory(const struct affinity *a, u32 node, struct acpi_numa *out,
		      const char **why)
{
	struct numa_layout *l = &out->layout;

	if (a->len_bytes == 0) {
		out->empty++;
		return 0;
	}
	if (!range_inside(a->base, a->len_bytes, BOOT_PHYS_LIMIT)) {
		return refuse(why, "acpi: memory in the SRAT wraps");
	}
	for (u32 i = 0; i < l->memory_count; i++) {
		const struct numa_memory *m = &l->memory[i];

		if (a->base < m->base.pa + m->len_bytes &&
		    m->base.pa < a->base + a->len_bytes) {
			return refuse(why, "acpi: memory in the SRAT overlaps");
		}
	}
	if (l->memory_count == NUMA_MEMORY_MAX) {
		return refuse(why, "acpi: the SRAT has too much memory");
	}
	l->memory[l->memory_count++] = (struct numa_memory){
		.base = phys(a->base),
		.len_bytes = a->len_bytes,
		.node = node,
	};
	return 0;
}

static int place(const struct affinity *a, struct acpi_numa *out,
		 const char **why)
{
	u32 node = domain_place(out, a->domain);

	return a->is_memory ? add_memory(a, node, out, why)
			    : add_cpu(a, node, out, why);
}

/* Hands each enabled entry to `take`. */
static int for_each(const struct acpi_table *table, struct acpi_numa *out,
		    const char **why,
		    int (*take)(const struct affinity *, struct acpi_numa *,
				const char **))
{
	u8 revision = table->bytes[SRAT_REVISION];
	struct affinity affinity;
	int err = 0;
	u32 len;

	for (u32 at = SRAT_ENTRIES; at < table->len_bytes; at += len) {
		const u8 *entry = table->bytes + at;
		u32 room = table->len_bytes - at;

		len = room < 2 ? 0 : entry[1];
		if (len == 0 || len > room || len < entry_need(entry[0])) {
			return refuse(why, "acpi: an SRAT entry's length is "
					   "wrong");
		}
		if (entry_decode(entry, revision, &affinity)) {
			err = take(&affinity, out, why);
		}
		if (err != 0) {
			return err;
		}
	}
	return 0;
}

int acpi_read_srat(const struct acpi_table *table, struct acpi_numa *out,
		   const char **why)
{
	int err;

	memset(out, 0, sizeof(*out));
	if (table->len_bytes < SRAT_ENTRIES) {
		return refuse(why, "acpi: the SRAT is too short");
	}
	err = for_each(table, out, why, gather_domain);
	err = err ? err : for_each(table, out, why, place);
	if (err == 0 && out->layout.memory_count == 0) {
		err = refuse(why, "acpi: the SRAT has no memory");
	}
	for (u32 node = 0; node < NUMA_NODES_MAX; node++) {
		memset(out->layout.distance[node], NUMA_REMOTE, NUMA_NODES_MAX);
		out->layout.distance[node][node] = NUMA_LOCAL;
	}
	return err;
}

/* Is the matrix as long as the table, and has each of our domains a row? */
static int check_slit(const struct acpi_table *table,
		      const struct acpi_numa *in, const char **why)
{
	u64 count;

	if (table->len_bytes < SLIT_MATRIX) {
		return refuse(why, "acpi: the SLIT is too short");
	}
	count = load_u64(table->bytes + SLIT_COUNT);
	if (count > UINT16_MAX ||
	    count * count > table->len_bytes - SLIT_MATRIX) {
		return refuse(why, "acpi: the SLIT is cut off");
	}
	if (in->layout.node_count == 0 ||
	    in->domains[in->layout.node_count - 1] >= count) {
		return refuse(why, "acpi: the SLIT lacks a domain");
	}
	return 0;
}

static bool distance_plausible(u8 there, u8 back, bool local)
{
	return local ? there == NUMA_LOCAL
		     : there > NUMA_LOCAL && there < SLIT_UNREACHABLE &&
			       there == back;
}

int acpi_read_slit(const struct acpi_table *table, struct acpi_numa *out,
		   const char **why)
{
	u8 distance[NUMA_NODES_MAX][NUMA_NODES_MAX] = { 0 };
	u32 nodes = out->layout.node_count;
	int err = check_slit(table, out, why);
	const u8 *matrix;
	u64 count;

	if (err != 0) {
		return err;
	}
	count = load_u64(table->bytes + SLIT_COUNT);
	matrix = table->bytes + SLIT_MATRIX;
	for (u32 pair = 0; pair < nodes * nodes; pair++) {
		u32 a = pair / nodes, b = pair % nodes;
		u64 there = out->domains[a] * count + out->domains[b];
		u64 back = out->domains[b] * count + out->domains[a];

		if (!distance_plausible(matrix[there], matrix[back], a == b)) {
			return refuse(why, "acpi: a distance in the SLIT is "
					   "wrong");
		}
		distance[a][b] = matrix[there];
	}
	memcpy(out->layout.distance, distance, sizeof(distance));
	return 0;
}
