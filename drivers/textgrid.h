/* SPDX-License-Identifier: MIT */
/*
 * A screen of character cells in memory: cursor, scrolling (of all rows or of a
 * region of them), erasing, shifting, and which rows changed.  The screens (VGA
 * text, framebuffer) show it; drivers/ansi.c writes into it.  Knows no device,
 * allocates nothing.
 *
 * A panic may interrupt any function here and go on writing.  So at each
 * moment, and whatever was interrupted:
 *
 * I1  row < rows, col <= cols;
 * I2  dirty_first <= rows, dirty_end <= rows (empty unless first < end);
 * I3  region_end <= rows (empty unless region_first < region_end).
 */
#ifndef EXO_DRIVERS_TEXTGRID_H
#define EXO_DRIVERS_TEXTGRID_H

#include "lib/types.h"

/* A cell as VGA text has it: colours above, character below. */
#define TEXTGRID_CELL(attr, c) ((u16)((attr) << 8 | (u8)(c)))

/* Colours: ink in the lower 4 bits, paper in the upper 4. */
#define TEXTGRID_ATTR(ink, paper) ((u8)((paper) << 4 | (ink)))

struct textgrid {
	u16 *cells;       /* [I] rows * cols, row by row */
	u16 rows;         /* [I] > 0 */
	u16 cols;         /* [I] > 0 */
	u16 row;          /* the cursor */
	u16 col;          /* cols: the next character begins a new line */
	u8 attr;          /* colours of what is written next */
	u8 blank;         /* and of what is erased */
	bool hidden;      /* the cursor is */
	bool no_wrap;     /* a full row takes no more */
	bool inserts;     /* what is written moves the rest of its row */
	u16 region_first; /* rows that scroll */
	u16 region_end;
	u16 dirty_first;
	u16 dirty_end;
};

/*
 * A blank grid in `cells` (rows * cols of them, which must live as long) with
 * the cursor at the top left, all rows dirty.
 */
void textgrid_init(struct textgrid *grid, u16 *cells, unsigned rows,
		   unsigned cols, u8 attr);

/* Writes a character and moves on; at the end of the region it scrolls. */
void textgrid_put(struct textgrid *grid, u8 character);

/* To the start of the next row; scrolls at the region's last. */
void textgrid_newline(struct textgrid *grid);

/* The same, but straight down. */
void textgrid_linefeed(struct textgrid *grid);

/* One row up; at the region's first it scrolls down. */
void textgrid_reverse(struct textgrid *grid);

/*
 * Moves the rows from `first` to before `end` up by `by`, or down if that is
 * negative; what comes in is blank.
 */
void textgrid_scroll(struct textgrid *grid, unsigned first, unsigned end,
		     int by);

/*
 * Inserts `by` blank cells at the cursor, moving the rest of the row, or takes
 * as many out if that is negative.
 */
void textgrid_shift(struct textgrid *grid, int by);

/* From now on these rows scroll; all of them if there are less than two. */
void textgrid_set_region(struct textgrid *grid, unsigned first, unsigned end);

/* Cursor to the place, or where that is outside, the nearest inside. */
void textgrid_move(struct textgrid *grid, int row, int col);

/* Cursor to the next column that is a multiple of 8, but stays in the row. */
void textgrid_tab(struct textgrid *grid);

/* The column that shows the cursor, always inside. */
unsigned textgrid_cursor_col(const struct textgrid *grid);

/*
 * Blanks the cells from `first` to before `end`, counted row by row; the end
 * must be inside and not before `first`.
 */
void textgrid_erase(struct textgrid *grid, unsigned first, unsigned end);

/* Gives every cell, and what is written next, these colours. */
void textgrid_recolour(struct textgrid *grid, u8 attr);

/* Every row has been shown. */
void textgrid_clean(struct textgrid *grid);

#endif
