/* SPDX-License-Identifier: MIT */
/*
 * The ACPI decoders: a machine's tables arrive whole by either root, and
 * each lie about a length, a sum or an address is refused.
 */
#include "drivers/acpi.h"

#include "lib/errno.h"
#include "lib/untrusted.h"
#include "tests/drivers/acpi_samples.h"
#include "tests/ktest.h"

static u8 buffer[SAMPLE_ACPI_BYTES] aligned(8);
static struct sample sample;
static struct memory_window window;
static struct acpi acpi;
static struct acpi_table table;
static struct acpi_madt madt;
static struct acpi_fadt fadt;
static const char *why;

static void fresh_sample(void)
{
	sample = (struct sample)SAMPLE(buffer);
	sample_acpi(&sample);
	window = sample_acpi_window(&sample);
	why = NULL;
}

static int open_sample(void)
{
	return acpi_open_at(&acpi, &window, phys(SAMPLE_ACPI_BASE), &why);
}

/* Opens a sample in which one value is another one, with the sums right. */
static int open_with_u32(size_t sum_of, size_t at, u32 value)
{
	fresh_sample();
	sample_patch_u32(&sample, at, value);
	sample_acpi_sum(&sample, sum_of);
	return open_sample();
}

static int find_in_sample(const char *signature)
{
	int err = open_sample();

	return err != 0 ? err : acpi_find(&acpi, signature, &table, &why);
}

static int find_with_u32(const char *signature, size_t sum_of, size_t at,
			 u32 value)
{
	int err = open_with_u32(sum_of, at, value);

	return err != 0 ? err : acpi_find(&acpi, signature, &table, &why);
}

KTEST(acpi_roots, "tables are found by the XSDT, and by the RSDT without it")
{
	fresh_sample();
	EXPECT_EQ(find_in_sample("APIC"), 0);
	EXPECT_EQ(acpi.entry_bytes, 8);
	EXPECT(table.bytes == buffer + SAMPLE_MADT);
	EXPECT_EQ(find_in_sample("HPET"), 0);
	EXPECT_EQ(find_in_sample("NONE"), -ENOENT);

	buffer[SAMPLE_RSDP + 15] = 0;
	sample_acpi_sum(&sample, SAMPLE_RSDP);
	EXPECT_EQ(find_in_sample("APIC"), 0);
	EXPECT_EQ(acpi.entry_bytes, 4);
	EXPECT_EQ(find_in_sample("NONE"), -ENOENT);
	EXPECT_EQ(acpi_open(&acpi, &window, buffer, 20, &why), 0);
}

KTEST(acpi_rsdp_lies, "a wrong RSDP is refused")
{
	fresh_sample();
	for (size_t len = 0; len < 20; len++) {
		EXPECT_EQ(acpi_open(&acpi, &window, buffer, len, &why),
			  -EINVAL);
	}
	for (size_t at = 0; at < 36; at++) {
		fresh_sample();
		buffer[at] ^= 0x10;
		EXPECT_EQ(open_sample(), -EINVAL);
		EXPECT(why != NULL);
	}
	EXPECT_EQ(open_with_u32(SAMPLE_RSDP, 20, 0xffffffff), -EINVAL);
	EXPECT_EQ(open_with_u32(SAMPLE_RSDP, 24, 0x1000), -EINVAL);
	EXPECT_EQ(open_with_u32(SAMPLE_RSDP, 28, 0xffffffff), -EINVAL);
	EXPECT_EQ(
		open_with_u32(SAMPLE_RSDP, 24, SAMPLE_ACPI_BASE + SAMPLE_MADT),
		-EINVAL);
}

