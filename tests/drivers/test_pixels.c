/* SPDX-License-Identifier: MIT */
/*
 * Drawing cells: the right pixels in every depth, nothing beside them, and no
 * belief in a loader that lies.
 */
#include "drivers/pixels.h"

#include "drivers/font.h"
#include "drivers/textgrid.h"
#include "lib/string.h"
#include "tests/ktest.h"

#define WIDTH   43u /* five cells and a rest */
#define HEIGHT  37u /* two rows and a rest */
#define PITCH   184u
#define UNDRAWN 0xa5

static u8 memory[PITCH * HEIGHT];

static const struct boot_framebuffer deep = {
	.type = FRAMEBUFFER_RGB,
	.base = { 0xe0000000 },
	.pitch_bytes = PITCH,
	.width = WIDTH,
	.height = HEIGHT,
	.bits_per_pixel = 32,
	.red = { 16, 8 },
	.green = { 8, 8 },
	.blue = { 0, 8 },
};

static struct boot_framebuffer depth(u8 bits)
{
	struct boot_framebuffer fb = deep;

	fb.bits_per_pixel = bits;
	if (bits <= 16) {
		fb.green = (struct boot_colour){ 5, bits == 16 ? 6 : 5 };
		fb.red = (struct boot_colour){ bits == 16 ? 11 : 10, 5 };
		fb.blue.size = 5;
	}
	return fb;
}

static u32 pixel_at(const struct pixels *p, u32 x, u32 y)
{
	u32 value = 0;

	memcpy(&value, memory + y * PITCH + x * p->pixel_bytes, p->pixel_bytes);
	return value;
}

/* The pixel that a cell with this character has at (x, y). */
static u32 wanted_pixel(const struct pixels *p, u16 cell, u32 x, u32 y)
{
	bool ink = font_glyph((u8)cell)[y] & (0x80 >> x);

	return p->palette[ink ? cell >> 8 & 15 : cell >> 12];
}

static bool drawn_alone(const struct pixels *p, u32 row, u32 col, u16 cell)
{
	u32 undrawn = 0;

	memset(&undrawn, UNDRAWN, p->pixel_bytes);
	for (u32 y = 0; y < HEIGHT; y++) {
		for (u32 x = 0; x < WIDTH; x++) {
			u32 dx = x - col * FONT_WIDTH;
			u32 dy = y - row * FONT_HEIGHT;
			bool inside = dx < FONT_WIDTH && dy < FONT_HEIGHT;

			if (pixel_at(p, x, y) !=
			    (inside ? wanted_pixel(p, cell, dx, dy)
				    : undrawn)) {
				return false;
			}
		}
	}
	return true;
}

KTEST(pixels_draw, "a cell is drawn in its place alone, in every depth")
{
	static const u8 depths[] = { 15, 16, 24, 32 };

	for (size_t i = 0; i < ARRAY_SIZE(depths); i++) {
		struct boot_framebuffer fb = depth(depths[i]);
		u16 cell = TEXTGRID_CELL(0x4e, 'R');
		struct pixels p;

		EXPECT_EQ(pixels_size_bytes(&fb), sizeof(memory));
		pixels_init(&p, &fb, memory);
		EXPECT_EQ(p.rows, 2);
		EXPECT_EQ(p.cols, 5);
		for (u32 at = 0; at < p.rows * p.cols; at++) {
			memset(memory, UNDRAWN, sizeof(memory));
			pixels_draw(&p, at / p.cols, at % p.cols, cell);
			EXPECT(drawn_alone(&p, at / p.cols, at % p.cols, cell));
		}
	}
}

KTEST(pixels_palette, "colours stand where the loader says that they do")
{
	struct boot_framebuffer fb = depth(16);
	struct pixels p;

	pixels_init(&p, &fb, memory);
	EXPECT_EQ(p.palette[0], 0);
	EXPECT_EQ(p.palette[4], 0xa800);
	EXPECT_EQ(p.palette[15], 0xffff);
	pixels_init(&p, &deep, memory);
	EXPECT_EQ(p.palette[6], 0xaa5500);
	EXPECT_EQ(p.palette[15], 0xffffff);
}

KTEST(pixels_lies, "a picture that cannot be is refused")
{
	struct boot_framebuffer bad[14];

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		bad[i] = deep;
	}
	bad[0].type = FRAMEBUFFER_TEXT;
	bad[1].bits_per_pixel = 8;
	bad[2].bits_per_pixel = 40;
	bad[3].pitch_bytes = WIDTH * 4 - 1;
	bad[4].pitch_bytes = 0;
	bad[5].pitch_bytes = UINT32_MAX;
	bad[6].width = UINT32_MAX / 4 + 2;
	bad[7].height = UINT32_MAX;
	bad[8].height = FONT_HEIGHT - 1;
	bad[9].width = 0;
	bad[10].base = phys(UINT64_MAX - 100);
	bad[11].base = phys(0);
	bad[12].red.pos = 25;
	bad[13].blue.size = 0;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(pixels_size_bytes(&bad[i]), 0);
	}
}
