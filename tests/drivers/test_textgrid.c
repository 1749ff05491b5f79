/* SPDX-License-Identifier: MIT */
/*
 * The grid of cells: against a model that never scrolls, and at its borders.
 */
#include "drivers/textgrid.h"

#include "lib/string.h"
#include "tests/ktest.h"

#define ROWS  5u
#define COLS  7u
#define PLAIN 0x07
#define GUARD 0xdead

/* The grid's cells between two guards. */
static u16 memory[ROWS * COLS + 2];
static u16 *const cells = memory + 1;

static struct textgrid new_grid(void)
{
	struct textgrid grid;

	memory[0] = GUARD;
	memory[ROWS * COLS + 1] = GUARD;
	textgrid_init(&grid, cells, ROWS, COLS, PLAIN);
	return grid;
}

static void put_text(struct textgrid *grid, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '\n') {
			textgrid_newline(grid);
		} else {
			textgrid_put(grid, (u8)*text);
		}
	}
}

/* True if the row shows the text and then blanks. */
static bool row_is(unsigned row, const char *text)
{
	size_t len = strlen(text);

	for (unsigned col = 0; col < COLS; col++) {
		u8 wanted = col < len ? (u8)text[col] : ' ';

		if ((u8)cells[row * COLS + col] != wanted) {
			return false;
		}
	}
	return true;
}

static bool is_sound(const struct textgrid *grid)
{
	return memory[0] == GUARD && memory[ROWS * COLS + 1] == GUARD &&
	       grid->row < ROWS && grid->col <= COLS &&
	       grid->dirty_first <= ROWS && grid->dirty_end <= ROWS &&
	       grid->region_end <= ROWS;
}

KTEST(textgrid_full_row, "a full row wraps only when more comes")
{
	struct textgrid grid = new_grid();

	put_text(&grid, "1234567");
	EXPECT_EQ(grid.row, 0);
	EXPECT_EQ(textgrid_cursor_col(&grid), COLS - 1);
	put_text(&grid, "\nabc");
	EXPECT(row_is(0, "1234567"));
	EXPECT(row_is(1, "abc"));
	put_text(&grid, "defgh");
	EXPECT(row_is(1, "abcdefg"));
	EXPECT(row_is(2, "h"));
}

KTEST(textgrid_move_clamps, "the cursor never leaves the grid")
{
	struct textgrid grid = new_grid();

	textgrid_move(&grid, -5, -1);
	EXPECT_EQ(grid.row, 0);
	EXPECT_EQ(grid.col, 0);
	textgrid_move(&grid, 10000, 65536);
	EXPECT_EQ(grid.row, ROWS - 1);
	EXPECT_EQ(grid.col, COLS - 1);
	textgrid_move(&grid, 0, 3);
	textgrid_tab(&grid);
	EXPECT_EQ(grid.col, COLS - 1);
	EXPECT_EQ(grid.row, 0);
}

KTEST(textgrid_colours, "cells take the colours, a recolour takes them all")
{
	struct textgrid grid = new_grid();

	grid.attr = 0x1e;
	grid.blank = 0x1e;
	textgrid_put(&grid, 'x');
	EXPECT_EQ(cells[0], 0x1e00 | 'x');
	EXPECT_EQ(cells[1], PLAIN << 8 | ' ');
	textgrid_erase(&grid, 2, 4);
	EXPECT_EQ(cells[3], 0x1e00 | ' ');
	textgrid_recolour(&grid, 0x4f);
	EXPECT_EQ(cells[0], 0x4f00 | 'x');
	EXPECT_EQ(cells[ROWS * COLS - 1], 0x4f00 | ' ');
}

/*
 * The model: rows are appended for ever, the grid shows the last of them.
 */
#define MODEL_ROWS 600u

static char model[MODEL_ROWS][COLS + 1];

KTEST(textgrid_scrolls, "the grid shows the last rows of whatever was written")
{
	struct textgrid grid = new_grid();
	unsigned row = 0, col = 0;

	memset(model, 0, sizeof(model));
	while (row < MODEL_ROWS - 2) {
		unsigned top = row < ROWS ? 0 : row - (ROWS - 1);
		u8 c = ktest_random() % 8 == 0
			       ? '\n'
			       : (u8)('a' + ktest_random() % 26);

		for (unsigned r = 0; r < ROWS; r++) {
			EXPECT(row_is(r, model[top + r]));
		}
		EXPECT(is_sound(&grid));
		if (c == '\n' || col == COLS) {
			row++;
			col = 0;
		}
		if (c == '\n') {
			textgrid_newline(&grid);
		} else {
			model[row][col++] = (char)c;
			textgrid_put(&grid, c);
		}
	}
}

static void random_step(struct textgrid *grid)
{
	unsigned count = ROWS * COLS;
	unsigned first = ktest_random() % (count + 1);

	switch (ktest_random() % 12) {
	case 0: textgrid_newline(grid); break;
	case 4: textgrid_reverse(grid); break;
	case 5: textgrid_shift(grid, (int)(ktest_random() % 20) - 10); break;
	case 6:
		textgrid_set_region(grid, (unsigned)(ktest_random() % 8),
				    (unsigned)(ktest_random() % 8));
		break;
	case 7:
		textgrid_scroll(grid, (unsigned)(ktest_random() % 8),
				(unsigned)(ktest_random() % 8),
				(int)(ktest_random() % 20) - 10);
		break;
	case 8: grid->inserts = ktest_random() % 2; break;
	case 9: grid->no_wrap = ktest_random() % 2; break;
	case 1: textgrid_tab(grid); break;
	case 2:
		textgrid_move(grid, (int)(ktest_random() % 20) - 10,
			      (int)(ktest_random() % 20) - 10);
		break;
	case 3:
		textgrid_erase(grid, first,
			       first + ktest_random() % (count - first + 1));
		break;
	default: textgrid_put(grid, (u8)ktest_random()); break;
	}
}

KTEST(textgrid_dirty, "copying dirty rows alone keeps a copy the same")
{
	struct textgrid grid = new_grid();
	u16 copy[ROWS * COLS];

	for (int i = 0; i < 5000; i++) {
		random_step(&grid);
		EXPECT(is_sound(&grid));
		if (ktest_random() % 4 != 0) {
			continue;
		}
		for (unsigned r = grid.dirty_first; r < grid.dirty_end; r++) {
			memcpy(copy + r * COLS, cells + r * COLS,
			       COLS * sizeof(u16));
		}
		textgrid_clean(&grid);
		EXPECT(memcmp(copy, cells, sizeof(copy)) == 0);
	}
}
