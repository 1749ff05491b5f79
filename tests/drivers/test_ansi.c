/* SPDX-License-Identifier: MIT */
/*
 * The escape sequence reader: what each sequence does to a small grid, and
 * that no bytes at all do harm.
 */
#include "drivers/ansi.h"

#include "lib/string.h"
#include "tests/ktest.h"

#define ROWS  4u
#define COLS  10u
#define PLAIN 0x07
#define GUARD 0xdead

/* A terminal whose cells stand between two guards. */
struct terminal {
	struct textgrid grid;
	struct ansi ansi;
	u16 memory[ROWS * COLS + 2];
};

static struct terminal one, two;

static void reset_terminal(struct terminal *t)
{
	t->memory[0] = GUARD;
	t->memory[ROWS * COLS + 1] = GUARD;
	textgrid_init(&t->grid, t->memory + 1, ROWS, COLS, PLAIN);
	ansi_init(&t->ansi, &t->grid, PLAIN);
}

static void write_new(const char *text)
{
	reset_terminal(&one);
	ansi_write(&one.ansi, text, strlen(text));
}

/* `wanted`: the rows with a bar behind each, without the blanks before it. */
static bool shows(const char *wanted)
{
	for (unsigned row = 0; row < ROWS; row++) {
		for (unsigned col = 0; col < COLS; col++) {
			u8 c = *wanted == '|' ? ' ' : (u8)*wanted++;

			if ((u8)one.memory[1 + row * COLS + col] != c) {
				return false;
			}
		}
		if (*wanted++ != '|') {
			return false;
		}
	}
	return *wanted == '\0';
}

static bool cursor_is(unsigned row, unsigned col)
{
	return one.grid.row == row && one.grid.col == col;
}

static u8 attr_at(unsigned row, unsigned col)
{
	return one.memory[1 + row * COLS + col] >> 8;
}

KTEST(ansi_controls, "newline, return, tab and backspace move the cursor")
{
	write_new("ab\r\ncd\re\tf\bg\r\n");
	EXPECT(shows("ab|ed      g|||"));
	EXPECT(cursor_is(2, 0));
}

KTEST(ansi_moves, "cursor sequences move by their numbers, at least by one")
{
	write_new("\x1b[3;5Hx\x1b[Ay");
	EXPECT(shows("|     y|    x||"));
	write_new("abc\x1b[2D_\x1b[0C+\x1b[5;99H*\x1b[2F<\x1b[E>");
	EXPECT(shows("a_c+|<|>|         *|"));
	write_new("\x1b[4d4\x1b[9Gq\x1b[H0\x1b[B1\x1b[;3f3");
	EXPECT(shows("0 3| 1||4       q|"));
}

