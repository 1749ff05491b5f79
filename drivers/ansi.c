/* SPDX-License-Identifier: MIT */
/*
 * The escape sequence reader: a machine that takes a byte at a time and calls
 * the grid.
 *
 *	TEXT      ESC -> ESCAPE; else it is shown
 *	ESCAPE    [ -> SEQUENCE; ] -> SYSTEM; P X ^ _ -> STRING;
 *	          ( ) -> CHARSET; others of 0x20..0x2f -> SKIP one; else acts
 *	          and -> TEXT
 *	CHARSET   any -> TEXT
 *	SEQUENCE  numbers gather; a final byte (0x40..0x7e) acts and -> TEXT;
 *	          a second [ -> SKIP one
 *	SYSTEM    R -> TEXT; P -> SKIP seven (Linux's palette); else -> STRING
 *	SKIP      so many bytes -> TEXT
 *	STRING    BEL -> TEXT, ESC -> ESCAPE
 *
 * ESC begins anew in every state, and other control characters act in every
 * state but STRING, as on a real terminal.
 */
#include "drivers/ansi.h"

#include "drivers/ansi_private.h"
#include "drivers/charset.h"
#include "lib/format.h"
#include "lib/string.h"

#define BEL           0x07
#define SHIFT_OUT     0x0e
#define SHIFT_IN      0x0f
#define CAN           0x18
#define SUB           0x1a
#define ESC           0x1b
#define DEL           0x7f
#define PARAM_MAX     9999
#define PALETTE_BYTES 7
#define TAB_COLS      8

/* A byte that no sequence has as its mark: the sequence is not for us. */
#define FOREIGN 0xff

/* ---- Erasing ------------------------------------------------------------ */

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

static void erase_characters(struct ansi *a, unsigned count)
{
	const struct textgrid *grid = a->grid;
	unsigned col = textgrid_cursor_col(grid);
	unsigned at = grid->row * grid->cols + col;

	textgrid_erase(a->grid, at, at + MIN(count, grid->cols - col));
}

/* ---- Modes and questions ------------------------------------------------ */

/* To a row and column that are counted from 0, from the region if so set. */
static void move_to(struct ansi *a, int row, int col)
{
	textgrid_move(a->grid, row + (a->origin ? a->grid->region_first : 0),
		      col);
}

static void set_mode(struct ansi *a, unsigned mode, bool on)
{
	struct textgrid *grid = a->grid;

	if (a->mark == '\0') {
		grid->inserts = mode == 4 ? on : grid->inserts;
		return;
	}
	switch (mode) {
	case 6:
		a->origin = on;
		move_to(a, 0, 0);
		break;
	case 7: grid->no_wrap = !on; break;
	case 25: grid->hidden = !on; break;
	default: break;
	}
}

static void set_modes(struct ansi *a, bool on)
{
	unsigned count = MIN(a->param + 1u, ANSI_PARAMS);

	for (unsigned i = 0; i < count; i++) {
		set_mode(a, a->params[i], on);
	}
}

static void report_status(struct ansi *a)
{
	const struct textgrid *grid = a->grid;

	if (a->params[0] == 5) {
		(void)format(a->answer, sizeof(a->answer), "\033[0n");
	} else if (a->params[0] == 6) {
		(void)format(a->answer, sizeof(a->answer), "\033[%u;%uR",
			     grid->row + 1u, textgrid_cursor_col(grid) + 1u);
	}
}

static void report_type(struct ansi *a)
{
	if (a->params[0] == 0) {
		(void)format(a->answer, sizeof(a->answer), "\033[?6c");
	}
}

static void set_region(struct ansi *a)
{
	unsigned end = a->params[1] ? a->params[1] : a->grid->rows;

	textgrid_set_region(a->grid, MAX(a->params[0], 1) - 1u, end);
	move_to(a, 0, 0);
}

static void save(struct ansi *a)
{
	a->saved = a->pen;
	a->saved.row = a->grid->row;
	a->saved.col = a->grid->col;
}

static void restore(struct ansi *a)
{
	a->pen = a->saved;
	textgrid_move(a->grid, a->saved.row, a->saved.col);
	ansi_apply_colours(a);
}

/* ---- Sequences ---------------------------------------------------------- */

