/* SPDX-License-Identifier: MIT */
/*
 * The names of the kernel's functions, from a table that the build links
 * behind the constants.  Context: any; no lock, no memory.
 */
#ifndef EXO_KERNEL_SYMBOLS_H
#define EXO_KERNEL_SYMBOLS_H

#include "lib/types.h"

/*
 * The function that holds `address` and, in `*offset`, how far into it; NULL
 * if the address lies outside the kernel's text.
 */
const char *symbol_find(u64 address, u64 *offset);

/* Writes "name+0x12" or the bare number; returns the length as format(). */
size_t symbol_format(u64 address, char *buf, size_t size_bytes);

#endif
