/* SPDX-License-Identifier: MIT */
/*
 * The escape sequence reader: a machine of four states that takes a byte at a
 * time and calls the grid.
 *
 *	TEXT      ESC -> ESCAPE; else it is shown
 *	ESCAPE    [ -> SEQUENCE; ] P X ^ _ -> STRING; 0x20..0x2f stays; else
 *	          acts and -> TEXT
 *	SEQUENCE  numbers gather; a final byte (0x40..0x7e) acts and -> TEXT
 *	STRING    BEL -> TEXT, ESC -> ESCAPE
 *
 * ESC begins anew in every state, and other control characters act in every
 * state but STRING, as on a real terminal.
 */
#include "drivers/ansi.h"

#include "lib/string.h"

#define BEL       0x07
#define ESC       0x1b
#define DEL       0x7f
#define PARAM_MAX 9999

/* ECMA-48 counts colours with red as 1, VGA with blue as 1. */
static const u8 vga_colour[8] = { 0, 4, 2, 6, 1, 5, 3, 7 };

static void apply_colours(struct ansi *a)
{
	u8 ink = a->ink | (a->bold ? 8 : 0);

	a->grid->attr = a->reverse ? TEXTGRID_ATTR(a->paper, ink & 7)
				   : TEXTGRID_ATTR(ink, a->paper);
}

static void plain_colours(struct ansi *a)
{
	a->ink = a->plain & 15;
	a->paper = (a->plain >> 4) & 7;
	a->bold = false;
	a->reverse = false;
}

/* One number of SGR; false if the rest belongs to it. */
static bool select_graphic(struct ansi *a, unsigned n)
{
	switch (n) {
	case 0: plain_colours(a); break;
	case 1: a->bold = true; break;
	case 7: a->reverse = true; break;
	case 22: a->bold = false; break;
	case 27: a->reverse = false; break;
	case 30 ... 37: a->ink = vga_colour[n - 30]; break;
	case 39: a->ink = a->plain & 15; break;
	case 40 ... 47: a->paper = vga_colour[n - 40]; break;
	case 49: a->paper = (a->plain >> 4) & 7; break;
	case 90 ... 97: a->ink = vga_colour[n - 90] | 8; break;
	case 100 ... 107: a->paper = vga_colour[n - 100]; break;
	case 38: /* colours of a larger palette, */
	case 48: return false;
	default: break;
	}
	return true;
}

static void select_graphics(struct ansi *a)
{
	unsigned count = MIN(a->param + 1u, ANSI_PARAMS);

	for (unsigned i = 0; i < count; i++) {
		if (!select_graphic(a, a->params[i])) {
			break;
		}
	}
	apply_colours(a);
}

/* Erases, of the stretch from `first` to `end`, the part that `how` says. */
static void erase(struct ansi *a, unsigned how, unsigned first, unsigned end)
{
	struct textgrid *grid = a->grid;
	unsigned at = grid->row * grid->cols + textgrid_cursor_col(grid);

	switch (how) {
	case 0: textgrid_erase(grid, at, end); break;
	case 1: textgrid_erase(grid, first, at + 1); break;
	case 2:
	case 3: textgrid_erase(grid, first, end); break;
	default: break;
	}
}

static void erase_display(struct ansi *a, unsigned how)
{
	erase(a, how, 0, (unsigned)a->grid->rows * a->grid->cols);
}

static void erase_line(struct ansi *a, unsigned how)
{
	unsigned first = (unsigned)a->grid->row * a->grid->cols;

	erase(a, how, first, first + a->grid->cols);
}

