/* SPDX-License-Identifier: MIT */
/*
 * A machine's ACPI tables, for the tests and the fuzzers of drivers/acpi*.c.
 */
#ifndef EXO_TESTS_DRIVERS_ACPI_SAMPLES_H
#define EXO_TESTS_DRIVERS_ACPI_SAMPLES_H

#include "kernel/memory_window.h"
#include "tests/sample.h"

/* The memory that holds them, and where each is in it. */
#define SAMPLE_ACPI_BASE  0xe0000u
#define SAMPLE_ACPI_BYTES 1280u

enum sample_acpi_offset {
	SAMPLE_RSDP = 0,
	SAMPLE_RSDT = 64,
	SAMPLE_XSDT = 128,
	SAMPLE_MADT = 256,
	SAMPLE_FADT = 512,
	SAMPLE_HPET = 832,
	SAMPLE_DSDT = 960,
};

/*
 * As QEMU's: 3 processors (APIC IDs 0, 1 and, as an x2APIC, 300), one more
 * disabled; I/O APIC 0 at 0xfec00000; IRQ 0 on 2, IRQ 9 level and low;
 * PM timer at port 0x608; reset by 0x0f to port 0xcf9; HPET at 0xfed00000;
 * \_S5 is (5, 6).  RSDT and XSDT name the same tables.
 */
void sample_acpi(struct sample *s);

/*
 * Two tables in buffers of their own: domains 2, 5 and 7 as nodes 0 to 2.
 * Memory: 5 has 1 MB at 0 and 2 MB at 3 MB, 2 has 2 MB at 1 MB, 7 none (an
 * empty stretch and one that is not enabled).  Processors: 0 in 2, 1 in 5, the
 * x2APIC 300 in 7, 9 not enabled.  The distance of two domains is 10 and three
 * times their difference.
 */
#define SAMPLE_SRAT_BYTES 512u
#define SAMPLE_SLIT_BYTES 128u
void sample_srat(struct sample *s);
void sample_slit(struct sample *s);

/* Makes the sum of a table right again after a change. */
void sample_acpi_sum(struct sample *s, size_t table);

/* A window onto the sample. */
struct memory_window sample_acpi_window(struct sample *s);

#endif
