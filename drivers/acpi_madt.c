/* SPDX-License-Identifier: MIT */
/*
 * The MADT (ACPI 6.4, 5.2.12): the processors' local APICs, the I/O APICs and
 * how ISA interrupts reach them.  A row of entries, each with its type and
 * length in front; types that we have no use for are passed over.
 */
#include "drivers/acpi.h"
#include "drivers/acpi_layout.h"
#include "kernel/boot_info.h"
#include "lib/string.h"
#include "lib/untrusted.h"

#define MADT_LAPIC       36
#define MADT_FLAGS       40
#define MADT_ENTRIES     44u

#define MADT_FLAG_8259   1u /* of the table */
#define MADT_CPU_ENABLED 1u /* of a processor */

enum entry_type {
	ENTRY_LAPIC = 0,
	ENTRY_IOAPIC = 1,
	ENTRY_OVERRIDE = 2,
	ENTRY_LAPIC_ADDRESS = 5,
	ENTRY_X2APIC = 9,
};

static bool cpu_known(const struct acpi_madt *out, u32 apic_id)
{
	for (u32 i = 0; i < out->cpu_count; i++) {
		if (out->cpus[i].apic_id == apic_id) {
			return true;
		}
	}
	return false;
}

/* A processor may have an entry of either kind, or one of both. */
static void add_cpu(struct acpi_madt *out, u32 apic_id, u32 uid, u32 flags)
{
	if ((flags & MADT_CPU_ENABLED) == 0) {
		out->cpus_disabled++;
	} else if (cpu_known(out, apic_id)) {
		return;
	} else if (out->cpu_count == ACPI_CPUS_MAX) {
		out->cpus_dropped++;
	} else {
		out->cpus[out->cpu_count++] = (struct acpi_cpu){
			.apic_id = apic_id,
			.uid = uid,
		};
	}
}

static void add_ioapic(struct acpi_madt *out, const u8 *entry)
{
	if (out->ioapic_count == ACPI_IOAPICS_MAX) {
		out->ioapics_dropped++;
		return;
	}
	out->ioapics[out->ioapic_count++] = (struct acpi_ioapic){
		.id = entry[2],
		.base = phys(load_u32(entry + 4)),
		.gsi_base = load_u32(entry + 8),
	};
}

/* ISA's own ways, edge and active high, are meant unless flags say not. */
static void add_override(struct acpi_madt *out, const u8 *entry)
{
	u16 flags = load_u16(entry + 8);

	if (out->override_count == ACPI_OVERRIDES_MAX) {
		out->overrides_dropped++;
		return;
	}
	out->overrides[out->override_count++] = (struct acpi_override){
		.irq = entry[3],
		.gsi = load_u32(entry + 4),
		.active_low = (flags & 3) == 3,
		.level = (flags >> 2 & 3) == 3,
	};
}

/* An address that no processor has leaves the old one. */
static void set_lapic(struct acpi_madt *out, u64 address)
{
	if (address < BOOT_PHYS_LIMIT) {
		out->lapic = phys(address);
	}
}

/* The bytes that an entry of the type needs, 0 for those passed over. */
static u32 entry_need(u8 type)
{
	switch (type) {
	case ENTRY_LAPIC: return 8;
	case ENTRY_IOAPIC: return 12;
	case ENTRY_OVERRIDE: return 10;
	case ENTRY_LAPIC_ADDRESS: return 12;
	case ENTRY_X2APIC: return 16;
	default: return 0;
	}
}

static void read_entry(struct acpi_madt *out, const u8 *entry)
{
	switch (entry[0]) {
	case ENTRY_LAPIC:
		add_cpu(out, entry[3], entry[2], load_u32(entry + 4));
		break;
	case ENTRY_IOAPIC: add_ioapic(out, entry); break;
	case ENTRY_OVERRIDE: add_override(out, entry); break;
	case ENTRY_LAPIC_ADDRESS: set_lapic(out, load_u64(entry + 4)); break;
	case ENTRY_X2APIC:
		add_cpu(out, load_u32(entry + 4), load_u32(entry + 12),
			load_u32(entry + 8));
		break;
	default: break;
	}
}

int acpi_read_madt(const struct acpi_table *table, struct acpi_madt *out,
		   const char **why)
{
	u32 at = MADT_ENTRIES;

	memset(out, 0, sizeof(*out));
	if (table->len_bytes < MADT_ENTRIES) {
		return refuse(why, "acpi: the MADT is too short");
	}
	out->lapic = phys(load_u32(table->bytes + MADT_LAPIC));
	out->has_8259 = load_u32(table->bytes + MADT_FLAGS) & MADT_FLAG_8259;
	while (at < table->len_bytes) {
		const u8 *entry = table->bytes + at;
		u32 room = table->len_bytes - at;

		if (room < 2 || entry[1] < 2 || entry[1] > room ||
		    entry[1] < entry_need(entry[0])) {
			return refuse(why, "acpi: a MADT entry's length is "
					   "wrong");
		}
		read_entry(out, entry);
		at += entry[1];
	}
	return 0;
}
