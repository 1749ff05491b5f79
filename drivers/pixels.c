/* SPDX-License-Identifier: MIT */
/*
 * Cells to pixels.  A line of a glyph is put together on the stack and copied
 * in one piece: video memory likes few long writes.
 */
#include "drivers/pixels.h"

#include "drivers/font.h"
#include "lib/assert.h"
#include "lib/string.h"

/* More than any screen has; keeps all products small. */
#define SIDE_MAX  8192u
#define PITCH_MAX (SIDE_MAX * 8)

/* The 16 colours of VGA text, 0xRRGGBB. */
static const u32 vga_rgb[16] = {
	0x000000, 0x0000aa, 0x00aa00, 0x00aaaa, 0xaa0000, 0xaa00aa,
	0xaa5500, 0xaaaaaa, 0x555555, 0x5555ff, 0x55ff55, 0x55ffff,
	0xff5555, 0xff55ff, 0xffff55, 0xffffff,
};

static u32 pixel_bytes(const struct boot_framebuffer *fb)
{
	return DIV_ROUND_UP((u32)fb->bits_per_pixel, 8);
}

static bool colour_fits(struct boot_colour colour, u32 bits)
{
	return colour.size > 0 && colour.size <= 16 &&
	       (u32)colour.pos + colour.size <= bits;
}

static bool colours_fit(const struct boot_framebuffer *fb)
{
	u32 bits = fb->bits_per_pixel;

	return bits >= 15 && bits <= 32 && colour_fits(fb->red, bits) &&
	       colour_fits(fb->green, bits) && colour_fits(fb->blue, bits);
}

u64 pixels_size_bytes(const struct boot_framebuffer *fb)
{
	u64 size = (u64)fb->pitch_bytes * fb->height;

	if (fb->type != FRAMEBUFFER_RGB || !colours_fit(fb) ||
	    fb->width < FONT_WIDTH || fb->width > SIDE_MAX ||
	    fb->height < FONT_HEIGHT || fb->height > SIDE_MAX ||
	    fb->pitch_bytes < fb->width * pixel_bytes(fb) ||
	    fb->pitch_bytes > PITCH_MAX) {
		return 0;
	}
	if (fb->base.pa == 0 || fb->base.pa > BOOT_PHYS_LIMIT - size) {
		return 0;
	}
	return size;
}

/* Brings 8 bits of a colour to its place and size in a pixel. */
static u32 place(u32 value, struct boot_colour colour)
{
	value = value << 8 | value;
	return (value >> (16 - colour.size)) << colour.pos;
}

static u32 pixel_of(const struct boot_framebuffer *fb, u32 rgb)
{
	return place(rgb >> 16 & 0xff, fb->red) |
	       place(rgb >> 8 & 0xff, fb->green) | place(rgb & 0xff, fb->blue);
}

void pixels_init(struct pixels *pixels, const struct boot_framebuffer *fb,
		 void *memory)
{
	ASSERT(pixels_size_bytes(fb) > 0);
	*pixels = (struct pixels){
		.memory = memory,
		.pitch_bytes = fb->pitch_bytes,
		.height = fb->height,
		.pixel_bytes = pixel_bytes(fb),
		.rows = fb->height / FONT_HEIGHT,
		.cols = fb->width / FONT_WIDTH,
	};
	for (unsigned i = 0; i < ARRAY_SIZE(vga_rgb); i++) {
		pixels->palette[i] = pixel_of(fb, vga_rgb[i]);
	}
}

void pixels_clear(const struct pixels *pixels)
{
	memset(pixels->memory, 0, (u64)pixels->pitch_bytes * pixels->height);
}

/* The builtin is one store; a call for each pixel would be dear. */
static void put_pixel(u8 *at, u32 value)
{
	__builtin_memcpy(at, &value, sizeof(value));
}

void pixels_draw(const struct pixels *pixels, u32 row, u32 col, u16 cell)
{
	const u8 *glyph = font_glyph((u8)cell);
	u32 ink = pixels->palette[cell >> 8 & 15];
	u32 paper = pixels->palette[cell >> 12];
	u32 step = pixels->pixel_bytes;
	u8 *line = pixels->memory +
		   (u64)row * FONT_HEIGHT * pixels->pitch_bytes +
		   col * FONT_WIDTH * step;

	for (unsigned y = 0; y < FONT_HEIGHT; y++) {
		u8 run[FONT_WIDTH * sizeof(u32)];
		u8 *at = run;

		/* The next pixel covers what one of 2 or 3 bytes wrote on. */
		for (u8 bit = 0x80; bit != 0; bit >>= 1) {
			put_pixel(at, glyph[y] & bit ? ink : paper);
			at += step;
		}
		memcpy(line, run, FONT_WIDTH * step);
		line += pixels->pitch_bytes;
	}
}
