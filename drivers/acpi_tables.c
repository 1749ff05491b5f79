/* SPDX-License-Identifier: MIT */
/*
 * The FADT (ACPI 6.4, 5.2.9), the HPET table (IA-PC HPET Specification 1.0a,
 * 3.2.4) and \_S5 in the DSDT.  A FADT grew with each version: a field that
 * the table's length does not reach reads as zero.
 */
#include "drivers/acpi.h"
#include "drivers/acpi_layout.h"
#include "kernel/boot_info.h"
#include "lib/string.h"
#include "lib/untrusted.h"

/* Offsets in the FADT. */
#define FADT_REVISION       8
#define FADT_DSDT           40
#define FADT_SCI            46
#define FADT_SMI_PORT       48
#define FADT_ACPI_ENABLE    52
#define FADT_PM1A_CONTROL   64
#define FADT_PM1B_CONTROL   68
#define FADT_PM_TIMER       76
#define FADT_CENTURY        108
#define FADT_BOOT_FLAGS     109
#define FADT_FLAGS          112
#define FADT_RESET          116
#define FADT_RESET_VALUE    128
#define FADT_X_DSDT         140
#define FADT_X_PM1A_CONTROL 172
#define FADT_X_PM1B_CONTROL 184
#define FADT_X_PM_TIMER     208

#define FADT_MIN_BYTES      116u /* ACPI 1.0 */
#define FADT_MAX_BYTES      276u /* ACPI 6.4 */

/* FADT_FLAGS and FADT_BOOT_FLAGS. */
#define FLAG_TIMER_32BIT      (1u << 8)
#define FLAG_RESET            (1u << 10)
#define FLAG_HARDWARE_REDUCED (1u << 20)
#define BOOT_FLAG_8042        (1u << 1)
#define BOOT_FLAG_NO_VGA      (1u << 2)

#define HPET_BASE             40
#define HPET_MIN_BYTES        56u

/* A generic address structure (ACPI 6.4, 5.2.3.2). */
static struct acpi_register read_gas(const u8 *at)
{
	enum { GAS_MEMORY = 0, GAS_PORT = 1 };
	struct acpi_register reg = { .address = load_u64(at + 4) };

	if (reg.address == 0 || reg.address >= BOOT_PHYS_LIMIT) {
		return (struct acpi_register){ ACPI_SPACE_NONE, 0 };
	}
	if (at[0] == GAS_MEMORY) {
		reg.space = ACPI_SPACE_MEMORY;
	} else if (at[0] == GAS_PORT && reg.address < 0x10000) {
		reg.space = ACPI_SPACE_PORT;
	}
	return reg;
}

/* The wide register if there is one, else the old port. */
static struct acpi_register read_register(const u8 *fadt, u32 wide, u32 old)
{
	struct acpi_register reg = read_gas(fadt + wide);
	u32 port = load_u32(fadt + old);

	if (reg.space == ACPI_SPACE_NONE && port != 0 && port < 0x10000) {
		reg.space = ACPI_SPACE_PORT;
		reg.address = port;
	}
	return reg;
}

/* ACPI 1.0 had no flag for it: every machine had one. */
static bool read_has_8042(const u8 *fadt)
{
	return fadt[FADT_REVISION] < 3 ||
	       (load_u16(fadt + FADT_BOOT_FLAGS) & BOOT_FLAG_8042) != 0;
}

static phys_t read_dsdt(const u8 *fadt)
{
	u64 wide = load_u64(fadt + FADT_X_DSDT);

	return phys(wide != 0 ? wide : load_u32(fadt + FADT_DSDT));
}

