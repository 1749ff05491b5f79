/* SPDX-License-Identifier: MIT */
/*
 * SRAT and SLIT: what they say arrives, and one that contradicts itself is
 * refused.
 */
#include "drivers/acpi.h"

#include "lib/errno.h"
#include "lib/untrusted.h"
#include "tests/drivers/acpi_samples.h"
#include "tests/ktest.h"

#define MB 0x100000ul

/* Where in the sample's SRAT the entries are that the tests bend. */
enum {
	FIRST_MEMORY = 48,
	FIRST_CPU = 88,
	SECOND_CPU = 104,
	SECOND_MEMORY = 147,
};

static u8 bytes[SAMPLE_SRAT_BYTES] aligned(8);
static u8 matrix[SAMPLE_SLIT_BYTES] aligned(8);
static struct acpi_table srat, slit;
static struct acpi_numa read;
static const char *why;

static void fresh(void)
{
	struct sample s = SAMPLE(bytes);
	struct sample d = SAMPLE(matrix);

	sample_srat(&s);
	sample_slit(&d);
	srat = (struct acpi_table){ bytes, (u32)s.len_bytes };
	slit = (struct acpi_table){ matrix, (u32)d.len_bytes };
	why = NULL;
}

/* Reads the sample with one byte changed. */
static int read_with(size_t at, u8 value)
{
	fresh();
	bytes[at] = value;
	return acpi_read_srat(&srat, &read, &why);
}

KTEST(acpi_srat_whole, "nodes are numbered densely, with what is in them")
{
	const struct numa_layout *l = &read.layout;

	fresh();
	EXPECT_EQ(acpi_read_srat(&srat, &read, &why), 0);
	EXPECT_EQ(l->node_count, 3);
	EXPECT_EQ(read.domains[0], 2);
	EXPECT_EQ(read.domains[1], 5);
	EXPECT_EQ(read.domains[2], 7);
	EXPECT_EQ(l->memory_count, 3);
	EXPECT_EQ(l->memory[0].node, 1);
	EXPECT_EQ(l->memory[1].node, 0);
	EXPECT_EQ(l->memory[1].base.pa, MB);
	EXPECT_EQ(l->memory[1].len_bytes, 2 * MB);
	EXPECT_EQ(l->memory[2].node, 1);
	EXPECT_EQ(read.empty, 1);
	EXPECT_EQ(read.cpu_count, 3);
	EXPECT_EQ(read.cpus[0].node, 0);
	EXPECT_EQ(read.cpus[1].node, 1);
	EXPECT_EQ(read.cpus[2].apic_id, 300);
	EXPECT_EQ(read.cpus[2].node, 2);
	EXPECT_EQ(l->distance[0][0], 10);
	EXPECT_EQ(l->distance[0][2], 20);
}

KTEST(acpi_srat_lengths, "each cut and each wrong length is refused")
{
	fresh();
	for (u32 len = srat.len_bytes; len-- > 0;) {
		int err;

		srat.len_bytes = len;
		err = acpi_read_srat(&srat, &read, &why);
		/* Whole entries that include memory may be left. */
		EXPECT(err == 0 ? len > FIRST_MEMORY : why != NULL);
	}
	EXPECT_EQ(read_with(FIRST_MEMORY + 1, 0), -EINVAL);
	EXPECT_EQ(read_with(FIRST_MEMORY + 1, 1), -EINVAL);
	EXPECT_EQ(read_with(FIRST_MEMORY + 1, 39), -EINVAL);
	EXPECT_EQ(read_with(FIRST_CPU + 1, 255), -EINVAL);
}