/* The end of a CSI sequence: does what it says. */
static void act_on_sequence(struct ansi *a, u8 final)
{
	struct textgrid *grid = a->grid;
	int row = grid->row;
	int col = (int)textgrid_cursor_col(grid);
	int n = MAX(a->params[0], 1); /* 0 and nothing mean 1 */

	switch (final) {
	case 'A': textgrid_move(grid, row - n, col); break;
	case 'B': textgrid_move(grid, row + n, col); break;
	case 'C': textgrid_move(grid, row, col + n); break;
	case 'D': textgrid_move(grid, row, col - n); break;
	case 'E': textgrid_move(grid, row + n, 0); break;
	case 'F': textgrid_move(grid, row - n, 0); break;
	case 'G': textgrid_move(grid, row, n - 1); break;
	case 'd': textgrid_move(grid, n - 1, col); break;
	case 'H':
	case 'f': textgrid_move(grid, n - 1, a->params[1] - 1); break;
	case 'J': erase_display(a, a->params[0]); break;
	case 'K': erase_line(a, a->params[0]); break;
	case 'm': select_graphics(a); break;
	default: break;
	}
}

static void read_digit(struct ansi *a, u8 digit)
{
	if (a->param < ANSI_PARAMS) {
		unsigned n = a->params[a->param] * 10u + digit;

		a->params[a->param] = (u16)MIN(n, PARAM_MAX);
	}
}

static void read_sequence(struct ansi *a, u8 c)
{
	if (c >= '0' && c <= '9') {
		read_digit(a, c - '0');
	} else if (c == ';' || c == ':') {
		a->param = (u8)MIN(a->param + 1, ANSI_PARAMS);
	} else if (c < 0x40) {
		a->foreign = true;
	} else {
		a->state = ANSI_TEXT;
		if (!a->foreign && c < DEL) {
			act_on_sequence(a, c);
		}
	}
}

static void begin_sequence(struct ansi *a)
{
	memset(a->params, 0, sizeof(a->params));
	a->param = 0;
	a->foreign = false;
	a->state = ANSI_SEQUENCE;
}

static void reset(struct ansi *a)
{
	plain_colours(a);
	apply_colours(a);
	erase_display(a, 2);
	textgrid_move(a->grid, 0, 0);
}

static void read_escape(struct ansi *a, u8 c)
{
	if (c >= 0x20 && c <= 0x2f) {
		return;
	}
	a->state = ANSI_TEXT;
	switch (c) {
	case '[': begin_sequence(a); break;
	case ']':
	case 'P':
	case 'X':
	case '^':
	case '_': a->state = ANSI_STRING; break;
	case 'c': reset(a); break;
	default: break;
	}
}

static void act_on_control(struct ansi *a, u8 c)
{
	struct textgrid *grid = a->grid;

	switch (c) {
	case '\n': textgrid_linefeed(grid); break;
	case '\r': textgrid_move(grid, grid->row, 0); break;
	case '\t': textgrid_tab(grid); break;
	case '\b': {
		int col = (int)textgrid_cursor_col(grid);

		textgrid_move(grid, grid->row, col - 1);
		break;
	}
	default: break;
	}
}

/* The fonts have ASCII: a UTF-8 sequence is shown as one question mark. */
static void show(struct ansi *a, u8 c)
{
	if (c < DEL) {
		textgrid_put(a->grid, c);
	} else if (c >= 0xc0) {
		textgrid_put(a->grid, '?');
	}
}

static void write_byte(struct ansi *a, u8 c)
{
	if (c == ESC) {
		a->state = ANSI_ESCAPE;
	} else if (a->state == ANSI_STRING) {
		if (c == BEL) {
			a->state = ANSI_TEXT;
		}
	} else if (c < 0x20) {
		act_on_control(a, c);
	} else if (a->state == ANSI_SEQUENCE) {
		read_sequence(a, c);
	} else if (a->state == ANSI_ESCAPE) {
		read_escape(a, c);
	} else {
		show(a, c);
	}
}

void ansi_write(struct ansi *ansi, const char *text, size_t len_bytes)
{
	for (size_t i = 0; i < len_bytes; i++) {
		write_byte(ansi, (u8)text[i]);
	}
}

void ansi_init(struct ansi *ansi, struct textgrid *grid, u8 plain)
{
	*ansi = (struct ansi){ .grid = grid, .plain = plain };
	plain_colours(ansi);
	apply_colours(ansi);
}