/* Cursor movement; false if it is something else. */
static bool move_cursor(struct ansi *a, u8 final)
{
	struct textgrid *grid = a->grid;
	int row = grid->row;
	int col = (int)textgrid_cursor_col(grid);
	int n = MAX(a->params[0], 1); /* 0 and nothing mean 1 */

	switch (final) {
	case 'A': textgrid_move(grid, row - n, col); break;
	case 'B':
	case 'e': textgrid_move(grid, row + n, col); break;
	case 'C':
	case 'a': textgrid_move(grid, row, col + n); break;
	case 'D': textgrid_move(grid, row, col - n); break;
	case 'E': textgrid_move(grid, row + n, 0); break;
	case 'F': textgrid_move(grid, row - n, 0); break;
	case 'G':
	case '`': textgrid_move(grid, row, n - 1); break;
	case 'Z':
		col = ((col + TAB_COLS - 1) / TAB_COLS - n) * TAB_COLS;
		textgrid_move(grid, row, col);
		break;
	case 'd': move_to(a, n - 1, col); break;
	case 'H':
	case 'f': move_to(a, n - 1, a->params[1] - 1); break;
	default: return false;
	}
	return true;
}

/* Moves the rows from the cursor's to the region's end. */
static void shift_rows(struct ansi *a, int by)
{
	struct textgrid *grid = a->grid;

	if (grid->row >= grid->region_first) {
		textgrid_scroll(grid, grid->row, grid->region_end, by);
	}
}

