/* SPDX-License-Identifier: MIT */
/*
 * The framebuffer console.  It is compiled into this file, with fakes for
 * what it calls: whatever was written, the picture must be that of the grid
 * with its cursor, drawn afresh.
 */
#include <stdlib.h>

#define console_add framebuffer_test_add
#define kmalloc     malloc
#include "drivers/framebuffer.c"

#include "lib/string.h"
#include "tests/ktest.h"

#define WIDTH  171u
#define HEIGHT 101u
#define PITCH  704u

static struct console_sink *sink;

void console_add(struct console_sink *added)
{
	sink = added;
}

static void write_random(void)
{
	static const char bytes[] = "\n\n\x1b[[0123;;HJKmABCDabcdefgh  ";
	char text[100];
	size_t len = ktest_random() % sizeof(text);

	for (size_t i = 0; i < len; i++) {
		text[i] = bytes[ktest_random() % (sizeof(bytes) - 1)];
	}
	sink->write(text, len);
}

/* A picture of its own, so that the sanitizer sees its end. */
static u8 *picture;

static int begin_framebuffer(void)
{
	static const struct boot_framebuffer fb = {
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

	picture = malloc(framebuffer_size_bytes(&fb));
	memset(picture, 0x22, framebuffer_size_bytes(&fb));
	return framebuffer_init(&fb, picture);
}

static void end_framebuffer(void)
{
	free(screen.grid.cells);
	free(picture);
}

/* Draws the whole grid into another picture and compares. */
static bool framebuffer_shows_grid(void)
{
	const struct textgrid *grid = &screen.grid;
	struct pixels other = screen.pixels;
	bool same;

	other.memory = malloc(PITCH * HEIGHT);
	pixels_clear(&other);
	for (u32 at = 0; at < other.rows * other.cols; at++) {
		u16 cell = grid->cells[at];

		if (at / other.cols == grid->row &&
		    at % other.cols == textgrid_cursor_col(grid)) {
			cell = (u16)((cell & 0xff) | (cell & 0xf00) << 4 |
				     (cell & 0xf000) >> 4);
		}
		pixels_draw(&other, at / other.cols, at % other.cols, cell);
	}
	same = memcmp(other.memory, picture, PITCH * HEIGHT) == 0;
	free(other.memory);
	return same;
}

KTEST(framebuffer_shows, "the framebuffer is the grid after each write")
{
	EXPECT_EQ(begin_framebuffer(), 0);
	for (int i = 0; i < 500; i++) {
		write_random();
		EXPECT(framebuffer_shows_grid());
	}
	end_framebuffer();
}

KTEST(framebuffer_panic, "a panic turns the framebuffer white on red")
{
	EXPECT_EQ(begin_framebuffer(), 0);
	sink->write("before\r\n", 8);
	sink->panic_begin();
	sink->write_panic("Panic", 5);
	EXPECT(framebuffer_shows_grid());
	EXPECT_EQ(screen.grid.cells[0], 0x4f00 | 'b');
	EXPECT_EQ(screen.grid.cells[screen.grid.cols], 0x4f00 | 'P');
	end_framebuffer();
}

KTEST(framebuffer_refuses, "a framebuffer that cannot be is no device")
{
	struct boot_framebuffer none = { .type = FRAMEBUFFER_NONE };

	EXPECT_EQ(framebuffer_size_bytes(&none), 0);
	EXPECT_EQ(framebuffer_init(&none, &none), -ENODEV);
}
