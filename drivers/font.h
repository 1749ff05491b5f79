/* SPDX-License-Identifier: MIT */
/*
 * The console font: code page 437 from the blank on, 8 by 16 pixels, converted
 * at build time from a console font of the distribution (scripts/font.py).
 */
#ifndef EXO_DRIVERS_FONT_H
#define EXO_DRIVERS_FONT_H

#include "lib/types.h"

#define FONT_WIDTH  8
#define FONT_HEIGHT 16

/*
 * The rows of a glyph from the top; the highest bit is the leftmost pixel.
 * A character without glyph looks like a question mark.
 */
const u8 *font_glyph(u8 character);

#endif