/* The end of a CSI sequence: does what it says. */
static void act_on_sequence(struct ansi *a, u8 final)
{
	struct textgrid *grid = a->grid;
	int n = MAX(a->params[0], 1);

	if (move_cursor(a, final)) {
		return;
	}
	switch (final) {
	case '@': textgrid_shift(grid, n); break;
	case 'P': textgrid_shift(grid, -n); break;
	case 'X': erase_characters(a, (unsigned)n); break;
	case 'J': erase_display(a, a->params[0]); break;
	case 'K': erase_line(a, a->params[0]); break;
	case 'L': shift_rows(a, -n); break;
	case 'M': shift_rows(a, n); break;
	case 'S':
		textgrid_scroll(grid, grid->region_first, grid->region_end, n);
		break;
	case 'T':
		textgrid_scroll(grid, grid->region_first, grid->region_end, -n);
		break;
	case 'c': report_type(a); break;
	case 'h': set_modes(a, true); break;
	case 'l': set_modes(a, false); break;
	case 'm': ansi_select_graphics(a); break;
	case 'n': report_status(a); break;
	case 'r': set_region(a); break;
	case 's': save(a); break;
	case 'u': restore(a); break;
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

/* True if we do what a sequence with this mark says. */
static bool is_ours(const struct ansi *a, u8 final)
{
	return a->mark == '\0' ||
	       (a->mark == '?' && (final == 'h' || final == 'l'));
}

static void skip(struct ansi *a, u8 count)
{
	a->skip = count;
	a->state = ANSI_SKIP;
}

static void read_sequence(struct ansi *a, u8 c)
{
	if (c >= '0' && c <= '9') {
		read_digit(a, c - '0');
	} else if (c == ';' || c == ':') {
		a->param = (u8)MIN(a->param + 1, ANSI_PARAMS);
	} else if (c < 0x40) {
		a->mark = a->mark == '\0' ? c : FOREIGN;
	} else if (c == '[') {
		skip(a, 1);
	} else {
		a->state = ANSI_TEXT;
		if (is_ours(a, c) && c < DEL) {
			act_on_sequence(a, c);
		}
	}
}

static void begin_sequence(struct ansi *a)
{
	memset(a->params, 0, sizeof(a->params));
	a->param = 0;
	a->mark = '\0';
	a->state = ANSI_SEQUENCE;
}

static void reset(struct ansi *a)
{
	ansi_init(a, a->grid, a->plain);
	erase_display(a, 2);
	textgrid_move(a->grid, 0, 0);
}

static void read_escape(struct ansi *a, u8 c)
{
	a->state = ANSI_TEXT;
	switch (c) {
	case '[': begin_sequence(a); break;
	case ']': a->state = ANSI_SYSTEM; break;
	case 'P':
	case 'X':
	case '^':
	case '_': a->state = ANSI_STRING; break;
	case '(':
	case ')':
		a->charset = c == ')';
		a->state = ANSI_CHARSET;
		break;
	case '7': save(a); break;
	case '8': restore(a); break;
	case 'D': textgrid_linefeed(a->grid); break;
	case 'E': textgrid_newline(a->grid); break;
	case 'M': textgrid_reverse(a->grid); break;
	case 'c': reset(a); break;
	default:
		if (c >= 0x20 && c <= 0x2f) {
			skip(a, 1);
		}
	}
}

static void read_system(struct ansi *a, u8 c)
{
	if (c == 'P') {
		skip(a, PALETTE_BYTES);
	} else {
		a->state = c == 'R' ? ANSI_TEXT : ANSI_STRING;
	}
}

/* ---- Characters --------------------------------------------------------- */

static void act_on_control(struct ansi *a, u8 c)
{
	struct textgrid *grid = a->grid;

	switch (c) {
	case '\n':
	case '\v':
	case '\f': textgrid_linefeed(grid); break;
	case '\r': textgrid_move(grid, grid->row, 0); break;
	case '\t': textgrid_tab(grid); break;
	case '\b':
		textgrid_move(grid, grid->row,
			      (int)textgrid_cursor_col(grid) - 1);
		break;
	case SHIFT_OUT: a->pen.shift = 1; break;
	case SHIFT_IN: a->pen.shift = 0; break;
	case CAN:
	case SUB: a->state = ANSI_TEXT; break;
	default: break;
	}
}

static void show_rune(struct ansi *a, u32 rune)
{
	for (unsigned n = charset_width(rune); n > 0; n--) {
		textgrid_put(a->grid, charset_cell(rune));
	}
}

/* The first byte of a character of several. */
static void begin_rune(struct ansi *a, u8 c)
{
	if (c < 0xc0 || c >= 0xf8) {
		show_rune(a, '?');
		return;
	}
	a->rune_left = c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
	a->rune = c & (0x3fu >> a->rune_left);
}

/* Text in UTF-8; what breaks off shows as a question mark. */
static void show(struct ansi *a, u8 c)
{
	bool goes_on = (c & 0xc0) == 0x80;

	if (a->rune_left > 0 && goes_on) {
		a->rune = a->rune << 6 | (c & 0x3f);
		if (--a->rune_left == 0) {
			show_rune(a, a->rune);
		}
		return;
	}
	if (a->rune_left > 0) {
		a->rune_left = 0;
		show_rune(a, '?');
	}
	if (c >= 0x80) {
		begin_rune(a, c);
	} else if (c != DEL) {
		textgrid_put(a->grid, a->pen.drawing[a->pen.shift]
					      ? charset_drawing(c)
					      : c);
	}
}

static void write_byte(struct ansi *a, u8 c)
{
	if (c == ESC) {
		a->state = ANSI_ESCAPE;
		return;
	}
	if (c < 0x20 && a->state != ANSI_STRING) {
		act_on_control(a, c);
		return;
	}
	switch (a->state) {
	case ANSI_ESCAPE: read_escape(a, c); break;
	case ANSI_SEQUENCE: read_sequence(a, c); break;
	case ANSI_SYSTEM: read_system(a, c); break;
	case ANSI_CHARSET:
		a->pen.drawing[a->charset] = c == '0';
		a->state = ANSI_TEXT;
		break;
	case ANSI_SKIP: a->state = --a->skip > 0 ? ANSI_SKIP : ANSI_TEXT; break;
	case ANSI_STRING: a->state = c == BEL ? ANSI_TEXT : ANSI_STRING; break;
	default: show(a, c); break;
	}
}

void ansi_write(struct ansi *ansi, const char *text, size_t len_bytes)
{
	for (size_t i = 0; i < len_bytes; i++) {
		write_byte(ansi, (u8)text[i]);
	}
}

size_t ansi_take_answer(struct ansi *ansi, char *buf)
{
	size_t n = strlen(ansi->answer);

	memcpy(buf, ansi->answer, n);
	ansi->answer[0] = '\0';
	return n;
}

void ansi_init(struct ansi *ansi, struct textgrid *grid, u8 plain)
{
	*ansi = (struct ansi){ .grid = grid, .plain = plain };
	grid->hidden = false;
	grid->no_wrap = false;
	grid->inserts = false;
	textgrid_set_region(grid, 0, grid->rows);
	ansi_plain_colours(ansi);
	ansi_apply_colours(ansi);
	ansi->saved = ansi->pen;
}
