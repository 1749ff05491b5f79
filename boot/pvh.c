/* SPDX-License-Identifier: MIT */
/*
 * PVH start information: one structure of physical pointers to the memory
 * map, the modules, the command line and the RSDP.  Every pointer goes
 * through the caller's window; every count is bounded before it is used.
 */
#include "boot/pvh.h"

#include "lib/string.h"
#include "lib/untrusted.h"

/* Far above what any machine has; a larger count is a lie. */
#define PVH_MEMORY_MAX  4096u
#define PVH_MODULES_MAX 128u

struct pvh_start_info {
	u32 magic;
	u32 version; /* 0 ends before the memory map */
	u32 flags;
	u32 module_count;
	u64 modules;
	u64 cmdline;
	u64 rsdp;
	u64 memory;
	u32 memory_count;
	u32 reserved;
};

struct pvh_module {
	u64 base;
	u64 len_bytes;
	u64 cmdline; /* 0: none */
	u64 reserved;
};

struct pvh_memory {
	u64 base;
	u64 len_bytes;
	u32 type; /* as E820 */
	u32 reserved;
};

static_assert(sizeof(struct pvh_start_info) == 56, "Xen's start_info.h");
static_assert(sizeof(struct pvh_module) == 32, "Xen's start_info.h");
static_assert(sizeof(struct pvh_memory) == 24, "Xen's start_info.h");

/*
 * Copies the string at `at` into `buf`, cut to fit.  Byte by byte, for its
 * length is not known before its end is seen.
 */
static int copy_string(const struct memory_window *window, u64 at, char *buf,
		       size_t size_bytes, bool *cut)
{
	for (size_t i = 0; i < size_bytes; i++) {
		const char *byte = window_map(window, phys(at + i), 1);

		if (byte == NULL) {
			buf[i] = '\0';
			return -EINVAL;
		}
		buf[i] = *byte;
		if (*byte == '\0') {
			return 0;
		}
	}
	buf[size_bytes - 1] = '\0';
	*cut = true;
	return 0;
}

static int read_cmdline(const struct memory_window *window,
			const struct pvh_start_info *start,
			struct boot_info *out, const char **why)
{
	if (start->cmdline != 0 &&
	    copy_string(window, start->cmdline, out->cmdline,
			sizeof(out->cmdline), &out->cmdline_cut) != 0) {
		return refuse(why, "pvh: the command line is out of reach");
	}
	return 0;
}

static int read_memory_map(const struct memory_window *window,
			   const struct pvh_start_info *start,
			   struct boot_info *out, const char **why)
{
	struct pvh_memory entry;
	const u8 *at;

	if (start->memory_count == 0) {
		return refuse(why, "pvh: there is no memory map");
	}
	if (start->memory_count > PVH_MEMORY_MAX) {
		return refuse(why, "pvh: the memory map is too long");
	}
	at = window_map(window, phys(start->memory),
			start->memory_count * sizeof(entry));
	if (at == NULL) {
		return refuse(why, "pvh: the memory map is out of reach");
	}
	for (u32 i = 0; i < start->memory_count; i++) {
		memcpy(&entry, at + i * sizeof(entry), sizeof(entry));
		if (boot_info_add_memory(out, phys(entry.base), entry.len_bytes,
					 memory_type_of_e820(entry.type))) {
			return refuse(why, "pvh: a memory range wraps");
		}
	}
	return 0;
}

static int read_module(const struct memory_window *window,
		       const struct pvh_module *module, struct boot_info *out,
		       const char **why)
{
	char name[BOOT_NAME_BYTES] = "";
	bool cut;

	if (module->cmdline != 0 &&
	    copy_string(window, module->cmdline, name, sizeof(name), &cut)) {
		return refuse(why, "pvh: a module's name is out of reach");
	}
	if (boot_info_add_module(out, phys(module->base), module->len_bytes,
				 name) != 0) {
		return refuse(why, "pvh: a module is empty, wraps or overlaps");
	}
	return 0;
}

static int read_modules(const struct memory_window *window,
			const struct pvh_start_info *start,
			struct boot_info *out, const char **why)
{
	struct pvh_module module;
	const u8 *at;
	int err = 0;

	if (start->module_count == 0) {
		return 0;
	}
	if (start->module_count > PVH_MODULES_MAX) {
		return refuse(why, "pvh: there are too many modules");
	}
	at = window_map(window, phys(start->modules),
			start->module_count * sizeof(module));
	if (at == NULL) {
		return refuse(why, "pvh: the list of modules is out of reach");
	}
	for (u32 i = 0; i < start->module_count && err == 0; i++) {
		memcpy(&module, at + i * sizeof(module), sizeof(module));
		err = read_module(window, &module, out, why);
	}
	return err;
}

static int read_start_info(const struct memory_window *window, phys_t at,
			   struct pvh_start_info *start, const char **why)
{
	const void *bytes = window_map(window, at, sizeof(*start));

	if (bytes == NULL) {
		return refuse(why, "pvh: the start information is out of "
				   "reach");
	}
	memcpy(start, bytes, sizeof(*start));
	if (start->magic != PVH_MAGIC) {
		return refuse(why, "pvh: the start information has no magic");
	}
	if (start->version == 0) {
		return refuse(why, "pvh: version 0 has no memory map");
	}
	return 0;
}

int pvh_parse(const struct memory_window *window, phys_t start,
	      struct boot_info *out, const char **why)
{
	struct pvh_start_info info;
	int err;

	boot_info_reset(out, "pvh");
	err = read_start_info(window, start, &info, why);
	if (err == 0) {
		err = read_cmdline(window, &info, out, why);
	}
	if (err == 0) {
		err = read_memory_map(window, &info, out, why);
	}
	if (err == 0) {
		err = read_modules(window, &info, out, why);
	}
	if (err != 0) {
		return err;
	}
	out->rsdp = phys(info.rsdp);
	return boot_info_check(out, why);
}