KTEST(ansi_erases, "J and K erase to, from and around the cursor")
{
	static const char full[] = "aaaaaaaaaabbbbbbbbbbccccccccccdddddddddd";
	static const struct {
		const char *sequence;
		const char *wanted;
	} cases[] = {
		{ "\x1b[J", "aaaaaaaaaa|bbb|||" },
		{ "\x1b[1J", "|    bbbbbb|cccccccccc|dddddddddd|" },
		{ "\x1b[2J", "||||" },
		{ "\x1b[K", "aaaaaaaaaa|bbb|cccccccccc|dddddddddd|" },
		{ "\x1b[1K", "aaaaaaaaaa|    bbbbbb|cccccccccc|dddddddddd|" },
		{ "\x1b[2K", "aaaaaaaaaa||cccccccccc|dddddddddd|" },
		{ "\x1b[7K", "aaaaaaaaaa|bbbbbbbbbb|cccccccccc|dddddddddd|" },
		{ "\x1b"
		  "c",
		  "||||" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		write_new(full);
		ansi_write(&one.ansi, "\x1b[2;4H", 6);
		ansi_write(&one.ansi, cases[i].sequence,
			   strlen(cases[i].sequence));
		EXPECT(shows(cases[i].wanted));
	}
}

KTEST(ansi_colours, "SGR chooses the colours of what follows")
{
	static const struct {
		const char *sequence;
		u8 attr;
	} cases[] = {
		{ "", 0x07 },
		{ "\x1b[31m", 0x04 },
		{ "\x1b[1;34m", 0x09 },
		{ "\x1b[93;44m", 0x1e },
		{ "\x1b[7m", 0x70 },
		{ "\x1b[32;7m", 0x20 },
		{ "\x1b[32;7;27m", 0x02 },
		{ "\x1b[31m\x1b[m", 0x07 },
		{ "\x1b[41;35;39;49m", 7 },
		{ "\x1b[1;22m", 0x07 },
		{ "\x1b[38;5;1m", 0x07 },
		{ "\x1b[33;48;2;1;7;9m", 0x06 },
		{ "\x1b[99999999m", 0x07 },
		{ "\x1b[107m", 0x77 },
		{ "\x1b[?31m", 0x07 },
		{ "\x1b[>4;31m", 0x07 },
		{ "\x1b[0;0;0;0;0;0;0;0;31m", 0x07 },
		{ "\x1b[0;0;0;0;0;0;0;31m", 0x04 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		write_new(cases[i].sequence);
		ansi_write(&one.ansi, "x", 1);
		EXPECT_EQ(one.memory[1], cases[i].attr << 8 | 'x');
	}
}

KTEST(ansi_plain, "SGR 0 goes back to the colours that the screen chose")
{
	reset_terminal(&one);
	ansi_init(&one.ansi, &one.grid, 0x4f);
	ansi_write(&one.ansi, "\x1b[32;40ma\x1b[mb", 14);
	EXPECT_EQ(attr_at(0, 0), 0x02);
	EXPECT_EQ(attr_at(0, 1), 0x4f);
}

KTEST(ansi_skips, "unknown sequences and strings leave no trace")
{
	write_new("a\x1b[?25lb\x1b(Bc\x1b]0;title\x07"
		  "d\x1b[6ne\x1b]2;t\x1b\\f"
		  "\x1b[!pg\x1b=h\x7f\xc3\xa4i");
	EXPECT(shows("abcdefgh?i||||"));
}

KTEST(ansi_restarts, "ESC begins anew in the middle of a sequence")
{
	write_new("\x1b[3\x1b[31mx\x1b[4\n;1Hy");
	EXPECT_EQ(attr_at(0, 0), 0x04);
	EXPECT(shows("x|||y|"));
}

/* Bytes that are likely to get somewhere. */
static u8 random_byte(void)
{
	static const u8 likely_bytes[] = "\x1b\x1b[[0123456789;;?ABCDEFGHJKdfmc"
					 "]\n\r\t\b\x07 (xyz";

	if (ktest_random() % 8 == 0) {
		return (u8)ktest_random();
	}
	return likely_bytes[ktest_random() % (sizeof(likely_bytes) - 1)];
}

KTEST(ansi_fuzz, "any bytes, in any pieces, do the same and no harm")
{
	reset_terminal(&one);
	reset_terminal(&two);
	for (int i = 0; i < 3000; i++) {
		char text[40];
		size_t len = ktest_random() % sizeof(text);

		for (size_t n = 0; n < len; n++) {
			text[n] = (char)random_byte();
			ansi_write(&two.ansi, text + n, 1);
		}
		ansi_write(&one.ansi, text, len);
		EXPECT(memcmp(one.memory, two.memory, sizeof(one.memory)) == 0);
		EXPECT_EQ(one.memory[0], GUARD);
		EXPECT_EQ(one.memory[ROWS * COLS + 1], GUARD);
		EXPECT(one.grid.row < ROWS && one.grid.col <= COLS);
		EXPECT(one.grid.row == two.grid.row);
		EXPECT(one.grid.col == two.grid.col);
		EXPECT(one.ansi.param <= ANSI_PARAMS);
	}
}
