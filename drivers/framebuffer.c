/* SPDX-License-Identifier: MIT */
/*
 * The framebuffer console.  The text is a grid of cells; beside it stands what
 * the screen shows.  After each write the cells of changed rows that differ
 * are drawn, so scrolling draws what is not the same as above it and never
 * reads video memory.  The console's lock guards all state here, except in a
 * panic.
 */
#include "drivers/framebuffer.h"

#include "drivers/ansi.h"
#include "drivers/pixels.h"
#include "drivers/textgrid.h"
#include "kernel/console.h"
#include "lib/errno.h"
#include "mm/kmem.h"

#define COLOURS       TEXTGRID_ATTR(7, 0)  /* light grey on black */
#define PANIC_COLOURS TEXTGRID_ATTR(15, 4) /* white on red */

static struct {
	struct pixels pixels;
	struct textgrid grid;
	struct ansi ansi;
	u16 *shown;     /* the cells on the screen, as many as the grid's */
	u32 cursor_row; /* where the screen shows the cursor */
} screen;

/* The cell under the cursor changes ink with paper. */
static u16 with_cursor(u16 cell)
{
	u8 ink = cell >> 8 & 15;
	u8 paper = cell >> 12;

	return TEXTGRID_CELL(TEXTGRID_ATTR(paper, ink), cell);
}

static void show_row(u32 row)
{
	const struct textgrid *grid = &screen.grid;
	u32 first = row * grid->cols;
	u32 cursor = grid->row * grid->cols + textgrid_cursor_col(grid);

	for (u32 at = first; at < first + grid->cols; at++) {
		u16 cell = grid->cells[at];

		if (at == cursor && !grid->hidden) {
			cell = with_cursor(cell);
		}
		if (cell != screen.shown[at]) {
			screen.shown[at] = cell;
			pixels_draw(&screen.pixels, row, at - first, cell);
		}
	}
}

static void show_changes(void)
{
	for (u32 r = screen.grid.dirty_first; r < screen.grid.dirty_end; r++) {
		show_row(r);
	}
	textgrid_clean(&screen.grid);
	show_row(screen.cursor_row);
	screen.cursor_row = screen.grid.row;
	show_row(screen.cursor_row);
}

/* In a panic too: the grid bears being interrupted and going on. */
static void framebuffer_write(const char *text, size_t len_bytes)
{
	ansi_write(&screen.ansi, text, len_bytes);
	show_changes();
}

static size_t framebuffer_answer(char *buf)
{
	return ansi_take_answer(&screen.ansi, buf);
}

static void framebuffer_panic_begin(void)
{
	ansi_init(&screen.ansi, &screen.grid, PANIC_COLOURS);
	textgrid_recolour(&screen.grid, PANIC_COLOURS);
	show_changes();
}

static struct console_sink framebuffer_sink = {
	.name = "vga",
	.write = framebuffer_write,
	.write_panic = framebuffer_write,
	.answer = framebuffer_answer,
	.panic_begin = framebuffer_panic_begin,
};

u64 framebuffer_size_bytes(const struct boot_framebuffer *fb)
{
	return pixels_size_bytes(fb);
}

int framebuffer_init(const struct boot_framebuffer *fb, void *memory)
{
	struct pixels *pixels = &screen.pixels;
	size_t count;
	u16 *cells;

	if (pixels_size_bytes(fb) == 0) {
		return -ENODEV;
	}
	pixels_init(pixels, fb, memory);
	count = (size_t)pixels->rows * pixels->cols;
	cells = kmalloc(2 * count * sizeof(u16));
	if (cells == NULL) {
		return -ENOMEM;
	}
	screen.shown = cells + count;
	for (size_t i = 0; i < count; i++) {
		screen.shown[i] = TEXTGRID_CELL(COLOURS, ' ');
	}
	textgrid_init(&screen.grid, cells, pixels->rows, pixels->cols, COLOURS);
	ansi_init(&screen.ansi, &screen.grid, COLOURS);
	pixels_clear(pixels);
	framebuffer_sink.rows = (u16)pixels->rows;
	framebuffer_sink.cols = (u16)pixels->cols;
	console_add(&framebuffer_sink);
	return 0;
}
