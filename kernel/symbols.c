/* SPDX-License-Identifier: MIT */
/*
 * Address to name: a binary search in the table of scripts/symbols.py.
 */
#include "kernel/symbols.h"

#include "arch/paging.h"
#include "lib/format.h"
#include "trace/trace.h"

extern const u32 ksyms_count;
extern const u32 ksyms_offsets[]; /* address - KERNEL_BASE, rising */
extern const u32 ksyms_name_at[]; /* index into ksyms_names */
extern const char ksyms_names[];
extern const u8 text_start[], text_end[];

const char *symbol_find(u64 address, u64 *offset)
{
	u32 low = 0, high = ksyms_count;

	if (address < (u64)text_start || address >= (u64)text_end ||
	    ksyms_count == 0 || address - KERNEL_BASE < ksyms_offsets[0]) {
		return NULL;
	}
	/* ksyms_offsets[low] <= address < ksyms_offsets[high] */
	while (high - low > 1) {
		u32 middle = low + (high - low) / 2;

		if (ksyms_offsets[middle] <= address - KERNEL_BASE) {
			low = middle;
		} else {
			high = middle;
		}
	}
	*offset = address - KERNEL_BASE - ksyms_offsets[low];
	return ksyms_names + ksyms_name_at[low];
}

size_t symbol_format(u64 address, char *buf, size_t size_bytes)
{
	u64 offset;
	const char *name = symbol_find(address, &offset);

	if (name == NULL) {
		return (size_t)format(buf, size_bytes, "%#lx", address);
	}
	return (size_t)format(buf, size_bytes, "%s+%#lx", name, offset);
}

size_t trace_symbol(u64 address, char *buf, size_t size_bytes)
{
	return symbol_format(address, buf, size_bytes);
}
