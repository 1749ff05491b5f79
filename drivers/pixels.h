/* SPDX-License-Identifier: MIT */
/*
 * Draws character cells into a linear framebuffer of 15 to 32 bits a pixel.
 * Touches nothing but the memory that it is given.
 */
#ifndef EXO_DRIVERS_PIXELS_H
#define EXO_DRIVERS_PIXELS_H

#include "kernel/boot_info.h"

struct pixels {
	u8 *memory;
	u32 pitch_bytes; /* from one line to the next */
	u32 height;      /* in lines */
	u32 pixel_bytes; /* 2, 3 or 4 */
	u32 rows;        /* of cells, > 0 */
	u32 cols;        /* of cells, > 0 */
	u32 palette[16]; /* VGA's colours as pixels */
};

/*
 * The bytes that the framebuffer takes, or 0 if the loader's description is
 * none of a picture that we can draw: another type or depth, lines that
 * overlap, colours outside the pixel, sizes beyond reason.
 */
u64 pixels_size_bytes(const struct boot_framebuffer *fb);

/*
 * Prepares drawing at `memory`, where pixels_size_bytes(fb) > 0 bytes are
 * mapped.  The caller keeps them mapped.
 */
void pixels_init(struct pixels *pixels, const struct boot_framebuffer *fb,
		 void *memory);

/* Everything black. */
void pixels_clear(const struct pixels *pixels);

/* Draws a cell (see TEXTGRID_CELL) at row < rows, col < cols. */
void pixels_draw(const struct pixels *pixels, u32 row, u32 col, u16 cell);

#endif
