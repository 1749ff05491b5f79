/* SPDX-License-Identifier: MIT */
/*
 * How the machine was started, and the kernel image's own addresses.
 */
#ifndef EXO_ARCH_BOOT_H
#define EXO_ARCH_BOOT_H

#include "lib/types.h"

/* Which door: what the information that kernel_main() gets is. */
enum boot_door {
	BOOT_DOOR_MULTIBOOT2 = 1,
	BOOT_DOOR_PVH = 2,
};

/* What phys_to_virt() reaches before the direct map is complete. */
#define BOOT_MAP_BYTES (4ul << 30)

/*
 * Upward call, defined by boot/: the first C function.  Runs on the boot
 * stack with interrupts off, per-CPU data of processor 0 in place, 4 GB of
 * the direct map reachable.
 */
noreturn void kernel_main(enum boot_door door, phys_t info);

/* The physical range that the loaded image takes, whole pages. */
phys_t arch_image_start(void);
phys_t arch_image_end(void);

/*
 * Sets up this processor: features, descriptor tables, exception and system
 * call entries.  Context: boot, once on each processor.
 */
void arch_cpu_init(void);

/* "nx smep smap ..." for the log; lives for ever. */
const char *arch_cpu_features(void);

/* Powers the machine off, or leaves QEMU, or halts. */
noreturn void arch_power_off(void);
noreturn void arch_reboot(void);

/* Leaves QEMU through isa-debug-exit with (code << 1 | 1), or powers off. */
noreturn void arch_debug_exit(u8 code);

/* Where a power-off is written to (ACPI's PM1a and PM1b, 0 if absent). */
void arch_set_power_off(u16 pm1a_port, u16 pm1b_port, u16 pm1a_value,
			u16 pm1b_value);

/* A port, and what to write there for a reset (ACPI). */
void arch_set_reset(u16 port, u8 value);

#endif
