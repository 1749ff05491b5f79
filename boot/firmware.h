/* SPDX-License-Identifier: MIT */
/*
 * What the firmware's tables say of processors, interrupts and power.
 */
#ifndef EXO_BOOT_FIRMWARE_H
#define EXO_BOOT_FIRMWARE_H

#include "arch/irq.h"
#include "drivers/acpi.h"
#include "kernel/boot_info.h"

/*
 * Reads them through the window, from where the loader said: the ways to reset
 * and to power off, the nodes, and what is asked below.  What they do not say,
 * or say wrong, is told in the log; the PC's defaults stand then.  Context:
 * boot, once.
 */
void firmware_read(const struct memory_window *window,
		   const struct boot_info *info);

/* The processors and interrupt controllers; none without an MADT. */
const struct acpi_madt *firmware_madt(void);

/* How interrupts reach the processors. */
struct irq_topology firmware_irq_topology(void);

/* False if the machine says that it has no keyboard controller. */
bool firmware_has_8042(void);

#endif
