/* SPDX-License-Identifier: MIT */
/*
 * The grid of character cells.  Each cursor change is computed first and
 * stored once, for the invariants in the header hold at each moment.
 */
#include "drivers/textgrid.h"

#include "lib/assert.h"
#include "lib/string.h"

#define TAB_COLS 8

static void mark_dirty(struct textgrid *grid, unsigned first, unsigned end)
{
	if (grid->dirty_first >= grid->dirty_end) {
		grid->dirty_first = (u16)first;
		grid->dirty_end = (u16)end;
		return;
	}
	grid->dirty_first = (u16)MIN(grid->dirty_first, first);
	grid->dirty_end = (u16)MAX(grid->dirty_end, end);
}

static unsigned cell_count(const struct textgrid *grid)
{
	return (unsigned)grid->rows * grid->cols;
}

void textgrid_erase(struct textgrid *grid, unsigned first, unsigned end)
{
	DEBUG_ASSERT(first <= end && end <= cell_count(grid));
	for (unsigned i = first; i < end; i++) {
		grid->cells[i] = TEXTGRID_CELL(grid->attr, ' ');
	}
	mark_dirty(grid, first / grid->cols, DIV_ROUND_UP(end, grid->cols));
}

static void scroll(struct textgrid *grid)
{
	unsigned kept = cell_count(grid) - grid->cols;

	memmove(grid->cells, grid->cells + grid->cols, kept * sizeof(u16));
	textgrid_erase(grid, kept, cell_count(grid));
	mark_dirty(grid, 0, grid->rows);
}

void textgrid_newline(struct textgrid *grid)
{
	unsigned row = grid->row + 1u;

	grid->col = 0;
	if (row < grid->rows) {
		grid->row = (u16)row;
	} else {
		scroll(grid);
	}
}

void textgrid_linefeed(struct textgrid *grid)
{
	u16 col = grid->col;

	textgrid_newline(grid);
	grid->col = col;
}

void textgrid_put(struct textgrid *grid, u8 character)
{
	unsigned row, col;

	if (grid->col >= grid->cols) {
		textgrid_newline(grid);
	}
	row = grid->row;
	col = grid->col;
	grid->cells[row * grid->cols + col] =
		TEXTGRID_CELL(grid->attr, character);
	mark_dirty(grid, row, row + 1);
	grid->col = (u16)(col + 1);
}

void textgrid_move(struct textgrid *grid, int row, int col)
{
	row = MAX(row, 0);
	col = MAX(col, 0);
	grid->row = (u16)MIN(row, grid->rows - 1);
	grid->col = (u16)MIN(col, grid->cols - 1);
}

void textgrid_tab(struct textgrid *grid)
{
	textgrid_move(grid, grid->row,
		      (int)ALIGN_DOWN(grid->col + TAB_COLS, TAB_COLS));
}

unsigned textgrid_cursor_col(const struct textgrid *grid)
{
	unsigned col = grid->col;

	return MIN(col, grid->cols - 1u);
}

void textgrid_recolour(struct textgrid *grid, u8 attr)
{
	grid->attr = attr;
	for (unsigned i = 0; i < cell_count(grid); i++) {
		grid->cells[i] = TEXTGRID_CELL(attr, grid->cells[i]);
	}
	mark_dirty(grid, 0, grid->rows);
}

void textgrid_clean(struct textgrid *grid)
{
	grid->dirty_end = 0;
	grid->dirty_first = 0;
}

void textgrid_init(struct textgrid *grid, u16 *cells, unsigned rows,
		   unsigned cols, u8 attr)
{
	ASSERT(rows > 0 && rows <= UINT16_MAX);
	ASSERT(cols > 0 && cols < UINT16_MAX);
	*grid = (struct textgrid){
		.cells = cells,
		.rows = (u16)rows,
		.cols = (u16)cols,
		.attr = attr,
	};
	textgrid_erase(grid, 0, cell_count(grid));
}
