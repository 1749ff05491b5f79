/* SPDX-License-Identifier: MIT */
/*
 * From the RSDP to a table: each step maps no more than a checked length and
 * believes nothing before its checksum.  The decoders of single tables are in
 * drivers/acpi_tables.c and drivers/acpi_madt.c.
 */
#include "drivers/acpi.h"

#include "drivers/acpi_layout.h"
#include "lib/string.h"
#include "lib/untrusted.h"

/* Larger than any table that was seen; a bound for the checksum's time. */
#define TABLE_MAX_BYTES (2u << 20)

/* The RSDP (ACPI 6.4, 5.2.5.3). */
#define RSDP_OLD_BYTES 20u
#define RSDP_NEW_BYTES 36u
#define RSDP_REVISION  15
#define RSDP_RSDT      16
#define RSDP_LENGTH    20
#define RSDP_XSDT      24

/* All bytes of a table together give 0. */
static bool sum_is_zero(const u8 *bytes, size_t len_bytes)
{
	u8 sum = 0;

	for (size_t i = 0; i < len_bytes; i++) {
		sum = (u8)(sum + bytes[i]);
	}
	return sum == 0;
}

/* Like acpi_table_at(), with all that it needs of an acpi. */
static int map_table(const struct memory_window *window, phys_t at,
		     const char *signature, struct acpi_table *out,
		     const char **why)
{
	const u8 *head = window_map(window, at, ACPI_HEAD_BYTES);
	u32 len_bytes;

	if (head == NULL) {
		return refuse(why, "acpi: a table is out of reach");
	}
	if (memcmp(head, signature, 4) != 0) {
		return refuse(why, "acpi: another table than expected");
	}
	len_bytes = load_u32(head + ACPI_HEAD_LENGTH);
	if (len_bytes < ACPI_HEAD_BYTES || len_bytes > TABLE_MAX_BYTES) {
		return refuse(why, "acpi: a table's length is wrong");
	}
	out->len_bytes = len_bytes;
	out->bytes = window_map(window, at, len_bytes);
	if (out->bytes == NULL) {
		return refuse(why, "acpi: a table is cut off");
	}
	if (!sum_is_zero(out->bytes, len_bytes)) {
		return refuse(why, "acpi: a table's checksum is wrong");
	}
	return 0;
}

static bool rsdp_is_new(const u8 *rsdp, size_t len_bytes)
{
	return rsdp[RSDP_REVISION] >= 2 && len_bytes >= RSDP_NEW_BYTES;
}

static int check_rsdp(const u8 *rsdp, size_t len_bytes, const char **why)
{
	if (len_bytes < RSDP_OLD_BYTES) {
		return refuse(why, "acpi: the RSDP is too short");
	}
	if (memcmp(rsdp, "RSD PTR ", 8) != 0) {
		return refuse(why, "acpi: there is no RSDP");
	}
	if (!sum_is_zero(rsdp, RSDP_OLD_BYTES)) {
		return refuse(why, "acpi: the RSDP's checksum is wrong");
	}
	if (rsdp_is_new(rsdp, len_bytes) &&
	    (load_u32(rsdp + RSDP_LENGTH) != RSDP_NEW_BYTES ||
	     !sum_is_zero(rsdp, RSDP_NEW_BYTES))) {
		return refuse(why, "acpi: the RSDP's second half is wrong");
	}
	return 0;
}

int acpi_open(struct acpi *acpi, const struct memory_window *window,
	      const void *rsdp, size_t len_bytes, const char **why)
{
	const u8 *bytes = rsdp;
	int err = check_rsdp(bytes, len_bytes, why);
	u64 xsdt = 0;

	if (err != 0) {
		return err;
	}
	acpi->window = window;
	if (rsdp_is_new(bytes, len_bytes)) {
		xsdt = load_u64(bytes + RSDP_XSDT);
	}
	if (xsdt != 0) {
		acpi->entry_bytes = sizeof(u64);
		return map_table(window, phys(xsdt), "XSDT", &acpi->root, why);
	}
	acpi->entry_bytes = sizeof(u32);
	return map_table(window, phys(load_u32(bytes + RSDP_RSDT)), "RSDT",
			 &acpi->root, why);
}

int acpi_open_at(struct acpi *acpi, const struct memory_window *window,
		 phys_t rsdp, const char **why)
{
	size_t len_bytes = RSDP_OLD_BYTES;
	const u8 *bytes = window_map(window, rsdp, len_bytes);

	if (bytes != NULL && bytes[RSDP_REVISION] >= 2) {
		len_bytes = RSDP_NEW_BYTES;
		bytes = window_map(window, rsdp, len_bytes);
	}
	if (bytes == NULL) {
		return refuse(why, "acpi: the RSDP is out of reach");
	}
	return acpi_open(acpi, window, bytes, len_bytes, why);
}

/* The address in the root's entry `index`. */
static phys_t root_entry(const struct acpi *acpi, u32 index)
{
	const u8 *at =
		acpi->root.bytes + ACPI_HEAD_BYTES + index * acpi->entry_bytes;

	return phys(acpi->entry_bytes == sizeof(u64) ? load_u64(at)
						     : load_u32(at));
}

int acpi_find(const struct acpi *acpi, const char *signature,
	      struct acpi_table *out, const char **why)
{
	u32 count =
		(acpi->root.len_bytes - ACPI_HEAD_BYTES) / acpi->entry_bytes;

	for (u32 i = 0; i < count; i++) {
		phys_t at = root_entry(acpi, i);
		const u8 *head = window_map(acpi->window, at, 4);

		if (head != NULL && memcmp(head, signature, 4) == 0) {
			return map_table(acpi->window, at, signature, out, why);
		}
	}
	*why = "acpi: there is no such table";
	return -ENOENT;
}

int acpi_table_at(const struct acpi *acpi, phys_t at, const char *signature,
		  struct acpi_table *out, const char **why)
{
	return map_table(acpi->window, at, signature, out, why);
}