KTEST(acpi_table_lies, "a table of wrong length or sum is refused")
{
	static const u32 lengths[] = {
		0, 1, 35, SAMPLE_ACPI_BYTES, 0x7fffffff, 0xffffffff,
	};

	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		EXPECT_EQ(
			open_with_u32(SAMPLE_XSDT, SAMPLE_XSDT + 4, lengths[i]),
			-EINVAL);
		EXPECT_EQ(find_with_u32("APIC", SAMPLE_MADT, SAMPLE_MADT + 4,
					lengths[i]),
			  -EINVAL);
	}
	fresh_sample();
	buffer[SAMPLE_MADT + 50] ^= 1;
	EXPECT_EQ(find_in_sample("APIC"), -EINVAL);
	EXPECT_EQ(find_in_sample("FACP"), 0);
	EXPECT_EQ(find_with_u32("FACP", SAMPLE_XSDT, SAMPLE_XSDT + 36, 0), 0);
	EXPECT_EQ(find_with_u32("APIC", SAMPLE_XSDT, SAMPLE_XSDT + 36, 0),
		  -ENOENT);
}

KTEST(acpi_madt_whole, "processors and interrupt controllers arrive")
{
	fresh_sample();
	EXPECT_EQ(find_in_sample("APIC"), 0);
	EXPECT_EQ(acpi_read_madt(&table, &madt, &why), 0);
	EXPECT_EQ(madt.lapic.pa, 0xfee00000);
	EXPECT(madt.has_8259);
	EXPECT_EQ(madt.cpu_count, 3);
	EXPECT_EQ(madt.cpus[0].apic_id, 0);
	EXPECT_EQ(madt.cpus[1].apic_id, 1);
	EXPECT_EQ(madt.cpus[2].apic_id, 300);
	EXPECT_EQ(madt.cpus_disabled, 1);
	EXPECT_EQ(madt.ioapic_count, 1);
	EXPECT_EQ(madt.ioapics[0].id, 7);
	EXPECT_EQ(madt.ioapics[0].base.pa, 0xfec00000);
	EXPECT_EQ(madt.override_count, 2);
	EXPECT_EQ(madt.overrides[0].gsi, 2);
	EXPECT(!madt.overrides[0].level && !madt.overrides[0].active_low);
	EXPECT_EQ(madt.overrides[1].irq, 9);
	EXPECT(madt.overrides[1].level && madt.overrides[1].active_low);
}

/* The sample's MADT with entries from a row of bytes, read. */
static int read_entries(const u8 *entries, size_t len_bytes)
{
	static u8 bytes[2048];

	ASSERT(44 + len_bytes <= sizeof(bytes));
	memcpy(bytes, buffer + SAMPLE_MADT, 44);
	memcpy(bytes + 44, entries, len_bytes);
	table = (struct acpi_table){ bytes, (u32)(44 + len_bytes) };
	return acpi_read_madt(&table, &madt, &why);
}

KTEST(acpi_madt_lies, "a lying entry ends the MADT with what stood before")
{
	static const u8 lies[][10] = {
		{ 0, 8, 5, 5, 1, 0, 0, 0, 0, 0 },   /* then one of no size */
		{ 0, 8, 5, 5, 1, 0, 0, 0, 0, 1 },   /* shorter than its head */
		{ 0, 8, 5, 5, 1, 0, 0, 0, 0, 3 },   /* past the end */
		{ 0, 8, 5, 5, 1, 0, 0, 0, 1, 2 },   /* too short for its type */
		{ 0, 8, 5, 5, 1, 0, 0, 0, 0xff, 0 } /* of unknown type */
	};

	fresh_sample();
	for (size_t i = 0; i < ARRAY_SIZE(lies); i++) {
		why = NULL;
		EXPECT_EQ(read_entries(lies[i], 10), -EINVAL);
		EXPECT(why != NULL);
		EXPECT_EQ(madt.cpu_count, 1);
		EXPECT_EQ(madt.cpus[0].apic_id, 5);
		EXPECT_EQ(read_entries(lies[i], 9), -EINVAL);
		EXPECT_EQ(read_entries(lies[i], 8), 0);
		EXPECT_EQ(read_entries(lies[i], 7), -EINVAL);
	}
	table.len_bytes = 43;
	EXPECT_EQ(acpi_read_madt(&table, &madt, &why), -EINVAL);
}