int acpi_read_fadt(const struct acpi_table *table, struct acpi_fadt *out,
		   const char **why)
{
	u8 fadt[FADT_MAX_BYTES] = { 0 };
	u32 flags;
	u16 boot_flags;

	if (table->len_bytes < FADT_MIN_BYTES) {
		return refuse(why, "acpi: the FADT is too short");
	}
	memcpy(fadt, table->bytes, MIN(table->len_bytes, FADT_MAX_BYTES));
	flags = load_u32(fadt + FADT_FLAGS);
	boot_flags = load_u16(fadt + FADT_BOOT_FLAGS);
	*out = (struct acpi_fadt){
		.dsdt = read_dsdt(fadt),
		.sci_irq = load_u16(fadt + FADT_SCI),
		.smi_port = (u16)load_u32(fadt + FADT_SMI_PORT),
		.acpi_enable = fadt[FADT_ACPI_ENABLE],
		.pm1a_control = read_register(fadt, FADT_X_PM1A_CONTROL,
					      FADT_PM1A_CONTROL),
		.pm1b_control = read_register(fadt, FADT_X_PM1B_CONTROL,
					      FADT_PM1B_CONTROL),
		.pm_timer = read_register(fadt, FADT_X_PM_TIMER, FADT_PM_TIMER),
		.pm_timer_32bit = flags & FLAG_TIMER_32BIT,
		.reset_value = fadt[FADT_RESET_VALUE],
		.century = fadt[FADT_CENTURY],
		.has_8042 = read_has_8042(fadt),
		.has_vga = !(boot_flags & BOOT_FLAG_NO_VGA),
		.hardware_reduced = flags & FLAG_HARDWARE_REDUCED,
	};
	if (flags & FLAG_RESET) {
		out->reset = read_gas(fadt + FADT_RESET);
	}
	return 0;
}

int acpi_read_hpet(const struct acpi_table *table, phys_t *out,
		   const char **why)
{
	struct acpi_register base;

	if (table->len_bytes < HPET_MIN_BYTES) {
		return refuse(why, "acpi: the HPET table is too short");
	}
	base = read_gas(table->bytes + HPET_BASE);
	if (base.space != ACPI_SPACE_MEMORY) {
		return refuse(why, "acpi: the HPET is not in memory");
	}
	*out = phys(base.address);
	return 0;
}

/* The bytes of AML that are left to read. */
struct aml {
	const u8 *at;
	const u8 *end;
};

/* Takes one byte; -1 at the end. */
static int aml_byte(struct aml *aml)
{
	return aml->at < aml->end ? *aml->at++ : -1;
}

/* Takes a small constant; -1 if there is something else. */
static int aml_constant(struct aml *aml)
{
	enum { ZERO_OP = 0x00, ONE_OP = 0x01, BYTE_PREFIX = 0x0a };
	int op = aml_byte(aml);

	switch (op) {
	case ZERO_OP: return 0;
	case ONE_OP: return 1;
	case BYTE_PREFIX: return aml_byte(aml);
	default: return -1;
	}
}

/* Reads Package () { type_a, type_b, ... } behind the name. */
static bool read_sleep_package(struct aml aml, struct acpi_sleep *out)
{
	enum { PACKAGE_OP = 0x12, SLEEP_TYPE_MAX = 7 };
	int length_lead;
	int count;
	int a;
	int b;

	if (aml_byte(&aml) != PACKAGE_OP) {
		return false;
	}
	length_lead = aml_byte(&aml);
	for (int extra = length_lead >> 6; extra > 0; extra--) {
		(void)aml_byte(&aml);
	}
	count = aml_byte(&aml);
	a = aml_constant(&aml);
	b = count >= 2 ? aml_constant(&aml) : 0;
	if (count < 1 || a < 0 || a > SLEEP_TYPE_MAX || b < 0 ||
	    b > SLEEP_TYPE_MAX) {
		return false;
	}
	*out = (struct acpi_sleep){ (u8)a, (u8)b };
	return true;
}

/* True if Name ( or Name (\ stands in front of `at`. */
static bool follows_name_op(const u8 *start, const u8 *at)
{
	enum { NAME_OP = 0x08 };

	if (at > start && at[-1] == '\\') {
		at--;
	}
	return at > start && at[-1] == NAME_OP;
}

int acpi_read_s5(const struct acpi_table *table, struct acpi_sleep *out)
{
	const u8 *start = table->bytes + ACPI_HEAD_BYTES;
	const u8 *end = table->bytes + table->len_bytes;
	const u32 name = load_u32("_S5_");

	for (const u8 *at = start; end - at >= 4; at++) {
		struct aml behind = { at + 4, end };

		if (load_u32(at) == name && follows_name_op(start, at) &&
		    read_sleep_package(behind, out)) {
			return 0;
		}
	}
	return -ENOENT;
}
