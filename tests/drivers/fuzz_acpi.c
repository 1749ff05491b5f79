/* SPDX-License-Identifier: MIT */
/*
 * Damaged ACPI tables are survived: once with all sums made right again, so
 * that the damage gets past them, and once by each decoder alone.
 */
#include "drivers/acpi.h"
#include "lib/assert.h"
#include "lib/untrusted.h"
#include "tests/drivers/acpi_samples.h"
#include "tests/host/fuzz.h"
#include "tests/ktest.h"

static u8 buffer[SAMPLE_ACPI_BYTES];

/* Three nodes, for a SLIT to tell the distances of. */
static void sample_numa(struct acpi_numa *out)
{
	static u8 bytes[SAMPLE_SRAT_BYTES];
	struct sample s = SAMPLE(bytes);
	struct acpi_table table = { bytes, 0 };
	const char *why;

	sample_srat(&s);
	table.len_bytes = (u32)s.len_bytes;
	ASSERT(acpi_read_srat(&table, out, &why) == 0);
}

/* As the map of nodes relies on it. */
static void decode_numa(const struct acpi_table *table)
{
	static struct acpi_numa read;
	const struct numa_layout *l = &read.layout;
	const char *why = NULL;

	if (acpi_read_srat(table, &read, &why) != 0) {
		ASSERT(why != NULL);
		sample_numa(&read);
	}
	ASSERT(l->node_count > 0 && l->node_count <= NUMA_NODES_MAX);
	ASSERT(l->memory_count <= NUMA_MEMORY_MAX);
	for (u32 i = 0; i < l->memory_count; i++) {
		ASSERT(l->memory[i].node < l->node_count);
	}
	for (u32 i = 0; i < read.cpu_count; i++) {
		ASSERT(read.cpus[i].node < l->node_count);
	}
	why = NULL;
	ASSERT(acpi_read_slit(table, &read, &why) == 0 || why != NULL);
}

/* Whatever comes out of a decoder must fit its own arrays. */
static void decode(const struct acpi_table *table)
{
	static struct acpi_madt madt;
	struct acpi_fadt fadt;
	struct acpi_sleep sleep = { 0, 0 };
	const char *why = NULL;
	phys_t hpet;

	ASSERT(acpi_read_madt(table, &madt, &why) == 0 || why != NULL);
	ASSERT(madt.cpu_count <= ACPI_CPUS_MAX);
	ASSERT(madt.ioapic_count <= ACPI_IOAPICS_MAX);
	ASSERT(madt.override_count <= ACPI_OVERRIDES_MAX);
	ASSERT(acpi_read_fadt(table, &fadt, &why) == 0 || why != NULL);
	ASSERT(acpi_read_hpet(table, &hpet, &why) == 0 || why != NULL);
	decode_numa(table);
	if (acpi_read_s5(table, &sleep) == 0) {
		ASSERT(sleep.type_a <= 7 && sleep.type_b <= 7);
	}
}

static void feed_decoders(const u8 *bytes, size_t len_bytes)
{
	struct acpi_table table = { bytes, (u32)len_bytes };

	if (len_bytes >= 36) {
		decode(&table);
	}
}

static void mend_sums(struct sample *s)
{
	static const size_t tables[] = {
		SAMPLE_RSDP, SAMPLE_RSDT, SAMPLE_XSDT, SAMPLE_MADT,
		SAMPLE_FADT, SAMPLE_HPET, SAMPLE_DSDT,
	};

	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		if (range_inside(tables[i], 36, s->len_bytes)) {
			sample_acpi_sum(s, tables[i]);
		}
	}
}

static void feed_memory(const u8 *bytes, size_t len_bytes)
{
	static const char *const names[] = { "APIC", "FACP", "HPET", "DSDT" };
	static u8 mended[SAMPLE_ACPI_BYTES];
	struct sample s = { mended, sizeof(mended), 0 };
	struct fuzz_window window;
	struct acpi_table table;
	const char *why = NULL;
	struct acpi acpi;
	int err;

	sample_bytes(&s, bytes, len_bytes);
	mend_sums(&s);
	fuzz_window_open(&window, phys(SAMPLE_ACPI_BASE), mended, len_bytes);
	err = acpi_open_at(&acpi, &window.window, phys(SAMPLE_ACPI_BASE), &why);
	ASSERT(err == 0 || why != NULL);
	for (size_t i = 0; i < ARRAY_SIZE(names) && err == 0; i++) {
		if (acpi_find(&acpi, names[i], &table, &why) == 0) {
			decode(&table);
		}
	}
	fuzz_window_close(&window);
}

KTEST(fuzz_acpi_memory, "damaged tables behind right sums are survived")
{
	struct sample s = SAMPLE(buffer);

	sample_acpi(&s);
	fuzz_run(&(struct fuzz){ s.bytes, s.len_bytes, 15000, feed_memory });
}

static void fuzz_table(const struct sample *s, size_t at)
{
	fuzz_run(&(struct fuzz){ s->bytes + at, load_u32(s->bytes + at + 4),
				 15000, feed_decoders });
}

KTEST(fuzz_acpi_decoders, "each decoder survives a damaged table")
{
	struct sample s = SAMPLE(buffer);

	sample_acpi(&s);
	fuzz_table(&s, SAMPLE_MADT);
	fuzz_table(&s, SAMPLE_FADT);
	fuzz_table(&s, SAMPLE_HPET);
	fuzz_table(&s, SAMPLE_DSDT);
	s.len_bytes = 0;
	sample_srat(&s);
	fuzz_table(&s, 0);
	s.len_bytes = 0;
	sample_slit(&s);
	fuzz_table(&s, 0);
}
