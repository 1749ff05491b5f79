/* SPDX-License-Identifier: MIT */
/*
 * Reads the few ACPI tables that the kernel needs (ACPI Specification 6.4,
 * chapter 5): who the processors and interrupt controllers are, where the
 * timers are, how to reset and how to switch off.  Pure decoding: tables are
 * untrusted, reached through a window, checked by length and checksum, and
 * nothing is written.
 *
 * Context of all: any.  A table stays valid as long as the window's mappings.
 */
#ifndef EXO_DRIVERS_ACPI_H
#define EXO_DRIVERS_ACPI_H

#include "kernel/memory_window.h"
#include "kernel/numa.h"
#include "lib/types.h"

#define ACPI_CPUS_MAX      64
#define ACPI_IOAPICS_MAX   16
#define ACPI_OVERRIDES_MAX 24

/* A whole table, its head of 36 bytes included; length and sum are right. */
struct acpi_table {
	const u8 *bytes;
	u32 len_bytes;
};

/* The way to all tables. */
struct acpi {
	const struct memory_window *window;
	struct acpi_table root; /* RSDT or XSDT */
	u32 entry_bytes;        /* of the root: 4 or 8 */
};

/*
 * Finds the root table by the RSDP of `len_bytes` (20 or more; a loader's
 * copy will do).  `window` must live as long as `acpi`.
 * Errors: -EINVAL with the reason in `*why`.
 */
must_check int acpi_open(struct acpi *acpi, const struct memory_window *window,
			 const void *rsdp, size_t len_bytes, const char **why);

/* As acpi_open() with the RSDP at a physical address. */
must_check int acpi_open_at(struct acpi *acpi,
			    const struct memory_window *window, phys_t rsdp,
			    const char **why);

/*
 * The first table with the signature of four letters ("APIC", "FACP").
 * Errors: -ENOENT, -EINVAL if it is damaged, with the reason in `*why`.
 */
must_check int acpi_find(const struct acpi *acpi, const char *signature,
			 struct acpi_table *out, const char **why);

/* As acpi_find() for a table whose address another one tells (the DSDT). */
must_check int acpi_table_at(const struct acpi *acpi, phys_t at,
			     const char *signature, struct acpi_table *out,
			     const char **why);

struct acpi_cpu {
	u32 apic_id;
	u32 uid;
};

struct acpi_ioapic {
	phys_t base;
	u32 gsi_base;
	u8 id;
};

/* An ISA interrupt that is wired in another way than one to one. */
struct acpi_override {
	u8 irq;
	bool active_low;
	bool level;
	u32 gsi;
};

/* "APIC", the MADT. */
struct acpi_madt {
	phys_t lapic;
	bool has_8259;

	struct acpi_cpu cpus[ACPI_CPUS_MAX]; /* enabled ones, each once */
	u32 cpu_count;
	u32 cpus_dropped; /* enabled, but without a place here */
	u32 cpus_disabled;

	struct acpi_ioapic ioapics[ACPI_IOAPICS_MAX];
	u32 ioapic_count;
	u32 ioapics_dropped;

	struct acpi_override overrides[ACPI_OVERRIDES_MAX];
	u32 override_count;
	u32 overrides_dropped;
};

/*
 * Errors: -EINVAL with the reason in `*why`; `out` then holds what stood
 * before the damage.
 */
must_check int acpi_read_madt(const struct acpi_table *table,
			      struct acpi_madt *out, const char **why);

/* "SRAT" and "SLIT": who is near whom. */
struct acpi_numa {
	struct numa_layout layout;
	u32 domains[NUMA_NODES_MAX]; /* each node's number there, rising */
	struct acpi_numa_cpu {
		u32 apic_id;
		u32 node;
	} cpus[ACPI_CPUS_MAX];
	u32 cpu_count;
	u32 empty; /* stretches of memory without any, passed over */
};

/*
 * Nodes are numbered from 0 on in the order of their domains, and stand 20
 * apart.  Errors: -EINVAL with the reason in `*why`; the table is of no use
 * then.
 */
must_check int acpi_read_srat(const struct acpi_table *table,
			      struct acpi_numa *out, const char **why);

/*
 * Adds the distances.  Errors: -EINVAL with the reason in `*why`; those in
 * `out` are as before.
 */
must_check int acpi_read_slit(const struct acpi_table *table,
			      struct acpi_numa *out, const char **why);

enum acpi_space {
	ACPI_SPACE_NONE, /* there is no such register */
	ACPI_SPACE_MEMORY,
	ACPI_SPACE_PORT,
};

struct acpi_register {
	enum acpi_space space;
	u64 address; /* physical, or a port below 0x10000 */
};

/* "FACP", the FADT. */
struct acpi_fadt {
	phys_t dsdt;
	u16 sci_irq;
	u16 smi_port; /* 0: ACPI mode is always on */
	u8 acpi_enable;
	struct acpi_register pm1a_control;
	struct acpi_register pm1b_control;
	struct acpi_register pm_timer;
	bool pm_timer_32bit; /* else 24 bits */
	struct acpi_register reset;
	u8 reset_value;
	u8 century; /* index in the CMOS clock, 0: none */
	bool has_8042;
	bool has_vga;
	bool hardware_reduced;
};

/* Errors: -EINVAL with the reason in `*why`. */
must_check int acpi_read_fadt(const struct acpi_table *table,
			      struct acpi_fadt *out, const char **why);

/* "HPET": where its registers are.  Errors: -EINVAL, reason in `*why`. */
must_check int acpi_read_hpet(const struct acpi_table *table, phys_t *out,
			      const char **why);

/* What to write into SLP_TYP of PM1a and PM1b control to switch off. */
struct acpi_sleep {
	u8 type_a;
	u8 type_b;
};

/*
 * Finds \_S5 in the bytes of a DSDT or SSDT without interpreting it.
 * Errors: -ENOENT.
 */
must_check int acpi_read_s5(const struct acpi_table *table,
			    struct acpi_sleep *out);

#endif
