/* SPDX-License-Identifier: MIT */
/*
 * What the boot loader told us, in one form for every door (Multiboot2, PVH).
 * The doors fill it once, through the functions below, before anything else
 * runs; afterwards it is read only.  It points to nothing of the loader's: all
 * text is copied, so the loader's memory may be reused at once (the modules'
 * memory may not).
 *
 * Invariants:
 *  I1  memory[] is sorted by base, not empty, and no two ranges overlap;
 *  I2  no range or module wraps or reaches above BOOT_PHYS_LIMIT;
 *  I3  no two modules overlap, none is empty, and after boot_info_check()
 *      each lies in usable memory;
 *  I4  all text ends with NUL.
 */
#ifndef EXO_KERNEL_BOOT_INFO_H
#define EXO_KERNEL_BOOT_INFO_H

#include "lib/types.h"

#define BOOT_CMDLINE_BYTES 2048
#define BOOT_NAME_BYTES    64
#define BOOT_MEMORY_MAX    128
#define BOOT_MODULES_MAX   8
#define BOOT_RSDP_BYTES    36

/* x86_64 has at most 52 bits of physical address (SDM vol. 3, 4.1.4). */
#define BOOT_PHYS_LIMIT (1ull << 52)

/* In rising order: where two claims meet, the greater one wins. */
enum memory_type {
	MEMORY_USABLE,
	MEMORY_ACPI_RECLAIM, /* usable once the ACPI tables were read */
	MEMORY_ACPI_NVS,     /* the firmware's, kept over a sleep */
	MEMORY_RESERVED,
	MEMORY_BAD,
};

struct boot_memory {
	phys_t base;
	u64 len_bytes;
	enum memory_type type;
};

struct boot_module {
	phys_t base;
	u64 len_bytes;
	char name[BOOT_NAME_BYTES]; /* the loader's words, cut to fit */
};

enum framebuffer_type {
	FRAMEBUFFER_NONE,
	FRAMEBUFFER_RGB,
	FRAMEBUFFER_TEXT, /* VGA text: width and height in characters */
};

/* One colour of a pixel: `size` bits from bit `pos`. */
struct boot_colour {
	u8 pos;
	u8 size;
};

struct boot_framebuffer {
	enum framebuffer_type type;
	phys_t base;
	u32 pitch_bytes;
	u32 width;
	u32 height;
	u8 bits_per_pixel;
	struct boot_colour red;
	struct boot_colour green;
	struct boot_colour blue;
};

struct boot_info {
	const char *door; /* "multiboot2" or "pvh" */
	char loader[BOOT_NAME_BYTES];

	char cmdline[BOOT_CMDLINE_BYTES];
	bool cmdline_cut; /* there was more than fits */

	struct boot_memory memory[BOOT_MEMORY_MAX];
	u32 memory_count;
	u32 memory_dropped; /* pieces without a place: memory not used */

	struct boot_module modules[BOOT_MODULES_MAX];
	u32 module_count;
	u32 modules_dropped;

	phys_t rsdp;                   /* 0: not told */
	u8 rsdp_copy[BOOT_RSDP_BYTES]; /* the loader's copy */
	u32 rsdp_copy_bytes;           /* 0: none */

	struct boot_framebuffer framebuffer;
};

/* Empties `info` and names the door that will fill it. */
void boot_info_reset(struct boot_info *info, const char *door);

/*
 * Adds a range of memory; an empty one is ignored.  Where it overlaps what is
 * known, the greater type wins.  When the table is full, memory is left out
 * (and counted), never claimed to be more usable than it is.
 * Errors: -EINVAL if it breaks I2.
 */
must_check int boot_info_add_memory(struct boot_info *info, phys_t base,
				    u64 len_bytes, enum memory_type type);

/*
 * Adds a module; one that finds no place is counted.  `name` is copied.
 * Errors: -EINVAL if it breaks I2 or I3.
 */
must_check int boot_info_add_module(struct boot_info *info, phys_t base,
				    u64 len_bytes, const char *name);

/*
 * Last check of a filled info: there is usable memory, and it holds every
 * module.  Errors: -EINVAL, with the reason in `*why`.
 */
must_check int boot_info_check(const struct boot_info *info, const char **why);

/* The type of a BIOS (E820) number, which both doors use. */
enum memory_type memory_type_of_e820(u32 number);

/* "usable", "ACPI tables", ... for the log. */
const char *memory_type_name(enum memory_type type);

#endif