KTEST(acpi_madt_twice, "a processor that is listed twice is one processor")
{
	static const u8 entries[] = {
		0, 8,  0, 3, 1, 0, 0, 0, /* enabled */
		0, 8,  1, 3, 1, 0, 0, 0, /* again, under another name */
		0, 8,  2, 3, 0, 0, 0, 0, /* and disabled */
		0, 8,  3, 4, 2, 0, 0, 0, /* may be plugged in */
		9, 16, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0,
		9, 16, 0, 0, 3, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0,
	};

	fresh_sample();
	EXPECT_EQ(read_entries(entries, sizeof(entries)), 0);
	EXPECT_EQ(madt.cpu_count, 2);
	EXPECT_EQ(madt.cpus[0].apic_id, 3);
	EXPECT_EQ(madt.cpus[1].apic_id, 0x103);
	EXPECT_EQ(madt.cpus_disabled, 2);
}

KTEST(acpi_madt_many, "more processors than there is room for are counted")
{
	static u8 entries[(ACPI_CPUS_MAX + 5) * 8];

	fresh_sample();
	for (size_t i = 0; i < ACPI_CPUS_MAX + 5; i++) {
		const u8 entry[8] = { 0, 8, (u8)i, (u8)i, 1 };

		memcpy(&entries[i * 8], entry, 8);
	}
	EXPECT_EQ(read_entries(entries, sizeof(entries)), 0);
	EXPECT_EQ(madt.cpu_count, ACPI_CPUS_MAX);
	EXPECT_EQ(madt.cpus_dropped, 5);
}

KTEST(acpi_madt_rows, "further controllers and overrides are counted too")
{
	static u8 entries[40 * 12];

	fresh_sample();
	for (size_t i = 0; i < 40; i++) {
		const u8 entry[12] = { 1, 12, (u8)i };

		memcpy(&entries[i * 12], entry, 12);
	}
	EXPECT_EQ(read_entries(entries, 40 * 12), 0);
	EXPECT_EQ(madt.ioapic_count, ACPI_IOAPICS_MAX);
	EXPECT_EQ(madt.ioapics_dropped, 40 - ACPI_IOAPICS_MAX);
	for (size_t i = 0; i < 40; i++) {
		const u8 entry[10] = { 2, 10, 0, (u8)i };

		memcpy(&entries[i * 10], entry, 10);
	}
	EXPECT_EQ(read_entries(entries, 40 * 10), 0);
	EXPECT_EQ(madt.override_count, ACPI_OVERRIDES_MAX);
	EXPECT_EQ(madt.overrides_dropped, 40 - ACPI_OVERRIDES_MAX);
}

KTEST(acpi_madt_lapic, "a wide address replaces the local APICs' own")
{
	u8 entry[12] = { 5, 12, 0, 0, 0, 0, 0, 0, 1 };

	fresh_sample();
	EXPECT_EQ(read_entries(entry, sizeof(entry)), 0);
	EXPECT_EQ(madt.lapic.pa, 0x100000000);
	entry[11] = 0x80;
	EXPECT_EQ(read_entries(entry, sizeof(entry)), 0);
	EXPECT_EQ(madt.lapic.pa, 0xfee00000);
}

