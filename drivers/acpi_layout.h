/* SPDX-License-Identifier: MIT */
/*
 * What the ACPI decoders share: the head of every table (ACPI 6.4, 5.2.6).
 * Private to drivers/acpi*.c.
 */
#ifndef EXO_DRIVERS_ACPI_LAYOUT_H
#define EXO_DRIVERS_ACPI_LAYOUT_H

#define ACPI_HEAD_BYTES  36u
#define ACPI_HEAD_LENGTH 4

#endif
