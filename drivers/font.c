/* SPDX-License-Identifier: MIT */
/*
 * The console font's glyphs.
 */
#include "drivers/font.h"

#define FIRST ' '
#define LAST  0xff

static const u8 glyphs[LAST - FIRST + 1][FONT_HEIGHT] = {
#include "gen/font.inc"
};

const u8 *font_glyph(u8 character)
{
	if (character < FIRST) {
		character = '?';
	}
	return glyphs[character - FIRST];
}
