/* SPDX-License-Identifier: MIT */
/*
 * What the firmware's tables say of processors, interrupts and power.
 */
#include "boot/firmware.h"

#include "arch/boot.h"
#include "boot/nodes.h"
#include "kernel/log.h"
#include "lib/errno.h"

/* Where every PC has it (SDM vol. 3, 10.4.1). */
#define DEFAULT_LOCAL_APIC 0xfee00000ul

static struct {
	struct acpi_madt madt;
	bool no_8042; /* the FADT says so */
} firmware;

static int tables_open(struct acpi *acpi, const struct memory_window *window,
		       const struct boot_info *info, const char **why)
{
	if (info->rsdp_copy_bytes > 0) {
		return acpi_open(acpi, window, info->rsdp_copy,
				 info->rsdp_copy_bytes, why);
	}
	if (info->rsdp.pa != 0) {
		return acpi_open_at(acpi, window, info->rsdp, why);
	}
	*why = "the loader told no RSDP";
	return -ENOENT;
}

/* How to switch off: SLP_TYP goes into bits 10 to 12 of PM1 control. */
static void power_read(const struct acpi *acpi, const struct acpi_fadt *fadt)
{
	struct acpi_table dsdt;
	struct acpi_sleep s5;
	const char *why;

	if (acpi_table_at(acpi, fadt->dsdt, "DSDT", &dsdt, &why) != 0 ||
	    acpi_read_s5(&dsdt, &s5) != 0) {
		log_warn("acpi: no way to power off");
		return;
	}
	arch_set_power_off(fadt->pm1a_control.space == ACPI_SPACE_PORT
				   ? (u16)fadt->pm1a_control.address
				   : 0,
			   fadt->pm1b_control.space == ACPI_SPACE_PORT
				   ? (u16)fadt->pm1b_control.address
				   : 0,
			   (u16)(s5.type_a << 10), (u16)(s5.type_b << 10));
}

static void acpi_read(const struct acpi *acpi)
{
	struct acpi_table table;
	struct acpi_fadt fadt;
	const char *why = "";

	if (acpi_find(acpi, "APIC", &table, &why) != 0 ||
	    acpi_read_madt(&table, &firmware.madt, &why) != 0) {
		log_warn("acpi: MADT: %s", why);
	}
	if (firmware.madt.cpus_dropped > 0) {
		log_warn("acpi: MADT: %u processors too many",
			 firmware.madt.cpus_dropped);
	}
	nodes_read(acpi);
	if (acpi_find(acpi, "FACP", &table, &why) != 0 ||
	    acpi_read_fadt(&table, &fadt, &why) != 0) {
		log_warn("acpi: FADT: %s", why);
		return;
	}
	firmware.no_8042 = !fadt.has_8042;
	if (fadt.reset.space == ACPI_SPACE_PORT) {
		arch_set_reset((u16)fadt.reset.address, fadt.reset_value);
	}
	power_read(acpi, &fadt);
}

void firmware_read(const struct memory_window *window,
		   const struct boot_info *info)
{
	struct acpi acpi;
	const char *why = "";

	if (tables_open(&acpi, window, info, &why) != 0) {
		log_warn("acpi: %s", why);
		return;
	}
	acpi_read(&acpi);
	log_info("acpi: %u processors, %u I/O APICs", firmware.madt.cpu_count,
		 firmware.madt.ioapic_count);
}

const struct acpi_madt *firmware_madt(void)
{
	return &firmware.madt;
}

bool firmware_has_8042(void)
{
	return !firmware.no_8042;
}

struct irq_topology firmware_irq_topology(void)
{
	const struct acpi_madt *madt = &firmware.madt;
	struct irq_topology t = { .local_apic = madt->lapic };

	if (t.local_apic.pa == 0) {
		t.local_apic = phys(DEFAULT_LOCAL_APIC);
	}
	t.ioapic_count = MIN(madt->ioapic_count, (u32)IRQ_IOAPIC_MAX);
	for (unsigned i = 0; i < t.ioapic_count; i++) {
		t.ioapic[i].base = madt->ioapics[i].base;
		t.ioapic[i].first_gsi = madt->ioapics[i].gsi_base;
	}
	for (u32 i = 0; i < IRQ_ISA_COUNT; i++) {
		t.isa[i].gsi = i;
	}
	for (u32 i = 0; i < madt->override_count; i++) {
		const struct acpi_override *o = &madt->overrides[i];

		if (o->irq < IRQ_ISA_COUNT) {
			t.isa[o->irq].gsi = o->gsi;
			t.isa[o->irq].level = o->level;
			t.isa[o->irq].active_low = o->active_low;
		}
	}
	return t;
}
