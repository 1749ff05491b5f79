/* SPDX-License-Identifier: MIT */
/*
 * VGA text mode.  The text is kept in a grid in RAM; what changed is copied to
 * the video memory after each write, so that scrolling never reads it.  The
 * console's lock guards all state here, except in a panic.
 */
#include "drivers/vga_text.h"

#include "arch/directmap.h"
#include "arch/port.h"
#include "drivers/ansi.h"
#include "drivers/textgrid.h"
#include "kernel/console.h"
#include "lib/errno.h"
#include "lib/string.h"

#define ROWS         25u
#define COLS         80u
#define VIDEO_MEMORY 0xb8000

/* The CRT controller's index and data ports, and some of its registers. */
#define CRTC_INDEX        0x3d4
#define CRTC_DATA         0x3d5
#define CRTC_CURSOR_START 0x0a /* first line of the cursor within its cell */
#define CRTC_CURSOR_END   0x0b
#define CRTC_CURSOR_HIGH  0x0e
#define CRTC_CURSOR_LOW   0x0f

#define COLOURS           TEXTGRID_ATTR(7, 0)  /* light grey on black */
#define PANIC_COLOURS     TEXTGRID_ATTR(15, 4) /* white on red */

static_assert(ANSI_ANSWER_BYTES <= CONSOLE_ANSWER_BYTES, "answers fit");

static u16 cells[ROWS * COLS];

static struct {
	struct textgrid grid;
	struct ansi ansi;
	u16 *video;      /* [I] */
	unsigned cursor; /* where the hardware shows it */
} vga;

static void write_crtc(u8 reg, unsigned value)
{
	arch_out8(CRTC_INDEX, reg);
	arch_out8(CRTC_DATA, (u8)value);
}

static void show_cursor(void)
{
	unsigned at = vga.grid.row * COLS + textgrid_cursor_col(&vga.grid);

	if (vga.grid.hidden) {
		at = ROWS * COLS; /* behind the last cell */
	}
	if (at != vga.cursor) {
		write_crtc(CRTC_CURSOR_HIGH, at >> 8);
		write_crtc(CRTC_CURSOR_LOW, at);
		vga.cursor = at;
	}
}

static void show_changes(void)
{
	unsigned first = vga.grid.dirty_first * COLS;
	unsigned end = vga.grid.dirty_end * COLS;

	if (first < end) {
		memcpy(vga.video + first, cells + first,
		       (end - first) * sizeof(u16));
	}
	textgrid_clean(&vga.grid);
	show_cursor();
}

/* In a panic too: the grid bears being interrupted and going on. */
static void vga_text_write(const char *text, size_t len_bytes)
{
	ansi_write(&vga.ansi, text, len_bytes);
	show_changes();
}

static size_t vga_text_answer(char *buf)
{
	return ansi_take_answer(&vga.ansi, buf);
}

static void vga_text_panic_begin(void)
{
	ansi_init(&vga.ansi, &vga.grid, PANIC_COLOURS);
	textgrid_recolour(&vga.grid, PANIC_COLOURS);
	show_changes();
}

/* Tries a cell; between the two values there is another access to the bus. */
static bool is_memory(volatile u16 *cell)
{
	u16 before = cell[0];
	bool holds;

	cell[0] = 0x55aa;
	cell[1] = cell[1];
	holds = cell[0] == 0x55aa;
	cell[0] = before;
	return holds;
}

static struct console_sink vga_sink = {
	.name = "vga",
	.rows = ROWS,
	.cols = COLS,
	.write = vga_text_write,
	.write_panic = vga_text_write,
	.answer = vga_text_answer,
	.panic_begin = vga_text_panic_begin,
};

int vga_text_init(void)
{
	vga.video = phys_to_virt(phys(VIDEO_MEMORY));
	if (!is_memory(vga.video)) {
		return -ENODEV;
	}
	vga.cursor = UINT32_MAX;
	textgrid_init(&vga.grid, cells, ROWS, COLS, COLOURS);
	ansi_init(&vga.ansi, &vga.grid, COLOURS);
	write_crtc(CRTC_CURSOR_START, 14);
	write_crtc(CRTC_CURSOR_END, 15);
	console_add(&vga_sink);
	return 0;
}
