/* SPDX-License-Identifier: MIT */
/*
 * The characters that a screen can show: those of code page 437, which VGA's
 * own font has.  Pure tables.
 */
#ifndef EXO_DRIVERS_CHARSET_H
#define EXO_DRIVERS_CHARSET_H

#include "lib/types.h"

/* The cell for a Unicode character; a question mark if nothing is like it. */
u8 charset_cell(u32 rune);

/* Columns that the character takes: 0, 1 or 2. */
unsigned charset_width(u32 rune);

/* The cell for a byte in the line drawing set of DEC's terminals. */
u8 charset_drawing(u8 byte);

#endif