KTEST(acpi_srat_lies, "memory or a processor in two nodes is refused")
{
	EXPECT_EQ(read_with(SECOND_MEMORY + 2, 2), 0);
	/* It begins below 1 MB: inside the first. */
	EXPECT_EQ(read_with(SECOND_MEMORY + 10, 0), -EINVAL);
	/* It ends at the end of the address space, or behind it. */
	EXPECT_EQ(read_with(SECOND_MEMORY + 23, 0xff), -EINVAL);
	EXPECT_EQ(read_with(SECOND_MEMORY + 15, 0xff), -EINVAL);
	EXPECT_EQ(read_with(SECOND_CPU + 3, 0), -EINVAL);
	/* Twice in one node says nothing new. */
	fresh();
	bytes[SECOND_CPU + 2] = 2;
	bytes[SECOND_CPU + 3] = 0;
	EXPECT_EQ(acpi_read_srat(&srat, &read, &why), 0);
	EXPECT_EQ(read.cpu_count, 2);
}

KTEST(acpi_srat_wide_domains, "a domain is a byte before revision 2")
{
	fresh();
	bytes[FIRST_MEMORY + 3] = 1;
	bytes[8] = 1;
	EXPECT_EQ(acpi_read_srat(&srat, &read, &why), 0);
	EXPECT_EQ(read.domains[1], 5);
	bytes[8] = 2;
	EXPECT_EQ(acpi_read_srat(&srat, &read, &why), 0);
	EXPECT_EQ(read.domains[3], 0x105);
}

KTEST(acpi_srat_many, "more domains than there is room for are refused")
{
	static u8 many[FIRST_CPU + NUMA_NODES_MAX * 16];
	u8 count;

	fresh();
	memcpy(many, bytes, FIRST_CPU);
	for (count = 0; count < NUMA_NODES_MAX; count++) {
		u8 *entry = &many[FIRST_CPU + count * 16];

		memcpy(entry, &bytes[FIRST_CPU], 16);
		entry[2] = (u8)(count + 10);
		entry[3] = count;
	}
	srat = (struct acpi_table){ many, FIRST_CPU + (count - 1) * 16 };
	EXPECT_EQ(acpi_read_srat(&srat, &read, &why), 0);
	EXPECT_EQ(read.layout.node_count, NUMA_NODES_MAX);
	srat.len_bytes += 16;
	EXPECT_EQ(acpi_read_srat(&srat, &read, &why), -EINVAL);
}

KTEST(acpi_slit_whole, "distances arrive by the nodes' numbers")
{
	fresh();
	EXPECT_EQ(acpi_read_srat(&srat, &read, &why), 0);
	EXPECT_EQ(acpi_read_slit(&slit, &read, &why), 0);
	EXPECT_EQ(read.layout.distance[0][1], 10 + 3 * 3);
	EXPECT_EQ(read.layout.distance[2][0], 10 + 3 * 5);
	EXPECT_EQ(read.layout.distance[1][1], 10);
}

/* Our nodes' distances with one byte of the matrix changed. */
static int distances_with(u32 from, u32 to, u8 value)
{
	fresh();
	matrix[44 + from * 8 + to] = value;
	return acpi_read_srat(&srat, &read, &why) == 0
		       ? acpi_read_slit(&slit, &read, &why)
		       : -EIO;
}

KTEST(acpi_slit_lies, "distances that cannot be are refused and left as before")
{
	EXPECT_EQ(distances_with(2, 5, 21), -EINVAL);
	EXPECT_EQ(distances_with(5, 5, 11), -EINVAL);
	EXPECT_EQ(distances_with(2, 2, 0), -EINVAL);
	EXPECT_EQ(read.layout.distance[0][1], 20);
	EXPECT_EQ(distances_with(3, 4, 0), 0);
	fresh();
	while (slit.len_bytes-- > 0) {
		EXPECT_EQ(acpi_read_slit(&slit, &read, &why), -EINVAL);
	}
	fresh();
	matrix[36] = 7;
	EXPECT_EQ(acpi_read_slit(&slit, &read, &why), -EINVAL);
	matrix[36 + 7] = 0x80;
	EXPECT_EQ(acpi_read_slit(&slit, &read, &why), -EINVAL);
}
