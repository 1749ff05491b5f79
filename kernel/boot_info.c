/* SPDX-License-Identifier: MIT */
/*
 * The boot loader's word in one form: keeps the invariants of
 * kernel/boot_info.h while the doors fill it.  Single-threaded, allocates
 * nothing, runs on any host.
 */
#include "kernel/boot_info.h"

#include "lib/errno.h"
#include "lib/string.h"
#include "lib/untrusted.h"

static u64 end_of(const struct boot_memory *range)
{
	return range->base.pa + range->len_bytes;
}

static bool range_valid(phys_t base, u64 len_bytes)
{
	return range_inside(base.pa, len_bytes, BOOT_PHYS_LIMIT);
}

void boot_info_reset(struct boot_info *info, const char *door)
{
	memset(info, 0, sizeof(*info));
	info->door = door;
}

/* Puts [base, end) before memory[at], or counts it if the table is full. */
static void insert_range(struct boot_info *info, u32 at, u64 base, u64 end,
			 enum memory_type type)
{
	struct boot_memory *slot = &info->memory[at];

	if (info->memory_count == BOOT_MEMORY_MAX) {
		info->memory_dropped++;
		return;
	}
	memmove(slot + 1, slot, (info->memory_count - at) * sizeof(*slot));
	*slot = (struct boot_memory){ phys(base), end - base, type };
	info->memory_count++;
}

static void remove_range(struct boot_info *info, u32 at)
{
	struct boot_memory *slot = &info->memory[at];

	info->memory_count--;
	memmove(slot, slot + 1, (info->memory_count - at) * sizeof(*slot));
}

/* Takes [base, end) away from every range of a smaller type than `type`. */
static void cut_smaller(struct boot_info *info, u64 base, u64 end,
			enum memory_type type)
{
	u32 i = 0;

	while (i < info->memory_count) {
		struct boot_memory old = info->memory[i];
		u64 old_end = end_of(&old);

		if (old.type >= type || old.base.pa >= end || old_end <= base) {
			i++;
			continue;
		}
		remove_range(info, i);
		if (old.base.pa < base) {
			insert_range(info, i++, old.base.pa, base, old.type);
		}
		if (old_end > end) {
			insert_range(info, i++, end, old_end, old.type);
		}
	}
}

/* Adds [base, end) where nothing is known yet, in as few pieces as it can. */
static void fill_gaps(struct boot_info *info, u64 base, u64 end,
		      enum memory_type type)
{
	u32 i = 0;

	while (base < end) {
		u64 gap_end = end;

		if (i < info->memory_count) {
			gap_end = MIN(info->memory[i].base.pa, end);
		}
		if (base < gap_end) {
			insert_range(info, i, base, gap_end, type);
			base = gap_end;
		} else {
			base = MAX(base, end_of(&info->memory[i]));
			i++;
		}
	}
}

/* Joins neighbours of one type that touch. */
static void join_neighbours(struct boot_info *info)
{
	u32 i = 1;

	while (i < info->memory_count) {
		struct boot_memory *before = &info->memory[i - 1];
		struct boot_memory *range = &info->memory[i];

		if (before->type == range->type &&
		    end_of(before) == range->base.pa) {
			before->len_bytes += range->len_bytes;
			remove_range(info, i);
		} else {
			i++;
		}
	}
}

int boot_info_add_memory(struct boot_info *info, phys_t base, u64 len_bytes,
			 enum memory_type type)
{
	if (!range_valid(base, len_bytes)) {
		return -EINVAL;
	}
	cut_smaller(info, base.pa, base.pa + len_bytes, type);
	fill_gaps(info, base.pa, base.pa + len_bytes, type);
	join_neighbours(info);
	return 0;
}

int boot_info_add_module(struct boot_info *info, phys_t base, u64 len_bytes,
			 const char *name)
{
	struct boot_module *module = &info->modules[info->module_count];

	if (len_bytes == 0 || !range_valid(base, len_bytes)) {
		return -EINVAL;
	}
	for (u32 i = 0; i < info->module_count; i++) {
		const struct boot_module *other = &info->modules[i];

		if (base.pa < other->base.pa + other->len_bytes &&
		    other->base.pa < base.pa + len_bytes) {
			return -EINVAL;
		}
	}
	if (info->module_count == BOOT_MODULES_MAX) {
		info->modules_dropped++;
		return 0;
	}
	module->base = base;
	module->len_bytes = len_bytes;
	string_copy(module->name, name, sizeof(module->name));
	info->module_count++;
	return 0;
}

/* True if one usable range holds the module (touching ones are joined). */
static bool module_in_usable(const struct boot_info *info,
			     const struct boot_module *module)
{
	for (u32 i = 0; i < info->memory_count; i++) {
		const struct boot_memory *range = &info->memory[i];

		if (range->type == MEMORY_USABLE &&
		    module->base.pa >= range->base.pa &&
		    range_inside(module->base.pa - range->base.pa,
				 module->len_bytes, range->len_bytes)) {
			return true;
		}
	}
	return false;
}

int boot_info_check(const struct boot_info *info, const char **why)
{
	bool usable = false;

	for (u32 i = 0; i < info->memory_count; i++) {
		usable |= info->memory[i].type == MEMORY_USABLE;
	}
	if (!usable) {
		return refuse(why, "the memory map has no usable memory");
	}
	for (u32 i = 0; i < info->module_count; i++) {
		if (!module_in_usable(info, &info->modules[i])) {
			return refuse(why, "a module is not in usable memory");
		}
	}
	return 0;
}

enum memory_type memory_type_of_e820(u32 number)
{
	switch (number) {
	case 1: return MEMORY_USABLE;
	case 3: return MEMORY_ACPI_RECLAIM;
	case 4: return MEMORY_ACPI_NVS;
	case 5: return MEMORY_BAD;
	default: return MEMORY_RESERVED;
	}
}

const char *memory_type_name(enum memory_type type)
{
	switch (type) {
	case MEMORY_USABLE: return "usable";
	case MEMORY_ACPI_RECLAIM: return "ACPI tables";
	case MEMORY_ACPI_NVS: return "ACPI NVS";
	case MEMORY_RESERVED: return "reserved";
	case MEMORY_BAD: return "bad";
	}
	return "?";
}