KTEST(acpi_fadt_whole, "timer, sleep and reset registers arrive")
{
	fresh_sample();
	EXPECT_EQ(find_in_sample("FACP"), 0);
	EXPECT_EQ(acpi_read_fadt(&table, &fadt, &why), 0);
	EXPECT_EQ(fadt.dsdt.pa, SAMPLE_ACPI_BASE + SAMPLE_DSDT);
	EXPECT_EQ(fadt.sci_irq, 9);
	EXPECT_EQ(fadt.smi_port, 0xb2);
	EXPECT_EQ(fadt.acpi_enable, 0xf1);
	EXPECT_EQ(fadt.pm1a_control.space, ACPI_SPACE_PORT);
	EXPECT_EQ(fadt.pm1a_control.address, 0x704);
	EXPECT_EQ(fadt.pm1b_control.space, ACPI_SPACE_NONE);
	EXPECT_EQ(fadt.pm_timer.space, ACPI_SPACE_PORT);
	EXPECT_EQ(fadt.pm_timer.address, 0x608);
	EXPECT(fadt.pm_timer_32bit);
	EXPECT_EQ(fadt.reset.space, ACPI_SPACE_PORT);
	EXPECT_EQ(fadt.reset.address, 0xcf9);
	EXPECT_EQ(fadt.reset_value, 0x0f);
	EXPECT_EQ(fadt.century, 0x32);
	EXPECT(fadt.has_8042 && fadt.has_vga && !fadt.hardware_reduced);
}

KTEST(acpi_fadt_old, "a FADT of ACPI 1.0 has the old fields alone")
{
	fresh_sample();
	table = (struct acpi_table){ buffer + SAMPLE_FADT, 116 };
	EXPECT_EQ(acpi_read_fadt(&table, &fadt, &why), 0);
	EXPECT_EQ(fadt.pm1a_control.address, 0x604);
	EXPECT_EQ(fadt.reset.space, ACPI_SPACE_NONE);
	table.len_bytes = 115;
	EXPECT_EQ(acpi_read_fadt(&table, &fadt, &why), -EINVAL);
}

KTEST(acpi_hpet, "the HPET's address arrives if it is in memory")
{
	phys_t hpet;

	fresh_sample();
	EXPECT_EQ(find_in_sample("HPET"), 0);
	EXPECT_EQ(acpi_read_hpet(&table, &hpet, &why), 0);
	EXPECT_EQ(hpet.pa, 0xfed00000);
	table.len_bytes = 55;
	EXPECT_EQ(acpi_read_hpet(&table, &hpet, &why), -EINVAL);
	EXPECT_EQ(find_with_u32("HPET", SAMPLE_HPET, SAMPLE_HPET + 40, 1), 0);
	EXPECT_EQ(acpi_read_hpet(&table, &hpet, &why), -EINVAL);
	EXPECT_EQ(find_with_u32("HPET", SAMPLE_HPET, SAMPLE_HPET + 48,
				0x80000000),
		  0);
	EXPECT_EQ(acpi_read_hpet(&table, &hpet, &why), -EINVAL);
	EXPECT_EQ(find_with_u32("HPET", SAMPLE_HPET, SAMPLE_HPET + 44, 0), 0);
	EXPECT_EQ(acpi_read_hpet(&table, &hpet, &why), -EINVAL);
}

KTEST(acpi_s5, "the sleep types are found, and not looked for past the end")
{
	struct acpi_sleep sleep;

	fresh_sample();
	EXPECT_EQ(find_in_sample("FACP"), 0);
	EXPECT_EQ(acpi_read_fadt(&table, &fadt, &why), 0);
	EXPECT_EQ(acpi_table_at(&acpi, fadt.dsdt, "DSDT", &table, &why), 0);
	EXPECT_EQ(acpi_read_s5(&table, &sleep), 0);
	EXPECT_EQ(sleep.type_a, 5);
	EXPECT_EQ(sleep.type_b, 6);
	table.len_bytes = 36 + 29;
	EXPECT_EQ(acpi_read_s5(&table, &sleep), 0);
	while (table.len_bytes-- > 36) {
		EXPECT_EQ(acpi_read_s5(&table, &sleep), -ENOENT);
	}
	EXPECT_EQ(acpi_table_at(&acpi, fadt.dsdt, "SSDT", &table, &why),
		  -EINVAL);
}
