/* SPDX-License-Identifier: MIT */
/*
 * The machine's nodes: which memory and which processors are near each other.
 */
#ifndef EXO_BOOT_NODES_H
#define EXO_BOOT_NODES_H

#include "drivers/acpi.h"

/* Reads SRAT and SLIT; nonsense leaves one node. Context: boot, once. */
void nodes_read(const struct acpi *acpi);

/* The node of the processor with that hardware number; 0 if none is told. */
u32 nodes_of_cpu(u32 hardware_id);

/* A line of the log for each node, if there are several. */
void nodes_show(void);

#endif
