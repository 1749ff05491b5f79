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
		grid->cells[i] = TEXTGRID_CELL(grid->blank, ' ');
	}
	mark_dirty(grid, first / grid->cols, DIV_ROUND_UP(end, grid->cols));
}

void textgrid_scroll(struct textgrid *grid, unsigned first, unsigned end,
		     int by)
{
	unsigned count = (unsigned)(by < 0 ? -by : by);
	u16 *cells = grid->cells;
	unsigned cols = grid->cols;
	size_t kept;

	end = MIN(end, grid->rows);
	if (first >= end) {
		return;
	}
	count = MIN(count, end - first);
	kept = (size_t)(end - first - count) * cols * sizeof(*cells);
	if (by >= 0) {
		memmove(cells + first * cols, cells + (first + count) * cols,
			kept);
		textgrid_erase(grid, (end - count) * cols, end * cols);
	} else {
		memmove(cells + (first + count) * cols, cells + first * cols,
			kept);
		textgrid_erase(grid, first * cols, (first + count) * cols);
	}
	mark_dirty(grid, first, end);
}

void textgrid_shift(struct textgrid *grid, int by)
{
	unsigned col = textgrid_cursor_col(grid);
	unsigned at = (unsigned)grid->row * grid->cols + col;
	unsigned rest = grid->cols - col;
	unsigned count = (unsigned)(by < 0 ? -by : by);
	u16 *cells = grid->cells + at;

	count = MIN(count, rest);
	if (by >= 0) {
		memmove(cells + count, cells, (rest - count) * sizeof(*cells));
		textgrid_erase(grid, at, at + count);
	} else {
		memmove(cells, cells + count, (rest - count) * sizeof(*cells));
		textgrid_erase(grid, at + rest - count, at + rest);
	}
	mark_dirty(grid, grid->row, grid->row + 1u);
}

void textgrid_set_region(struct textgrid *grid, unsigned first, unsigned end)
{
	end = MIN(end, grid->rows);
	if (first + 2 > end) {
		first = 0;
		end = grid->rows;
	}
	grid->region_first = (u16)first;
	grid->region_end = (u16)end;
}

void textgrid_linefeed(struct textgrid *grid)
{
	unsigned row = grid->row + 1u;

	if (row == grid->region_end) {
		textgrid_scroll(grid, grid->region_first, row, 1);
	} else if (row < grid->rows) {
		grid->row = (u16)row;
	}
}

void textgrid_reverse(struct textgrid *grid)
{
	if (grid->row == grid->region_first) {
		textgrid_scroll(grid, grid->row, grid->region_end, -1);
	} else if (grid->row > 0) {
		grid->row--;
	}
}

void textgrid_newline(struct textgrid *grid)
{
	grid->col = 0;
	textgrid_linefeed(grid);
}

void textgrid_put(struct textgrid *grid, u8 character)
{
	unsigned row, col;

	if (grid->col >= grid->cols) {
		if (grid->no_wrap) {
			grid->col = grid->cols - 1;
		} else {
			textgrid_newline(grid);
		}
	}
	if (grid->inserts) {
		textgrid_shift(grid, 1);
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
	grid->blank = attr;
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
		.blank = attr,
		.region_end = (u16)rows,
	};
	textgrid_erase(grid, 0, cell_count(grid));
}
