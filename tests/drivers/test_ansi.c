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
		{ "\x1b[38;5;1m", 0x04 },
		{ "\x1b[38;5;9m", 0x0c },
		{ "\x1b[38;5;196m", 0x0c },
		{ "\x1b[38;5;240m", 0x08 },
		{ "\x1b[33;48;2;1;7;9m", 0x06 },
		{ "\x1b[48;2;0;0;180;38;2;255;255;0m", 0x1e },
		{ "\x1b[38:5:2m", 0x02 },
		{ "\x1b[38;5m", 0x00 },
		{ "\x1b[38m", 0x00 },
		{ "\x1b[4m", 0x03 },
		{ "\x1b[4;24m", 0x07 },
		{ "\x1b[2m", 0x08 },
		{ "\x1b[99999999m", 0x07 },
		{ "\x1b[107m", 0x77 },
		{ "\x1b[?31m", 0x07 },
		{ "\x1b[>4;31m", 0x07 },
		{ "\x1b[0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;31m", 0x07 },
		{ "\x1b[0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;31m", 0x04 },
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
		  "\x1b[!pg\x1b=h\x7f\x1b]R\x1b]P1aabbcc"
		  "\x1b[[Ai\x1b#8j");
	EXPECT(shows("abcdefghij||||"));
}

KTEST(ansi_restarts, "ESC begins anew in the middle of a sequence")
{
	write_new("\x1b[3\x1b[31mx\x1b[4\n;1Hy");
	EXPECT_EQ(attr_at(0, 0), 0x04);
	EXPECT(shows("x|||y|"));
}

KTEST(ansi_utf8, "characters that a screen has are shown, others asked for")
{
	write_new("\xc3\xa4\xe2\x94\x80\xe2\x82\xac\xe4\xb8\xad"
		  "a\xcc\x88\xc3(\x80\xf0\x9f\x98\x80");
	EXPECT(shows("\x84\xc4"
		     "E??a?(??|?|||"));
	write_new("\x1b(0lqk\x1b(Bx\x0e\x1b)0x\x0fx");
	EXPECT(shows("\xda\xc4\xbfx\xb3x||||"));
}

KTEST(ansi_inserts, "rows and cells are inserted and taken out at the cursor")
{
	static const struct {
		const char *sequence;
		const char *wanted;
	} cases[] = {
		{ "\x1b[2@", "aaaa|b  bbb|cccc|dddd|" },
		{ "\x1b[2P", "aaaa|bb|cccc|dddd|" },
		{ "\x1b[2X", "aaaa|b  b|cccc|dddd|" },
		{ "\x1b[4hxy\x1b[4lz", "aaaa|bxyzbb|cccc|dddd|" },
		{ "\x1b[L", "aaaa||bbbb|cccc|" },
		{ "\x1b[2M", "aaaa|dddd|||" },
		{ "\x1b[99M", "aaaa||||" },
		{ "\x1b[S", "bbbb|cccc|dddd||" },
		{ "\x1b[2T", "||aaaa|bbbb|" },
		{ "\x1b[2;3r\x1b[3H\n", "aaaa|cccc||dddd|" },
		{ "\x1b[2;3r\x1b[2H\x1bM", "aaaa||bbbb|dddd|" },
		{ "\x1b[2;3r\x1b[2H\x1b[L", "aaaa||bbbb|dddd|" },
		{ "\x1b[2;3r\x1b[4H\nx", "aaaa|bbbb|cccc|xddd|" },
		{ "\x1b[2;3r\x1b[?6hx\x1b[9;1Hy", "aaaa|xbbb|cccc|yddd|" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		write_new("aaaa\r\nbbbb\r\ncccc\r\ndddd\x1b[2;2H");
		ansi_write(&one.ansi, cases[i].sequence,
			   strlen(cases[i].sequence));
		EXPECT(shows(cases[i].wanted));
	}
}

KTEST(ansi_saves, "the cursor and its colours are saved and come back")
{
	write_new("ab\x1b[31m\x1b"
		  "7\x1b[m\x1b[3;3Hx\x1b"
		  "8y\x1b[s\x1b[4Hz\x1b[uw");
	EXPECT(shows("abyw||  x|z|"));
	EXPECT_EQ(attr_at(0, 2), 0x04);
	EXPECT_EQ(attr_at(2, 2), 0x07);
}

KTEST(ansi_modes, "the cursor hides, rows end, tabs go back, erasing is plain")
{
	write_new("\x1b[?25l\x1b[?7l0123456789abc");
	EXPECT(shows("012345678c||||"));
	EXPECT(one.grid.hidden);
	ansi_write(&one.ansi, "\x1b[?25h\x1b[?7h\x1b[Zx\x1b[2Zy", 20);
	EXPECT(shows("y1234567xc||||"));
	EXPECT(!one.grid.hidden);
	ansi_write(&one.ansi, "\x1b[44;7m\x1b[2J", 11);
	EXPECT_EQ(attr_at(0, 0), 0x17);
}

KTEST(ansi_answers, "questions for the cursor, the state and the type")
{
	char answer[ANSI_ANSWER_BYTES];

	write_new("\r\nabc\x1b[6n");
	EXPECT(strcmp(one.ansi.answer, "\x1b[2;4R") == 0);
	EXPECT_EQ(ansi_take_answer(&one.ansi, answer), 6);
	EXPECT_EQ(ansi_take_answer(&one.ansi, answer), 0);
	ansi_write(&one.ansi, "\x1b[5n", 4);
	EXPECT(strcmp(one.ansi.answer, "\x1b[0n") == 0);
	ansi_write(&one.ansi, "\x1b[c", 3);
	EXPECT(strcmp(one.ansi.answer, "\x1b[?6c") == 0);
}

/* Bytes that are likely to get somewhere. */
static u8 random_byte(void)
{
	static const u8 likely_bytes[] =
		"\x1b\x1b[[0123456789;;?ABCDEFGHJKLMPST@XZdfmchlnrsu"
		"]\n\r\t\b\x07 ()MD78xyz\xc3\xa4";

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
